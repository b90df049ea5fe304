#!/usr/bin/env node
/* films, and sound where memory is short: Media Source Extensions, fed by the player */
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { mkdtempSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const SECONDS = 14;

/** Moving pictures with a key frame a second, and a tone. */
function composeFilm(folder) {
	const path = join(folder, 'film.mkv');
	const { status, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', `testsrc2=s=320x180:r=25:d=${SECONDS}`,
		'-f', 'lavfi', '-i', `aevalsrc=0.4*sin(2*PI*(200+90*t)*t):s=48000:c=stereo:d=${SECONDS}`, '-g', '25', '-pix_fmt', 'yuv420p',
		'-c:v', 'libx264', '-c:a', 'aac', path], { encoding: 'utf8' });

	assert.equal(status, 0, stderr);
	return readFileSync(path);
}

(async () => {
	const { it, runTests } = await import('./lib/tap.mjs');
	const { stacks } = await import('./lib/stacks.mjs');
	const { launch, openPage, forgive } = await import('./lib/browser.mjs');
	const { beginUpload, uploadTrack, removeTrack } = await import('./lib/api.mjs');
	const { composeWav } = await import('./lib/wav.mjs');
	const { HEAR } = await import('./lib/capture.mjs');
	const { faulty } = await import('./lib/faults.mjs');
	const [stack] = stacks();
	const folder = mkdtempSync(join(tmpdir(), 'drift-stream-'));
	const browser = await launch();
	const file = composeFilm(folder);
	let film, music, context, page, complaints;

	/** @param {boolean} sparing  the browser says that memory is short */
	async function fresh(sparing) {
		await context?.close();
		context = await browser.newContext({ bypassCSP: sparing });
		({ page, complaints } = await openPage(context));
		await page.addInitScript(HEAR);
		if (sparing)
			await page.addInitScript(() => Object.defineProperty(navigator, 'deviceMemory', { value: 0.5 }));
		await page.goto(stack.url);
	}

	const state = () => page.evaluate(() => drift.state);
	const playing = (from) => page.waitForFunction((t) => drift.state.playing && !drift.state.stalled && drift.state.t > t, from);

	it('shows a film, within the page\'s content policy', async () => {
		[film, music] = await Promise.all([uploadTrack(stack, 'film.mkv', file),
			uploadTrack(stack, 'music.wav', composeWav(95))]);
		await fresh(false);
		await page.evaluate((id) => drift.play(id), film);
		await playing(1);
		assert.equal((await state()).engine, 'stream');
		assert.ok(await page.locator('#pictures video').isVisible());
		assert.ok(await page.evaluate(() => document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames > 10));
	});
	it('seeks in it, also to what was not there yet', async () => {
		for (const t of [9.5, 2.2, 12]) {
			await page.evaluate((at) => drift.seek(at), t);
			await playing(t + 0.2);
			assert.ok((await state()).t < t + 3);
		}
	});
	it('pauses and goes on', async () => {
		await page.evaluate(() => drift.seek(5));
		await page.evaluate(() => drift.pause());
		const { t, playing: plays } = await state();

		assert.equal(plays, false);
		await page.evaluate(() => drift.resume());
		await playing(t + 0.2);
	});
	it('goes on to a track of sound alone, and hides the pictures', async () => {
		await page.evaluate((ids) => drift.queue(ids), [film, music]);
		await page.evaluate((at) => drift.seek(at), SECONDS - 1);
		await page.waitForFunction((id) => drift.state.track === id && drift.state.t > 0.3, music);
		assert.equal((await state()).engine, 'windows');
		assert.ok(await page.locator('#pictures').isHidden());
		assert.deepEqual(complaints, []);
	});
	it('shows a film that is still being uploaded, waits for the uploader, and goes on', async () => {
		const { track, send } = await beginUpload(stack, 'growing.mkv', file);

		await send(file.length >> 1);
		await fresh(false);
		await page.evaluate((id) => drift.play(id), track);
		await playing(0.5);
		assert.equal((await state()).engine, 'stream');
		assert.ok(await page.locator('#pictures video').isVisible());
		await page.waitForFunction(() => drift.state.stalled);
		const { t } = await state();

		assert.match(await page.textContent('#notice'), /more of the upload/);
		assert.ok(t > 3 && t < SECONDS - 3, `${t} s`);
		await send(file.length - (file.length >> 1));
		await playing(t + 0.5);
		await page.evaluate((at) => drift.seek(at), SECONDS - 1.5);
		await page.waitForFunction(() => !drift.state.playing);
		assert.ok(await page.evaluate(() => document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames > 100));
		forgive(complaints, /503/);
		assert.deepEqual(complaints, []);
		await removeTrack(stack, track);
	});
	/** Music, by a stream, and behind a seek. */
	async function playsExactly() {
		await page.evaluate((id) => drift.play(id, { t: 3 }), music);
		await playing(3.2);
		assert.equal((await state()).engine, 'stream');
		const result = await page.evaluate(async (id) => {
			const whole = await reference(id, 'lossless', 44100);
			const hearing = new AudioContext({ sampleRate: 44100 });

			await capture.start(hearing, new MediaElementAudioSourceNode(hearing, { mediaElement: document.querySelector('video') }));
			drift.seek(40);
			await until(() => !drift.state.stalled && drift.state.t > 40.3);
			await new Promise((resolve) => setTimeout(resolve, 300));
			capture.clear();
			await new Promise((resolve) => setTimeout(resolve, 1500));
			const { channels } = await capture.take();

			return compareSwitch({ channels }, whole, whole);
		}, music);

		assert.ok(result.found && result.before > 44100 && result.error === 0, JSON.stringify(result));
	}

	it('plays lossless sound to the last bit in chunks, before there is an MP4', async () => {
		const asked = [];

		await fresh(true);
		page.on('request', (request) => asked.push(request.url()));
		await page.route(/manifest\.json/, async (route) => {
			const answer = await route.fetch();
			const manifest = await answer.json();

			Object.assign(manifest.renditions.lossless, { fmp4: null, sidecar: null, seekidx: null });
			await route.fulfill({ response: answer, json: manifest });
		});
		await playsExactly();
		assert.ok(asked.some((url) => /chunk\/8\?format=lossless/.test(url)) && !asked.some((url) => /remux/.test(url)));
	});
	it('plays lossless sound to the last bit from a stream where memory is short', async () => {
		await fresh(true);
		await playsExactly();
	});
	it('keeps a minute ahead, and little behind', async () => {
		await page.waitForFunction(() => drift.state.buffered > 50);
		await page.evaluate(() => drift.seek(90));
		await playing(90.2);
		const ranges = await page.evaluate(() => {
			const { buffered } = document.querySelector('video');

			return Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)]);
		});

		assert.ok(ranges[0][0] > 20 && ranges.at(-1)[1] <= 95.1, JSON.stringify(ranges));
	});
	it('changes to a preset of Opus in place', async () => {
		await page.evaluate((id) => drift.play(id, { t: 10, format: 'opus' }), music);
		await playing(10.5);
		const asked = page.waitForRequest(/chunk\/\d+\?.*preset=bright/);

		await page.click('#settings-button');
		await page.check('#settings input[value="bright"]');
		await asked;
		await playing(13);
		assert.deepEqual([(await state()).engine, (await state()).rendition], ['stream', 'opus']);
	});
	it('plays on while a third of the answers fails', async () => {
		await fresh(true);
		const faults = await faulty(page, /\.mp4$/, 7);

		await page.evaluate((id) => drift.play(id, { t: 20 }), music);
		await playing(22);
		await page.evaluate(() => drift.seek(70));
		await playing(72);
		assert.ok(faults.count > 0);
		assert.equal((await state()).engine, 'stream');
		await faults.stop();
		forgive(complaints, /Failed to load resource/);
		assert.deepEqual(complaints, []);
		await context.close();
		rmSync(folder, { recursive: true });
		await Promise.all([film, music].map((track) => removeTrack(stack, track)));
	});
	await runTests();
	await browser.close();
})();
