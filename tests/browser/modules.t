#!/usr/bin/env node
/* the pages' pure modules, without a browser */
const assert = require('node:assert/strict');

/** A waveform file; values are low, high, low, high … */
function waveformFile({ version = 2, bits = 8, length, channels = 1, values }) {
	const head = version === 2 ? 24 : 20;
	const file = Buffer.alloc(head + (values.length * bits) / 8);

	file.writeInt32LE(version, 0);
	file.writeUInt32LE(bits === 8 ? 1 : 0, 4);
	file.writeInt32LE(1000, 8);
	file.writeInt32LE(100, 12);
	file.writeUInt32LE(length ?? values.length / 2 / channels, 16);
	if (version === 2)
		file.writeInt32LE(channels, 20);
	values.forEach((value, i) =>
		(bits === 8 ? file.writeInt8(value, head + i) : file.writeInt16LE(value, head + 2 * i)));
	return new Uint8Array(file).buffer;
}

const RENDITIONS = {
	lossless: { state: 'ready', codec: 'flac', mime: 'audio/flac', url: '/l', lossless: true, fmp4_state: 'ready' },
	opus: { state: 'ready', codec: 'opus', mime: 'audio/ogg; codecs=opus', bitrate: 320000, url: '/o' },
};

function manifest(opus = {}, lossless = {}) {
	return { renditions: { lossless: { ...RENDITIONS.lossless, ...lossless },
		opus: { ...RENDITIONS.opus, ...opus } } };
}

