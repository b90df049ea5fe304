#!/usr/bin/env node
/* each row of the README's tables of formats, in Chromium and in Firefox: by which engine it is played, of which
   rendition, what is seen, and that it really sounds. The rows are in lib/formats.mjs */
const assert = require('node:assert/strict');

/** Seconds: until prove ends the test. */
const LONG = 3600;

(async () => {
	const { it, runTests } = await import('./lib/tap.mjs');
	const { stacks } = await import('./lib/stacks.mjs');
	const { launch, openPage, UNSEEN } = await import('./lib/browser.mjs');
	const { launchFirefox } = await import('./lib/firefox.mjs');
	const { uploadTrack, removeTrack } = await import('./lib/api.mjs');
	const { FORMATS, HERTZ, expectedOf, makeFile } = await import('./lib/formats.mjs');
	const { HEAR } = await import('./lib/capture.mjs');
	const { OFFLINE } = await import('./lib/offline.mjs');
	const { SOUNDS } = await import('./lib/sounds.mjs');
	const [stack] = stacks();
	const wanted = process.argv.slice(2); /* names of rows, to try some */
	const rows = FORMATS.filter(([name]) => !wanted.length || wanted.includes(name));
	const [chromium, firefox] = await Promise.all([openChromium(), openFirefox()]);
	/** ids, once all is made of them: what is waited for is the transcoder, not the time */
	const tracks = new Map(rows.map(([name, how]) => [name, upload(name, how)]));

	for (const [name, , difference] of rows)
		it(`plays ${name} in Chromium and in Firefox`, async () => {
			const track = await tracks.get(name);
			const played = await Promise.allSettled([chromium, firefox].map(({ page }) => page.evaluate((id) => playFormat(id), track)));

			check(played[0], expectedOf(difference, 'chromium'));
			check(played[1], expectedOf(difference, 'firefox'));
		});
	await runTests();
	await Promise.allSettled([chromium.close(), firefox.close(),
		...[...tracks.values()].map(async (track) => removeTrack(stack, await track))]);

	function check({ reason, value }, expected) {
		if (reason)
			throw reason;
		const { hertz, peak, ...played } = value;

		assert.deepEqual(played, expected);
		assert.ok(peak > 0.4 && peak < 0.75, `its peak is ${peak}`);
		assert.ok(Math.abs(hertz - HERTZ) < 0.01 * HERTZ, `it sounds at ${hertz} Hz`);
	}

	/** Never rejects before it is asked for. */
	function upload(name, how) {
		const track = (async () => uploadTrack(stack, name, makeFile(name, how), LONG))();

		track.catch(() => {});
		return track;
	}

	async function openChromium() {
		const browser = await launch();
		const context = await browser.newContext({ ...UNSEEN, bypassCSP: true });
		const { page } = await openPage(context);

		await page.addInitScript(HEAR + OFFLINE + SOUNDS);
		await page.goto(stack.url);
		return { page, close: () => browser.close() };
	}

	async function openFirefox() {
		const browser = await launchFirefox();

		return { page: await browser.open(stack.url, HEAR + OFFLINE + SOUNDS), close: browser.close };
	}
})();
