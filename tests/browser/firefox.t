#!/usr/bin/env node
/* the window engine in Firefox: its decoder and its scheduling, against whole decodes. Without a
   sound card it runs no AudioContext, so the schedule goes into an OfflineAudioContext */
const assert = require('node:assert/strict');

const NOTHING = 1e-9;
/** Firefox decodes a WAV's full scale to another number than FLAC's: less than a step of 16 bits apart. */
const STEP = 2 ** -15;
const RATE = 48000;

(async () => {
	const { it, runTests } = await import('./lib/tap.mjs');
	const { stacks } = await import('./lib/stacks.mjs');
	const { launchFirefox } = await import('./lib/firefox.mjs');
	const { composeWav } = await import('./lib/wav.mjs');
	const { uploadTrack, removeTrack } = await import('./lib/api.mjs');
	const { HEAR } = await import('./lib/capture.mjs');
	const [stack] = stacks();
	const firefox = await launchFirefox();
	let long, short, mono, page;

	it('probes that it decodes slices of Ogg Opus', async () => {
		long = await uploadTrack(stack, 'long.wav', composeWav(30));
		page = await firefox.open(stack.url, `${HEAR} globalThis.record = ${record};`);
		assert.equal(await page.evaluate(async () => (await import('/js/core/probe.js')).decodesOggOpus()), true);
	});
	for (const format of ['opus', 'lossless'])
		it(`lands seeks on the exact sample and joins windows, ${format}`, async () => {
			const errors = await page.evaluate(async ([id, how, rate]) => {
				const whole = await reference(id, how, rate);
				const found = [];

				for (const t of [0, 0.0001, 3.21987, 7.5, 11.77777, 19.3]) {
					const at = Math.round(t * rate);
					const { heard } = await record([[id, how]], at, 10 * rate, rate);

					found.push(difference(heard, 0, whole, at, 10 * rate));
				}
				return found;
			}, [long, format, RATE]);

			assert.ok(errors.every((error) => error <= (format === 'opus' ? NOTHING : STEP)), JSON.stringify(errors));
		});
	it('joins tracks of other rates and channels at the exact frame', async () => {
		short = await uploadTrack(stack, 'short.wav', composeWav(1.70317));
		mono = await uploadTrack(stack, 'mono.wav', composeWav(2.3, { rate: 32000, channels: 1 }));
		const result = await page.evaluate(async ([tracks, rate]) => {
			const wholes = [];

			for (const [id, format] of tracks)
				wholes.push(await reference(id, format, rate));
			const total = wholes.reduce((sum, whole) => sum + whole[0].length, 0);
			const { heard } = await record(tracks, 0, total + rate, rate);

			return compareSequence({ channels: heard }, wholes);
		}, [[[short, 'opus'], [short, 'lossless'], [mono, 'lossless'], [mono, 'opus'], [short, 'opus']], RATE]);

		assert.ok(result.errors.every((error, i) => error <= ([1, 2].includes(i) ? STEP : NOTHING)), JSON.stringify(result));
		assert.ok(result.silentAfter);
	});
	await runTests();
	await firefox.close();
	for (const track of [long, short, mono])
		await removeTrack(stack, track);

	/** In the page: what the engine lays for tracks, the first one from a sample on, as it sounds. */
	async function record(tracks, at, frames, rate) {
		const { WindowEngine } = await import('/js/core/window-engine.js');
		const { openSource } = await import('/js/core/open-source.js');
		const { atRate } = await import('/js/core/resampled-source.js');
		const context = new OfflineAudioContext(2, frames, rate);
		const items = await Promise.all(tracks.map(async ([id, format]) => {
			const manifest = await (await fetch(`/cgi-bin/stream.fcgi/${id}/manifest.json`)).json();

			return { source: atRate(await openSource(manifest, format), rate), gain: 1 };
		}));
		let begin = null;
		const output = {
			rate, frame: 0, bus: () => null,
			place([...channels], frame) {
				const buffer = new AudioBuffer({ numberOfChannels: channels.length, length: channels[0].length, sampleRate: rate });

				begin ??= frame;
				channels.forEach((channel, i) => buffer.copyToChannel(channel, i));
				const node = new AudioBufferSourceNode(context, { buffer });
				node.connect(context.destination);
				node.start((frame - begin) / rate);
				return { stopAt: (end) => node.stop(Math.max(0, (end - begin) / rate)) };
			},
			async reach(frame, signal) {
				while (!signal.aborted && this.frame < frame)
					await new Promise((resolve) => setTimeout(resolve));
				return !signal.aborted;
			},
		};
		const engine = new WindowEngine(output, async (item) => items[items.indexOf(item) + 1] ?? null);
		const laid = () => engine.bufferedTo - engine.position > rate / 2;
		let ended = false;

		engine.addEventListener('end', () => (ended = true));
		engine.play(items[0], at);
		/* time goes on as fast as windows come */
		for (const begun = performance.now(); !ended && output.frame < frames + rate; ) {
			await new Promise((resolve) => setTimeout(resolve));
			if (laid() || !engine.waiting)
				output.frame += rate / 50;
			if (performance.now() - begun > 30000)
				throw new Error('it does not go on');
		}
		const sound = await context.startRendering();

		return { heard: [0, 1].map((i) => sound.getChannelData(i)) };
	}
})();