(async () => {
	const { it, runTests } = await import('./lib/tap.mjs');
	const { parseWaveform, peaksFor } = await import('../../htdocs/js/listen/waveform.js');
	const progress = await import('../../htdocs/js/upload/progress.js');
	const { chooseRendition, renditionLabel, withPreset } = await import('../../htdocs/js/core/rendition.js');
	const { clock, spoken, parsePosition } = await import('../../htdocs/js/page/time.js');
	const { problemDetail } = await import('../../htdocs/js/core/api.js');

	it('reads an 8 bit waveform', () => {
		const w = parseWaveform(waveformFile({ values: [-64, 64, -128, 127] }));

		assert.deepEqual([w.sampleRate, w.samplesPerPixel, w.length, w.channels], [1000, 100, 2, 1]);
		assert.deepEqual(peaksFor(w, 2, 0.2), [{ low: -0.5, high: 0.5 }, { low: -1, high: 127 / 128 }]);
	});
	it('reads 16 bit, two channels and version 1', () => {
		const two = parseWaveform(waveformFile({ bits: 16, channels: 2, values: [-16384, 0, 0, 8192] }));
		const one = parseWaveform(waveformFile({ version: 1, values: [-32, 32] }));

		assert.deepEqual(peaksFor(two, 1, 0.1), [{ low: -0.5, high: 0.25 }]);
		assert.deepEqual(peaksFor(one, 1, 0.1), [{ low: -0.25, high: 0.25 }]);
	});
	it('refuses a waveform of every short length', () => {
		const whole = waveformFile({ values: [-64, 64, -128, 127] });

		for (let bytes = 0; bytes < whole.byteLength; bytes++)
			assert.throws(() => parseWaveform(whole.slice(0, bytes)), RangeError, `${bytes} bytes`);
	});
	it('refuses a waveform with a lying header', () => {
		const lies = { version: [0, 3], rate: [8, 0], scale: [12, -1], length: [16, 0x7fffffff], channels: [20, 0] };

		for (const [name, [at, value]] of Object.entries(lies)) {
			const file = waveformFile({ values: [-64, 64] });

			new DataView(file).setInt32(at, value, true);
			assert.throws(() => parseWaveform(file), RangeError, name);
		}
	});
	it('joins peaks in a narrow drawing, repeats them in a wide one, and is flat past the end', () => {
		const w = parseWaveform(waveformFile({ values: [-64, 0, 0, 32] }));

		assert.deepEqual(peaksFor(w, 1, 0.2), [{ low: -0.5, high: 0.25 }]);
		assert.equal(peaksFor(w, 4, 0.2)[1].low, -0.5);
		assert.equal(peaksFor(w, 4, 0.4)[3].high, 0);
	});

	const job = (kind, state, done = 0, error = null) => ({ kind, state, progress: done, error });
	const status = (state, ...jobs) => progress.statusProgress({ source: { state }, jobs });

	it('moves one meter forward from sending to done', () => {
		const way = [progress.sendingProgress(0, 10), progress.sendingProgress(9, 10),
			progress.sendingProgress(10, 10), status('storing'), status('stored', job('opus', 'queued')),
			status('stored', job('opus', 'running', 0.259)), status('stored', job('opus', 'done', 1))];

		assert.deepEqual(way.map(({ stage }) => stage),
			['sending', 'sending', 'storing', 'storing', 'queued', 'transcoding', 'done']);
		way.reduce((before, now) => (assert.ok(now.part >= before.part), now));
		assert.equal(way[5].text, 'Post-Processing: transcoding 25\u00a0%');
		assert.equal(way[6].part, 1);
	});
	it('goes by the slowest of several jobs', () => {
		const { text } = status('stored', job('waveform', 'done', 1), job('opus', 'running', 0.4));

		assert.match(text, /transcoding 40/);
		assert.equal(status('stored', job('waveform', 'running', 0.9), job('opus', 'queued')).part, 0.5);
	});
	it('says what failed, and that the track plays', () => {
		const { stage, text, stored } = status('stored', job('opus', 'failed', 0, 'the file is cut'), job('waveform', 'done'));

		assert.deepEqual([stage, stored], ['failed', true]);
		assert.equal(text, 'Failed. The low-data version could not be made: the file is cut. ' +
			'The file is stored and plays as it was uploaded.');
		assert.equal(status('failed').stored, false);
	});
	it('tells of a stored file only once it is stored', () => {
		assert.equal(progress.sendingProgress(10, 10).stored, false);
		assert.equal(status('storing').stored, false);
		assert.equal(status('stored', job('opus', 'queued')).stored, true);
	});
	it('writes sizes in powers of 1,000', () => {
		assert.deepEqual([0, 999, 1000, 635040044, 2e12].map(progress.size),
			['0\u00a0bytes', '999\u00a0bytes', '1.0\u00a0kB', '635\u00a0MB', '2.0\u00a0TB']);
	});

	const all = () => true;
	const noOpus = (mime) => !mime.includes('opus');

	it('gives the rendition that is wanted', () => {
		assert.equal(chooseRendition(manifest(), 'opus', all).url, '/o');
		assert.equal(chooseRendition(manifest(), 'lossless', all).url, '/l');
		assert.equal(chooseRendition(manifest(), '', all).name, 'lossless');
	});
	it('asks for Opus with a preset, and for nothing else', () => {
		const stream = { stream: '/s?format=opus' };
		const warm = withPreset(manifest(stream), 'warm', 0.5);

		assert.equal(chooseRendition(warm, 'opus', all).url, '/s?format=opus&preset=warm&intensity=0.50');
		assert.equal(chooseRendition(warm, 'lossless', all).url, '/l');
		for (const [preset, intensity] of [['none', 1], ['', 1], ['warm', 0], ['warm', NaN]])
			assert.equal(chooseRendition(withPreset(manifest(stream), preset, intensity), 'opus', all).url, '/o');
		const missing = manifest({ ...stream, state: 'missing', url: null });
		assert.equal(withPreset(missing, 'warm', 1), missing);
	});
	it('gives lossless while Opus is being made, and looks again', () => {
		const { name, pending, note } = chooseRendition(manifest({ state: 'missing', url: null }), 'opus', all);

		assert.deepEqual([name, pending], ['lossless', true]);
		assert.match(note, /still being made/);
		assert.equal(chooseRendition(manifest({ state: 'failed', url: null }), 'opus', all).pending, false);
	});
	it('gives Opus that grows to who wants it, and looks again', () => {
		const growing = manifest({ state: 'growing', url: null, stream: '/s' });
		const arriving = manifest({ state: 'growing', url: null, stream: '/s' }, { state: 'growing', url: null, stream: '/l' });
		const given = (...wish) => [chooseRendition(...wish)].map(({ name, url, pending }) => [name, url, pending])[0];

		assert.deepEqual(given(growing, 'opus', all), ['opus', '/s', true]);
		assert.deepEqual(given(growing, 'lossless', all), ['lossless', '/l', false]);
		assert.deepEqual(given(arriving, 'opus', all), ['opus', '/s', true]);
		assert.deepEqual(given(arriving, 'lossless', all), ['lossless', '/l', true]);
		assert.deepEqual(given(arriving, 'opus', noOpus), ['lossless', '/l', true]);
		assert.deepEqual(given(arriving, 'lossless', all, ['lossless']), ['opus', '/s', true]);
	});
	it('gives lossless where the browser cannot play Ogg Opus, and says so', () => {
		const { name, pending, note } = chooseRendition(manifest(), 'opus', noOpus);

		assert.deepEqual([name, pending], ['lossless', false]);
		assert.match(note, /cannot play Ogg Opus/);
	});
	it('gives Opus where only that can be played, and says so', () => {
		const { name, note } = chooseRendition(manifest(), 'lossless', (mime) => mime.includes('opus'));

		assert.equal(name, 'opus');
		assert.match(note, /cannot play the original/);
		assert.equal(chooseRendition(manifest({ state: 'missing' }), 'lossless', () => false).name, 'lossless');
	});

	const types = ['audio/mp4; codecs="fLaC"', 'audio/mp4; codecs="flac"'];
	const fmp4 = { codec: 'fLaC', mime: types[0], types, url: '/m' };
	const aiff = { codec: 'pcm', mime: 'audio/aiff' };
	const takes = (...wanted) => (mime) => mime.includes('opus') || wanted.includes(mime);
	const told = (lossless, can) => [chooseRendition(manifest({}, lossless), 'lossless', can)]
		.map(({ name, url, note, pending }) => [name, url, note.split(/[,;]/)[0], pending])[0];

	it('asks whether what would be played can be, in the order that the manifest prefers', () => {
		const made = { ...aiff, fmp4, prefer: ['fmp4', 'file'] };

		for (const type of types) /* whichever way the browser spells it */
			assert.deepEqual(told(made, takes(type)), ['lossless', '/m', '', false]);
		assert.deepEqual(told(made, takes('audio/aiff')), ['lossless', '/l', '', false]);
		assert.deepEqual(told(made, takes('audio/aiff', types[0])), ['lossless', '/m', '', false]);
		assert.deepEqual(told({ ...made, prefer: ['file', 'fmp4'] }, takes('audio/aiff', types[0])), ['lossless', '/l', '', false]);
	});
	it('plays chunks of what is not repackaged yet', () => {
		for (const codec of ['pcm', 'alac', 'wavpack', 'alaw', 'flac'])
			assert.equal(told({ ...aiff, codec, fmp4_state: 'missing' }, takes(types[0]))[0], 'lossless');
		assert.equal(told({ mime: 'audio/x-x', codec: 'aac', fmp4_state: 'missing' }, takes('audio/mp4; codecs="mp4a.40.2"'))[0], 'lossless');
	});
	it('tells what cannot be played here from what is not made yet, and from what is not made at all', () => {
		const avi = { codec: 'mp3', mime: 'video/x-msvideo' };
		const none = takes();

		assert.deepEqual(told({ ...aiff, fmp4, prefer: ['fmp4', 'file'] }, none), ['opus', '/o', 'This browser cannot play the original', false]);
		for (const state of ['missing', 'growing'])
			assert.deepEqual(told({ ...avi, fmp4_state: state }, none), ['opus', '/o', 'The original is still being prepared for browsers', true]);
		assert.deepEqual(told({ ...avi, fmp4_state: 'failed' }, none), ['opus', '/o', 'The original could not be prepared for browsers', false]);
		assert.deepEqual(told({ codec: 'dts', mime: 'audio/x-matroska', fmp4_state: 'none' }, none),
			['opus', '/o', 'Originals of this format are not prepared for browsers', false]);
	});
	it('says of a film that is only heard whether its pictures will come', () => {
		const mkv = { codec: 'aac', mime: 'video/x-matroska' };
		const film = { mime: 'video/mp4; codecs="hvc1.1.6.L60.90,mp4a.40.2"', url: '/m' };
		const can = takes(mkv.mime);

		assert.deepEqual(told({ ...mkv, fmp4_state: 'missing' }, can), ['lossless', '/l', 'The pictures are still being prepared for browsers', true]);
		assert.deepEqual(told({ ...mkv, fmp4_state: 'failed' }, can), ['lossless', '/l', 'The pictures could not be prepared for browsers', false]);
		assert.deepEqual(told({ ...mkv, fmp4: film, prefer: ['fmp4', 'file'] }, can), ['lossless', '/l', 'This browser cannot show the pictures', false]);
		assert.deepEqual(told({ ...mkv, fmp4: film, prefer: ['fmp4', 'file'] }, takes(mkv.mime, film.mime)), ['lossless', '/m', '', false]);
	});
	it('does not give again what failed to play', () => {
		assert.equal(chooseRendition(manifest(), 'opus', all, ['opus']).name, 'lossless');
		assert.equal(chooseRendition(manifest(), 'lossless', all, ['lossless']).name, 'opus');
		assert.equal(chooseRendition(manifest(), 'lossless', all, ['lossless', 'opus']), null);
	});
	it('calls only what is lossless lossless', () => {
		assert.equal(renditionLabel(manifest(), 'lossless'), 'Lossless · FLAC');
		assert.equal(renditionLabel(manifest({}, { codec: 'pcm' }), 'lossless'), 'Lossless · PCM');
		assert.equal(renditionLabel(manifest({}, { codec: 'wavpack' }), 'lossless'), 'Lossless · WavPack');
		assert.equal(renditionLabel(manifest({}, { codec: 'mp3', lossless: false }), 'lossless'), 'Original · MP3');
		assert.equal(renditionLabel(manifest(), 'opus'), 'Opus · 320 kbit/s');
	});

	it('writes durations for eye and ear', () => {
		assert.deepEqual([0, 7.9, 185, 3723, NaN].map(clock), ['0:00', '0:07', '3:05', '1:02:03', '0:00']);
		assert.deepEqual([0, 61, 7202].map(spoken), ['0 seconds', '1 minute 1 second', '2 hours 2 seconds']);
	});
	it('reads a position in a link, and nothing else', () => {
		assert.deepEqual(['90', '90.5', '1:30', '1:02:03', '1h2m3s', '2m', '', 'x', '-4', null].map(parsePosition),
			[90, 90.5, 90, 3723, 3723, 120, 0, 0, 0, 0]);
	});
	it('takes the sentence of a problem, and nothing from other answers', () => {
		assert.equal(problemDetail('{"title":"Gone","detail":"It is gone."}'), 'It is gone.');
		assert.equal(problemDetail('{"title":"Gone"}'), 'Gone');
		assert.deepEqual(['', '<h1>502</h1>', 'null', '{"detail":3}'].map(problemDetail), ['', '', '', '']);
	});
	await runTests();
})();
