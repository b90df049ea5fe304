#!/usr/bin/env node
/* from bytes to exact samples: ranges, sidecar, windows, WAV, sample rates; without a browser */
const assert = require('node:assert/strict');

const FILE = Uint8Array.from({ length: 100000 }, (_, i) => (i * 7919) >> 3);
const NEVER = new AbortController().signal;

/** A server of FILE that answers in turn as it is told, then well; it notes what it was asked for. */
function server(...ways) {
	const asked = [];
	const fetchIt = async (url, { headers, signal, cache }) => {
		const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.Range).map(Number);
		const way = ways.shift() ?? {};

		asked.push([from, to + 1, cache]);
		if (way.error)
			throw new TypeError(way.error);
		if (way.hang)
			return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
		const whole = FILE.slice(way.status === 200 ? 0 : from, to + 1);
		const body = whole.subarray(0, way.cut ?? whole.length);
		const stream = new ReadableStream({ start(controller) {
			for (let at = 0; at < body.length; at += 1000)
				controller.enqueue(body.subarray(at, at + 1000));
			controller.close();
		} });

		return new Response(stream, { status: way.status ?? 206, headers: {
			'Content-Range': `bytes ${way.from ?? from}-${to}/${way.bytes ?? FILE.length}`,
			ETag: way.etag ?? '"a"', ...way.headers } });
	};

	return { asked, fetchIt };
}

/** Text and numbers, little endian, as [bytes, value]. */
function pack(...parts) {
	return Buffer.concat(parts.map(([bytes, value]) => {
		if (typeof value === 'string')
			return Buffer.from(value.padEnd(bytes, '\0'), 'latin1');
		const out = Buffer.alloc(bytes);

		out[bytes === 8 ? 'writeBigUInt64LE' : 'writeUIntLE'](bytes === 8 ? BigInt(value) : value, 0, bytes);
		return out;
	}));
}

function sidecarFile({ entries = [[0, 20], [24000, 120], [48000, 220]], setup = 'setup', flags = 2, samples = 60000 } = {}) {
	return pack([8, 'DRFTIDX1'], [4, 'Opus'], [4, flags], [4, 48000], [4, 312], [8, samples], [8, 300],
		[4, setup.length], [4, entries.length], [8 * Math.ceil(setup.length / 8), setup],
		...entries.flatMap(([position, offset]) => [[8, position], [8, offset]]));
}

const buffer = (bytes) => Uint8Array.from(bytes).buffer;

