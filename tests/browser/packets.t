#!/usr/bin/env node
/* fragments of an MP4, and windows of their packets; without a browser */
const assert = require('node:assert/strict');

const NEVER = new AbortController().signal;
const PACKET = 1024;
const DELAY = 2112;

const word = (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const letters = (text) => [...Buffer.from(text, 'latin1')];

function box(name, ...body) {
	const bytes = body.flat();

	return [...word(8 + bytes.length), ...letters(name), ...bytes];
}

const SETUP = [...box('ftyp', letters('iso6')), ...box('moov', box('mvhd', letters('edts')),
	box('trak', box('tkhd', letters('edts')), box('edts', box('elst', word(1)))))];

/** A moof as any muxer may write it: what all packets have in common is said once, or not. */
function moofOf(at, sizes, { once = true, version = 1 } = {}) {
	const rows = sizes.flatMap((size) => (once ? word(size) : [...word(PACKET), ...word(size), ...word(0)]));
	const tfhd = once ? box('tfhd', word(0x02002a), word(1), word(1), word(PACKET), word(0)) : box('tfhd', word(0x020000), word(1));
	const tfdt = version ? box('tfdt', word(0x01000000), word(0), word(at)) : box('tfdt', word(0), word(at));
	const make = (bytes) => box('moof', box('mfhd', word(0), word(7)), box('traf', tfhd, tfdt, once
		? box('trun', word(0x201), word(sizes.length), word(bytes + 8), rows)
		: box('trun', word(0x705), word(sizes.length), word(bytes + 8), word(0), rows)));

	return make(make(0).length);
}

/** A file of fragments, with what its sidecar says; a packet's bytes are all its number. */
function composeFile(fragments) {
	const bytes = [...SETUP];
	const positions = [], offsets = [];
	let number = 0;

	for (const count of fragments) {
		const sizes = Array.from({ length: count }, (_, i) => 5 + ((number + i) % 7));

		positions.push(number * PACKET);
		offsets.push(bytes.length);
		bytes.push(...moofOf(number * PACKET, sizes), ...word(8 + sizes.reduce((a, b) => a + b)), ...letters('mdat'),
			...sizes.flatMap((size) => Array(size).fill(number++)));
	}
	return { file: Uint8Array.from(bytes), sidecar: { codec: 'mp4a', growing: false, exact: false, timescale: 48000, preSkip: DELAY,
		samples: number * PACKET - DELAY - 500, bytes: bytes.length, setup: Uint8Array.from(SETUP),
		positions: Float64Array.from(positions), offsets: Float64Array.from(offsets) } };
}

(async () => {
	const { it, runTests } = await import('./lib/tap.mjs');
	const { fragmentedFile, readMoof, withoutEdits } = await import('../../htdocs/js/core/fragment.js');
	const { FragmentIndex } = await import('../../htdocs/js/core/fragment-index.js');
	const { PacketSource } = await import('../../htdocs/js/core/packet-source.js');
	const { SourceDamaged } = await import('../../htdocs/js/core/source.js');

	it('finds the packets of a fragment, however its head is written', () => {
		for (const how of [{}, { once: false }, { version: 0 }]) {
			const moof = Uint8Array.from(moofOf(5000, [10, 20, 30], how));
			const first = 700 + moof.length + 8;

			assert.deepEqual(readMoof(moof, 700), [10, 20, 30].map((bytes, i) =>
				({ offset: first + [0, 10, 30][i], bytes, at: 5000 + PACKET * i, samples: PACKET })), JSON.stringify(how));
		}
	});
	it('refuses a head of every short length, and one that contradicts itself', () => {
		const moof = Uint8Array.from(moofOf(0, [10, 20]));
		const count = moof.length - 8 - 4 - 1; /* its last byte, before offset and sizes */

		for (let bytes = 0; bytes < moof.length; bytes++)
			assert.throws(() => readMoof(moof.subarray(0, bytes), 0), RangeError, `${bytes} bytes`);
		moof[count] = 9;
		assert.throws(() => readMoof(moof, 0), RangeError);
	});
	it('writes a fragment that reads as it was', () => {
		const packets = [{ offset: 0, bytes: 3, at: 2 ** 33, samples: 1024 }, { offset: 0, bytes: 2, at: 2 ** 33 + 1024, samples: 7 }];
		const file = fragmentedFile(Uint8Array.from(SETUP), packets, Uint8Array.from([1, 2, 3, 4, 5]));
		const moof = file.subarray(SETUP.length, file.length - 8 - 5);

		assert.deepEqual(readMoof(moof, SETUP.length), packets.map((packet, i) => ({ ...packet, offset: file.length - [5, 2][i] })));
		assert.deepEqual([...file.subarray(0, SETUP.length)], SETUP);
	});
	it('takes the edit list off a setup, and nothing else', () => {
		const plain = Buffer.from(withoutEdits(Uint8Array.from(SETUP)));
		const wanted = Buffer.from(SETUP);

		wanted.write('free', wanted.lastIndexOf('edts'), 'latin1');
		assert.deepEqual(plain, wanted);
	});

	/** A source over such a file; a decode gives each packet's samples its number. */
	function imagined(fragments, { spoil = () => false, indexOf = (sidecar) => new FragmentIndex(sidecar) } = {}) {
		const { file, sidecar } = composeFile(fragments);
		const reads = [], slices = [];
		const reader = { read: async (from, to, ahead, signal, cache = 'default') => {
			reads.push({ from, to, ahead, cache });
			return file.slice(from, to);
		} };
		const decode = async (slice) => {
			const moof = Buffer.from(slice).indexOf('moof') - 4;
			const packets = readMoof(slice.subarray(moof, moof + Buffer.from(slice).readUInt32BE(moof)), moof);

			slices.push(packets);
			if (spoil(slices.length))
				throw new Error('spoilt');
			return [Float64Array.from(packets.flatMap(({ offset, samples }) => Array(samples).fill(slice[offset])))];
		};

		return { source: new PacketSource(indexOf(sidecar), 'mp4a.40.2', reader, decode), reads, slices, sidecar };
	}

	const wanted = (from, to) => Float64Array.from({ length: to - from }, (_, i) => Math.floor((from + DELAY + i) / PACKET));

	it('gives any samples, behind packets that the decoder needs', async () => {
		const { source, slices } = imagined([5, 3, 9, 20]);

		for (const [from, to] of [[0, 1], [0, source.length], [6000, 6001], [7000, 20000], [source.length - 1, source.length]]) {
			assert.deepEqual(await source.read(from, to, to, NEVER), [wanted(from, to)]);
			const { at } = slices.at(-1)[0];
			assert.ok(at === 0 || (at <= from + DELAY - 2 * PACKET && at > from + DELAY - 4 * PACKET), `${at}`);
		}
	});
	it('fetches of a distant place no more than the head and what is wanted', async () => {
		const { source, reads, sidecar } = imagined([5, 200, 5]);
		const at = 150 * PACKET;

		await source.read(at, at + 3000, at + 3000, NEVER);
		const head = reads.filter(({ from }) => from < sidecar.offsets[1] + 1000);
		assert.ok(head.every(({ ahead }) => ahead <= sidecar.offsets[1] + 1000));
		const rest = reads.filter((read) => !head.includes(read));
		assert.equal(rest.length, 1);
		assert.ok(rest[0].to - rest[0].from < 11 * 8);
	});
	it('reads on without asking for anything twice', async () => {
		const { source, reads, sidecar } = imagined([5, 8, 30, 50]);
		let at = 0;

		for (const length of [3000, 1, 5000, 20000, 99999]) {
			const to = source.windowEnd(at, length);

			assert.deepEqual(await source.read(at, to, to, NEVER), [wanted(at, to)]);
			at = to;
		}
		assert.equal(at, source.length);
		reads.slice(1).forEach(({ from }, i) => assert.equal(from, reads[i].to));
		assert.equal(reads[0].from, sidecar.offsets[0]);
	});
	it('fetches what does not decode again, past every cache, and gives up in the end', async () => {
		const { source, reads } = imagined([5, 8], { spoil: (count) => count === 1 });

		assert.deepEqual(await source.read(0, 3000, 3000, NEVER), [wanted(0, 3000)]);
		assert.ok(reads.some(({ cache }) => cache === 'reload'));
		assert.equal(reads.filter(({ from }) => from === reads[0].from).length, 2);
		await assert.rejects(imagined([5, 8], { spoil: () => true }).source.read(0, 3000, 3000, NEVER), SourceDamaged);
	});
	it('refuses an index that belongs to another file', async () => {
		const { source, sidecar } = imagined([5, 8]);

		sidecar.offsets[1] += 3;
		await assert.rejects(source.read(9000, 9100, 9100, NEVER), SourceDamaged);
	});
	it('waits for what is still being made, and ends where it turns out to', async () => {
		const asked = [];
		const { source, sidecar } = imagined([5, 8, 30], { indexOf: (whole) => {
			const grown = (count) => ({ ...whole, growing: true, samples: 0, bytes: 0,
				positions: whole.positions.slice(0, count + 1), offsets: whole.offsets.slice(0, count + 1) });
			const steps = [null, grown(2), whole];

			return new FragmentIndex(grown(1), 2 * whole.samples, async () => {
				asked.push(steps.length);
				return steps.shift();
			});
		} });

		assert.equal(source.length, 2 * sidecar.samples);
		assert.ok(source.longest < 2);
		assert.deepEqual(await source.read(0, 3000, 3000, NEVER), [wanted(0, 3000)]);
		assert.deepEqual(asked, []);
		assert.deepEqual(await source.read(3000, 10000, 90000, NEVER), [wanted(3000, 10000)]);
		assert.deepEqual(asked, [3, 2]);
		assert.deepEqual(await source.read(10000, source.length, source.length, NEVER), [wanted(10000, sidecar.samples)]);
		assert.deepEqual([source.length, source.longest], [sidecar.samples, Infinity]);
		assert.deepEqual(await source.read(sidecar.samples + 5, sidecar.samples + 9, sidecar.samples + 9, NEVER), [new Float32Array(0)]);
	});
	await runTests();
})();
