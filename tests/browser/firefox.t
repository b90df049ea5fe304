#!/usr/bin/env node
/* the window engine in Firefox: its decoders and its scheduling, against whole decodes. Without a
   sound card it runs no AudioContext, so the schedule goes into an OfflineAudioContext */
const assert = require('node:assert/strict');

/** What Firefox decodes to 16 bits it dithers, and WAV's full scale is another number than FLAC's: a step, or
    two where the rate is converted. */
const STEP = 2.5 * 2 ** -15;
const DITHERED = { 'a.mp3': STEP, 'long.wav': STEP, 'short.wav': STEP, 'mono.wav': STEP };

(async () => {
	const { it, runTests } = await import('./lib/tap.mjs');
	const { stacks } = await import('./lib/stacks.mjs');
	const { launchFirefox } = await import('./lib/firefox.mjs');
	const { describeExactness, uploadPieces } = await import('./lib/exactness.mjs');
	const { HEAR } = await import('./lib/capture.mjs');
	const { OFFLINE } = await import('./lib/offline.mjs');
	const [stack] = stacks();
	const [firefox, pieces] = await Promise.all([launchFirefox(), uploadPieces(stack)]);
	let page;

	it('probes that it decodes slices of Ogg Opus', async () => {
		page = await firefox.open(stack.url, HEAR + OFFLINE);
		assert.equal(await page.evaluate(async () => (await import('/js/core/probe.js')).decodesOggOpus()), true);
	});
	describeExactness(it, () => ({ page, pieces }), DITHERED);
	await runTests();
	await firefox.close();
	await pieces.remove();
})();