(async () => {
	const { it, runTests } = await import('./lib/tap.mjs');
	const { RangeReader } = await import('../../htdocs/js/core/range-reader.js');
	const { constantSidecar, parseSidecar, readSetup, entryBefore, entryBehind } = await import('../../htdocs/js/core/sidecar.js');
	const { FragmentIndex } = await import('../../htdocs/js/core/fragment-index.js');
	const { OggSource } = await import('../../htdocs/js/core/ogg-source.js');
	const { openWav } = await import('../../htdocs/js/core/wav-source.js');
	const { Resampler } = await import('../../htdocs/js/core/resampler.js');
	const { atRate } = await import('../../htdocs/js/core/resampled-source.js');
	const { gainOf } = await import('../../htdocs/js/core/gain.js');
	const { SourceDamaged, SourceGone } = await import('../../htdocs/js/core/source.js');

	const reads = async (reader, from, to, ahead = to) =>
		assert.deepEqual(Buffer.from(await reader.read(from, to, ahead, reader.signal ??= new AbortController().signal)), Buffer.from(FILE.subarray(from, to)));

	it('reads on in one answer what follows', async () => {
		const { asked, fetchIt } = server();
		const reader = new RangeReader('x', FILE.length, fetchIt);

		await reads(reader, 100, 2100, 9000);
		await reads(reader, 2100, 2107);
		await reads(reader, 2107, 9000);
		assert.deepEqual(asked, [[100, 9000, 'default']]);
		await reads(reader, 50, 60);
		assert.equal(asked.length, 2);
	});
	it('goes on where an answer ended early, failed, or was of another place', async () => {
		const { asked, fetchIt } = server({ cut: 3500 }, { error: 'reset' }, { status: 503 }, { from: 7 }, { cut: 0 }, { status: 500 });

		await reads(new RangeReader('x', FILE.length, fetchIt), 0, 10000);
		assert.deepEqual(asked.map(([from]) => from), [0, 3500, 3500, 3500, 3500, 3500, 3500]);
	});
	it('takes its part of a whole file from a server without ranges', async () => {
		const { fetchIt } = server({ status: 200 });

		await reads(new RangeReader('x', FILE.length, fetchIt), 70000, 71000);
	});
	it('waits as long as a busy server says', async () => {
		const { fetchIt } = server({ status: 503, headers: { 'Retry-After': '1' } });
		const began = Date.now();

		await reads(new RangeReader('x', FILE.length, fetchIt), 0, 10);
		assert.ok(Date.now() - began >= 990);
	});
	it('gives up an answer that does not come, and asks again', async () => {
		const { asked, fetchIt } = server({ hang: true });

		await reads(new RangeReader('x', FILE.length, fetchIt), 0, 10);
		assert.equal(asked.length, 2);
	});
	it('tells when the file has gone or is another', async () => {
		for (const way of [{ status: 404 }, { status: 401 }, { status: 416 }, { bytes: 5 }]) {
			const { fetchIt } = server(way);

			await assert.rejects(new RangeReader('x', FILE.length, fetchIt).read(0, 10, 10, NEVER), SourceGone);
		}
		const { fetchIt } = server({}, { etag: '"b"' });
		const reader = new RangeReader('x', FILE.length, fetchIt);

		await reads(reader, 0, 10);
		await assert.rejects(reader.read(50, 60, 60, NEVER), SourceGone);
	});
	it('ends at once when nobody wants the bytes any more', async () => {
		const { fetchIt } = server({ hang: true });
		const wanted = new AbortController();
		const read = new RangeReader('x', FILE.length, fetchIt).read(0, 10, 10, wanted.signal);

		wanted.abort();
		await assert.rejects(read, { name: 'AbortError' });
	});

	it('reads a sidecar, and refuses one of every short length', () => {
		const file = sidecarFile();
		const sidecar = parseSidecar(buffer(file));

		assert.deepEqual([sidecar.codec, sidecar.exact, sidecar.growing, sidecar.timescale, sidecar.preSkip,
			sidecar.samples, sidecar.bytes], ['Opus', true, false, 48000, 312, 60000, 300]);
		assert.equal(Buffer.from(sidecar.setup).toString(), 'setup');
		assert.deepEqual([[...sidecar.positions], [...sidecar.offsets]], [[0, 24000, 48000], [20, 120, 220]]);
		for (let bytes = 0; bytes < file.length; bytes++)
			assert.throws(() => parseSidecar(buffer(file.subarray(0, bytes))), RangeError, `${bytes} bytes`);
	});
	it('refuses a sidecar that contradicts itself', () => {
		for (const entries of [[[0, 20], [0, 120]], [[0, 120], [5, 20]]])
			assert.throws(() => parseSidecar(buffer(sidecarFile({ entries }))), RangeError);
	});
	it('finds entries around a sample', () => {
		const sidecar = parseSidecar(buffer(sidecarFile()));

		assert.deepEqual([0, 1, 23999, 24000, 47999, 48000, 1e6].map((sample) => entryBefore(sidecar, sample)), [0, 0, 0, 1, 1, 2, 2]);
		assert.deepEqual([0, 1, 24000, 24001, 48000, 48001].map((sample) => entryBehind(sidecar, sample)), [0, 1, 1, 2, 2, 3]);
	});

	it('knows the places of constant Opus from its sizes', () => {
		const pages = 3 * 20127 + 27 + 3 * 804;
		const { positions, offsets, setupBytes, exact } = constantSidecar(78 * 960 - 312, 141 + pages, 320000, 312);
		const low = constantSidecar(50 * 960 - 312, 100 + 2 * 10077, 160000, 312);

		assert.deepEqual([setupBytes, [...positions], [...offsets], exact],
			[141, [0, 24000, 48000, 72000], [141, 20268, 40395, 60522], true]);
		assert.deepEqual([[...low.offsets], low.exact], [[100, 10177], false]);
		assert.deepEqual([0, 8192, -141].map((setup) => constantSidecar(78 * 960 - 312, setup + pages, 320000, 312)), [null, null, null]);
		assert.equal(constantSidecar(78 * 960 - 312, 141 + pages, 319999, 312), null);
	});
	it('takes the setup from the beginning of a sidecar, of no other file', () => {
		const head = sidecarFile().subarray(0, 48 + 5);

		assert.equal(Buffer.from(readSetup(buffer(head), { setupBytes: 5, bytes: 300 })).toString(), 'setup');
		assert.throws(() => readSetup(buffer(head), { setupBytes: 4, bytes: 300 }), RangeError);
		assert.throws(() => readSetup(buffer(head), { setupBytes: 5, bytes: 301 }), RangeError);
		assert.throws(() => readSetup(buffer(head.subarray(0, 52)), { setupBytes: 5, bytes: 300 }), RangeError);
	});

	/** A source over an imagined artifact of pages of 100 bytes and 24000 samples; a decode tells what it was given. */
	function imagined({ spoil = () => false } = {}) {
		const sidecar = parseSidecar(buffer(sidecarFile({ samples: 240000,
			entries: Array.from({ length: 11 }, (_, i) => [24000 * i, 20 + 100 * i]) })));
		const reads = [];
		const reader = { slow: false, read: async (from, to, ahead, signal, cache) => {
			reads.push([from, to, cache]);
			return FILE.slice(from, to);
		} };
		const decode = async (slice) => {
			assert.equal(Buffer.from(slice.subarray(0, 5)).toString(), 'setup');
			const first = (FILE.findIndex((_, at) => slice.subarray(5, 25).every((value, i) => value === FILE[at + i])) - 20) / 100;
			const start = 24000 * first;
			const end = Math.min(240000, start + 240 * (slice.length - 5) - 312);

			return [Float64Array.from({ length: end - start - (spoil(reads.length) ? 960 : 0) }, (_, i) => start + i)];
		};

		sidecar.bytes = 1100;
		return { source: new OggSource(new FragmentIndex(sidecar), async () => sidecar.setup, reader, decode), reads };
	}

	it('owns just the samples of a window, and asks for no page twice', async () => {
		const { source, reads } = imagined();
		let at = 30000;

		for (const wanted of [12000, 24000, 48000, 300000]) {
			const to = source.windowEnd(at, wanted);
			const [channel] = await source.read(at, to, to, NEVER);

			assert.deepEqual([channel[0], channel.length, channel.at(-1)], [at, to - at, to - 1]);
			assert.ok(to >= Math.min(240000, at + wanted));
			at = to;
		}
		assert.equal(at, 240000);
		reads.slice(1).forEach(([from], i) => assert.equal(from, reads[i][1]));
	});
	it('fetches a damaged slice again, past every cache, and gives up in the end', async () => {
		const { source, reads } = imagined({ spoil: (count) => count < 3 });

		assert.equal((await source.read(0, 1000, 1000, NEVER))[0].length, 1000);
		assert.deepEqual(reads.map(([, , cache]) => cache), ['default', 'reload', 'reload']);
		await assert.rejects(imagined({ spoil: () => true }).source.read(0, 1000, 1000, NEVER), SourceDamaged);
	});

	/** A WAV of 16 bit stereo with chunks before its samples. */
	function wavFile({ samples = 200, before = 10, form = 'RIFF', format = pack([2, 1], [2, 2], [4, 44100], [4, 176400], [2, 4], [2, 16]) } = {}) {
		return Buffer.concat([pack([4, form], [4, 0], [4, 'WAVE'], [4, 'LIST'], [4, before]), Buffer.alloc(before + (before & 1)),
			pack([4, 'fmt '], [4, format.length]), format, pack([4, 'data'], [4, 4 * samples]), Buffer.alloc(4 * samples, 'abcd')]);
	}

	const open = (file, samples = 200, decode = async (slice) => [slice]) =>
		openWav({ read: async (from, to) => file.subarray(from, to) }, file.length, samples, decode, Infinity, NEVER);

	it('finds the samples of a WAV wherever they begin, and makes a WAV of any of them', async () => {
		for (const before of [0, 9, 4000, 4060, 5000]) {
			const source = await open(wavFile({ before }), 200, async (slice) => {
				const wav = Buffer.from(slice);

				assert.deepEqual([wav.readUInt32LE(4), wav.readUInt32LE(40)], [wav.length - 8, wav.length - 44]);
				assert.equal(wav.toString('latin1', 44), 'abcd'.repeat(50));
				return [new Float32Array(50)];
			});

			assert.deepEqual([source.rate, source.length, source.windowEnd(180, 50)], [44100, 200, 200]);
			await source.read(20, 70, 70, NEVER);
		}
	});
	it('refuses a WAV of every short length, and what is none', async () => {
		const file = wavFile();

		for (let bytes = 0; bytes < file.length; bytes += 3)
			await assert.rejects(open(file.subarray(0, bytes)), SourceDamaged, `${bytes} bytes`);
		await assert.rejects(open(wavFile({ form: 'RIFX' })), SourceDamaged);
		await assert.rejects(open(wavFile({ format: Buffer.alloc(16) })), SourceDamaged);
		await assert.rejects(open(wavFile({ format: Buffer.alloc(60, 1) })), SourceDamaged);
	});

	/** Largest difference of a resampled sine from the sine itself, dB; away from the ends. */
	async function sineError(rateIn, rateOut, hertz) {
		const sine = (rate, length) => Float32Array.from({ length }, (_, i) => Math.sin((2 * Math.PI * hertz * i) / rate));
		const resampler = new Resampler(rateIn, rateOut);
		const wanted = sine(rateOut, resampler.outputLength(20000));
		const [got] = await resampler.run([sine(rateIn, 20000)], 0, 0, wanted.length);

		assert.equal(got.length, wanted.length);
		return 20 * Math.log10(Math.max(...got.slice(500, -500).map((value, i) => Math.abs(value - wanted[500 + i]))));
	}

	it('converts sample rates to 100 dB below full scale', async () => {
		for (const [rateIn, rateOut, hertz] of [[44100, 48000, 997], [44100, 48000, 18000], [48000, 44100, 15000],
			[96000, 44100, 10000], [32000, 48000, 13000], [22050, 44100, 9000], [8000, 48000, 3000]])
			assert.ok((await sineError(rateIn, rateOut, hertz)) < -100, `${rateIn} to ${rateOut}: ${await sineError(rateIn, rateOut, hertz)}`);
	});
	it('keeps out what the lower rate cannot hold', async () => {
		const sine = Float32Array.from({ length: 20000 }, (_, i) => Math.sin((2 * Math.PI * 25000 * i) / 96000));
		const [got] = await new Resampler(96000, 44100).run([sine], 0, 500, 8500);

		assert.ok(Math.max(...got.map(Math.abs)) < 1e-5);
	});
	it('gives the same samples however they are cut', async () => {
		const noise = Float32Array.from({ length: 9000 }, (_, i) => Math.sin(i * i * 0.37));
		const native = { rate: 44100, length: 9000, windowEnd: (from, wanted) => Math.min(9000, Math.ceil((from + wanted) / 700) * 700),
			read: async (from, to) => {
				assert.ok(from >= 0 && to <= 9000 && from < to);
				return [noise.slice(from, to)];
			} };
		const source = atRate(native, 48000);
		const [whole] = await source.read(0, source.length, source.length, NEVER);
		let at = 0;

		assert.equal(source.length, Math.ceil((9000 * 160) / 147));
		while (at < source.length) {
			const to = source.windowEnd(at, 333);
			const [part] = await source.read(at, to, to, NEVER);

			assert.ok(to > at);
			assert.deepEqual(part, whole.slice(at, to));
			at = to;
		}
		assert.equal(atRate(native, 44100), native);
	});

	it('evens out loudness without clipping', () => {
		const gain = (mode, track, album, peak) => 20 * Math.log10(gainOf({ track, album, peak }, mode));
		const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

		near(gain('off', -6, -5, 0), 0);
		near(gain('track', -6, -5, 0.3), -6);
		near(gain('album', -6, -5, 0), -5);
		near(gain('album', -6, null, 0), -6);
		near(gain('track', 9, null, -4), 4);
		near(gain('track', 20, null, -30), 12);
		near(gain('track', null, null, null), 0);
	});
	await runTests();
})();
