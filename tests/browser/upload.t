#!/usr/bin/env node
/* the upload page in a real browser against the running stacks */
const assert = require('node:assert/strict');
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const MIX_SECONDS = 28;

/** Keeps every stage and text that the meters have shown, in their order. */
function watchMeters() {
	globalThis.seen = [];
	addEventListener('DOMContentLoaded', () =>
		new MutationObserver(() => {
			for (const meter of document.querySelectorAll('#meters .meter')) {
				const text = meter.querySelector('.meter-text').textContent;
				const part = meter.querySelector('progress').value;

				if (globalThis.seen.at(-1)?.text !== text)
					globalThis.seen.push({ stage: meter.dataset.stage, text, part });
			}
		}).observe(document.getElementById('meters'), { subtree: true, childList: true, characterData: true }));
}

/** Waits until the last meter stands at a stage. */
async function reach(page, stage, seconds = 60) {
	await page.locator(`#meters .meter[data-stage="${stage}"]`).last().waitFor({ timeout: 1000 * seconds });
}

(async () => {
	const { it, runTests } = await import('./lib/tap.mjs');
	const { stacks } = await import('./lib/stacks.mjs');
	const { launch, openPage, forgive } = await import('./lib/browser.mjs');
	const { composePicture } = await import('./lib/picture.mjs');
	const { composeWav } = await import('./lib/wav.mjs');
	const { removeTrack } = await import('./lib/api.mjs');
	const browser = await launch();
	const folder = mkdtempSync(join(tmpdir(), 'drift-upload-'));
	const song = join(folder, 'Low Tide.wav');
	const mix = join(folder, 'Long Mix.wav');
	const other = join(folder, 'Other Mix.wav');

	writeFileSync(song, composeWav(30));
	/* 21 MB that are soon transcoded */
	writeFileSync(mix, composeWav(MIX_SECONDS, { rate: 192000 }));
	writeFileSync(other, composeWav(MIX_SECONDS + 0.2, { rate: 192000 }));
	for (const [i, stack] of stacks().entries())
		describe(stack, i === 0);
	await runTests();
	await browser.close();
	rmSync(folder, { recursive: true });

	/** Once with everything; what the server has no part in need not be looked at again on the other. */
	function describe(stack, all) {
		const on = (sentence) => `${sentence} (${stack.name})`;
		const once = (sentence, run) => all && it(on(sentence), run);
		const url = `${stack.url}upload.html`;
		let context, page, complaints;
		const tracks = [];
		/** every request of every page */
		const requests = [];

		async function fresh() {
			await context?.close();
			context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' });
			({ page, complaints } = await openPage(context));
			page.on('request', (request) => requests.push(request));
			await page.addInitScript(watchMeters);
			await page.goto(url);
		}

		async function giveKey(key) {
			await page.fill('#key', key);
			await page.click('#key-form button');
		}

		/** Waits for the end of the last file and remembers its track. */
		async function finish() {
			await reach(page, 'done', 120);
			tracks.push(await page.locator('#meters .meter').last().getAttribute('data-track'));
		}

		it(on('asks for a key before a file, and keeps it out of the address'), async () => {
			await fresh();
			await page.setInputFiles('#files', song);
			assert.equal(await page.locator('#meters .meter').count(), 0);
			assert.match(await page.textContent('#announce'), /API key first/);
			await giveKey('wrong');
			assert.equal(page.url(), url);
			assert.ok(await page.isHidden('#key-form'));
		});
		it(on('says that a key is unknown, and goes on with a good one'), async () => {
			await page.setInputFiles('#files', song);
			await reach(page, 'failed');
			assert.match(await page.textContent('#meters .meter-text'), /^Failed\. .*valid API key/);
			await page.click('#key-forget');
			await giveKey(stack.key);
			await page.getByRole('button', { name: 'Resume Low Tide.wav' }).click();
			await finish();
			forgive(complaints, /401/);
		});
		it(on('shows the whole way on one meter that only goes forward'), async () => {
			const seen = await page.evaluate(() => globalThis.seen);
			const good = seen.slice(1 + seen.findLastIndex(({ stage }) => stage === 'failed'));
			const stages = [...new Set(good.map(({ stage }) => stage))];

			assert.deepEqual(stages.filter((stage) => stage !== 'queued' && stage !== 'transcoding'),
				['sending', 'storing', 'done']);
			assert.ok(good.some(({ text }) => /^Post-Processing: (queued|transcoding \d+)/.test(text)),
				JSON.stringify(good));
			good.reduce((before, now) => (assert.ok(now.part >= before.part, now.text), now));
		});
		it(on('leads to the track in the player'), async () => {
			await page.click('#meters .meter a');
			await page.waitForFunction(() => document.getElementById('title')?.textContent === 'Low Tide');
			await page.click('#toggle');
			await page.waitForFunction(() => drift.state.t > 0.3);
			assert.ok(!page.url().includes(stack.key));
		});
		it(on('goes on with an upload after its page was closed in the middle'), async () => {
			await page.goto(url);
			const first = page.waitForResponse((answer) => answer.request().method() === 'PATCH');

			await page.setInputFiles('#files', mix);
			assert.ok((await first).ok());
			await page.goto('about:blank');
			await page.goto(url);
			const resumed = page.waitForRequest((request) => request.method() === 'PATCH');
			let created = false;

			page.on('request', (request) => (created ||= request.method() === 'POST'));
			await page.setInputFiles('#files', mix);
			assert.ok(Number((await resumed).headers()['upload-offset']) >= 1 << 20);
			await finish();
			assert.equal(created, false);
		});
		it(on('sends first what somebody listens to'), async () => {
			const place = 15 << 20;
			let pieces = 0, release;
			const held = new Promise((resolve) => (release = resolve));
			const listens = new Promise((resolve) => {
				page.route('**/upload.fcgi/*', async (route) => {
					/* the second piece waits until somebody listens */
					if (route.request().method() === 'PATCH' && ++pieces === 2) {
						resolve();
						await held;
					}
					await route.continue();
				});
			});
			const sent = requests.length;

			await page.goto(url); /* no older meter */
			const created = page.waitForResponse((answer) => answer.request().method() === 'POST');

			await page.setInputFiles('#files', other);
			const track = (await created).headers()['drift-track'];
			assert.match(await page.getByRole('link', { name: 'Listen to Other Mix.wav' }).getAttribute('href'), new RegExp(track));

			await listens;
			const answer = await fetch(`${stack.url}cgi-bin/stream.fcgi/${track}`, { headers: { Range: `bytes=${place}-` } });

			assert.equal(answer.status, 503);
			release();
			await finish();
			await page.unroute('**/upload.fcgi/*');
			const offsets = requests.slice(sent).filter((request) => request.method() === 'PATCH')
				.map((request) => Number(request.headers()['upload-offset']));

			assert.ok(offsets.includes(place), `${offsets}`);
			assert.ok(offsets.indexOf(place) <= 4, `${offsets}`);
		});
		it(on('asks for news by the ETag of the last answer'), async () => {
			const sent = requests.findLastIndex((request) => request.method() === 'PATCH');
			const asked = requests.slice(sent).filter((request) => request.url().endsWith(`/track/${tracks.at(-1)}/status`));

			assert.ok(asked.length > 1);
			for (const request of asked.slice(1))
				assert.ok((await request.allHeaders())['if-none-match'], 'If-None-Match');
		});
		it(on('pauses, goes on, and cancels'), async () => {
			await fresh();
			await giveKey(stack.key);
			await page.route(/upload\.fcgi\/[^/]+$/, async (route) => {
				await new Promise((resolve) => setTimeout(resolve, 500));
				await route.continue();
			});
			await page.setInputFiles('#files', mix);
			await page.getByRole('button', { name: 'Pause Long Mix.wav' }).click();
			await reach(page, 'paused');
			/* before that the upload has no address that could be deleted */
			const sent = page.waitForRequest((request) => request.method() === 'PATCH');
			await page.getByRole('button', { name: 'Resume Long Mix.wav' }).click();
			await sent;
			await reach(page, 'sending');
			const deleted = page.waitForResponse((answer) => answer.request().method() === 'DELETE');
			await page.getByRole('button', { name: 'Cancel Long Mix.wav' }).click();
			assert.equal((await deleted).status(), 204);
			assert.equal(await page.locator('#meters .meter').count(), 0);
			await page.unrouteAll({ behavior: 'wait' });
		});
		once('sends nothing any more once it is paused, whatever was prepared', async () => {
			let asked = 0, release;

			await fresh();
			await giveKey(stack.key);
			const held = new Promise((resolve) => {
				page.route(/\/status$/, async (route) => {
					/* what is wanted, before the second piece */
					if (++asked === 2)
						await new Promise((go) => resolve(release = go));
					await route.continue();
				});
			});

			await page.setInputFiles('#files', mix);
			await held;
			await page.getByRole('button', { name: 'Pause Long Mix.wav' }).click();
			const sent = requests.length;

			release();
			await page.getByRole('button', { name: 'Resume Long Mix.wav' }).click();
			await page.waitForFunction(() => /Sending [2-9]\d/.test(document.querySelector('#meters .meter-text').textContent));
			/* what had been prepared would go without its headers, which were lost with the pause */
			assert.deepEqual(requests.slice(sent).filter((request) => request.method() === 'PATCH' && !request.headers()['x-api-key'])
				.map((request) => request.url()), []);
			await page.unrouteAll({ behavior: 'wait' });
		});
		once('sends smaller pieces where large ones do not get through', async () => {
			const sizes = [];

			await fresh();
			await giveKey(stack.key);
			await page.route(/upload\.fcgi\/[^/]+$/, async (route) => {
				const bytes = route.request().postDataBuffer()?.length ?? 0;

				if (route.request().method() !== 'PATCH')
					return route.continue();
				sizes.push(bytes);
				return bytes > 128 << 10 ? route.fulfill({ status: 413 }) : route.continue();
			});
			await page.setInputFiles('#files', song);
			await finish();
			assert.ok(sizes[0] > 128 << 10);
			assert.ok(sizes.slice(1).every((bytes) => bytes <= 128 << 10));
			await page.unrouteAll({ behavior: 'wait' });
			forgive(complaints, /413/);
		});
		once('takes several files that are dropped, one after the other', async () => {
			const data = await page.evaluateHandle(() => {
				const transfer = new DataTransfer();

				for (const name of ['one.wav', 'two.wav'])
					transfer.items.add(new File(['this is text'], name, { type: 'audio/wav' }));
				return transfer;
			});

			await page.dispatchEvent('#drop', 'drop', { dataTransfer: data });
			await page.locator('#meters .meter.failed').nth(1).waitFor();
		});
		once('says in words why a file is refused', async () => {
			for (const text of await page.locator('#meters .meter.failed .meter-text').allTextContents())
				assert.match(text, /^Failed\. .*[a-z]+ [a-z]+.* Try another file\.$/);
			assert.equal(await page.getByRole('button', { name: /^Resume/ }).count(), 0);
			await page.emulateMedia({ colorScheme: 'dark' });
			forgive(complaints, /4\d\d/);
		});
		const row = (track) => page.locator(`#manage-list li[data-track="${track}"]`);
		const card = async (track) => (await fetch(`${stack.url}cgi-bin/catalogue.fcgi/tracks/${track}`,
			{ headers: { 'X-Api-Key': stack.key } })).json();

		once('asks for a file whose upload was interrupted, and forgets it if that is wanted', async () => {
			await fresh();
			await giveKey(stack.key);
			await page.route(/upload\.fcgi\/[^/]+$/, (route) =>
				(route.request().method() === 'PATCH' ? route.abort() : route.continue()));
			await page.setInputFiles('#files', song);
			await page.waitForFunction(() => Object.keys(localStorage).some((key) => key.startsWith('tus::')));
			await page.unrouteAll({ behavior: 'ignoreErrors' });
			await page.reload();
			await page.getByText('Choose this file again').waitFor();
			await page.setInputFiles('#files', song);
			assert.equal(await page.locator('#interrupted li').count(), 0);
			await finish();
			await page.evaluate(() => localStorage.setItem('tus::tus-x::1', JSON.stringify({ size: 5, metadata: { filename: 'old.wav' } })));
			await page.reload();
			await page.getByRole('button', { name: 'Forget old.wav' }).click();
			await page.waitForFunction(() => document.querySelectorAll('#interrupted li').length === 0);
			await page.reload();
			assert.equal(await page.locator('#interrupted li').count(), 0);
			forgive(complaints, /ERR_FAILED/);
		});
		it(on('sends two files at once'), async () => {
			await page.route(/upload\.fcgi\/[^/]+$/, async (route) => {
				await new Promise((resolve) => setTimeout(resolve, 300));
				await route.continue();
			});
			await page.setInputFiles('#files', [song, mix, song]);
			await page.waitForFunction(() => document.querySelectorAll('#meters .meter[data-stage="sending"]').length === 2);
			await page.unrouteAll({ behavior: 'wait' });
			await page.waitForFunction(() => document.querySelectorAll('#meters .meter[data-stage="done"]').length === 3, null, { timeout: 120000 });
			tracks.push(...await page.locator('#meters .meter[data-stage="done"]').evaluateAll((all) => all.map((li) => li.dataset.track)));
		});
		it(on('changes what is said of a track, and makes it private'), async () => {
			const [track] = tracks.slice(-1);

			await row(track).getByRole('button', { name: /^Edit/ }).click();
			await row(track).locator('input[name="title"]').fill('Ebb');
			await row(track).locator('input[name="artist"]').fill('The Drift Machine');
			await row(track).getByRole('checkbox').check();
			await row(track).getByRole('button', { name: 'Save' }).click();
			await row(track).locator('.track-by', { hasText: 'private' }).waitFor();
			const { title, artist, private: hidden } = await card(track);
			assert.deepEqual([title, artist, hidden], ['Ebb', 'The Drift Machine', true]);
		});
		it(on('gives a track a picture, and takes it away'), async () => {
			const [track] = tracks.slice(-2);
			const send = (name) => row(track).locator('input[name="cover"]').setInputFiles(name);

			await row(track).getByRole('button', { name: /^Edit/ }).click();
			await row(track).getByRole('button', { name: 'Add a picture' }).waitFor();
			await send(song);
			await row(track).getByText('The picture cannot be taken: it is neither JPEG nor PNG.').waitFor();
			forgive(complaints, /415/);
			await send({ name: 'sea.png', mimeType: 'image/png', buffer: composePicture([0, 40, 80], [200, 220, 230], 9) });
			await row(track).locator('.editor-cover img').waitFor();
			assert.match((await card(track)).cover, /^cover-.*\.png$/);
			assert.ok(await row(track).locator('.art img').first().evaluate((img) => img.decode().then(() => img.naturalWidth === 160)));
			await row(track).getByRole('button', { name: 'Remove picture' }).click();
			await row(track).getByRole('button', { name: 'Add a picture' }).waitFor();
			assert.equal((await card(track)).cover, null);
			await row(track).getByRole('button', { name: /^Cancel/ }).click();
		});
		it(on('replaces the audio of a track'), async () => {
			const [track] = tracks.slice(-2);

			await row(track).getByRole('button', { name: /^Edit/ }).click();
			await row(track).locator('input[name="audio"]').setInputFiles(mix);
			await row(track).getByRole('button', { name: /^Cancel/ }).click();
			await page.locator('#meters .meter:nth-child(4)[data-stage="done"]').waitFor({ timeout: 120000 });
			const { version, seconds } = await card(track);
			assert.deepEqual([version, seconds], [2, MIX_SECONDS]);
		});
		it(on('deletes a track, unless that is undone'), async () => {
			const [, track] = tracks.slice(-2);

			await page.clock.install();
			await row(tracks.at(-2)).getByRole('button', { name: /^Delete/ }).click();
			await page.getByRole('button', { name: /^Undo/ }).click();
			await page.clock.runFor(9000);
			assert.equal((await card(tracks.at(-2))).version, 2);
			await row(track).getByRole('button', { name: /^Delete/ }).click();
			const deleted = page.waitForResponse((answer) => answer.request().method() === 'DELETE');
			await page.clock.runFor(9000);
			assert.equal((await deleted).status(), 204);
			await row(track).waitFor({ state: 'detached' });
		});
		once('shows an administrator what the transcoder does', async () => {
			await page.route(/upload\.fcgi\/queue$/, (route) => route.fulfill({ json: { queued: 1, running: 1, failed: 1, missing: 2,
				jobs: [{ track: 'a', title: 'Ebb', kind: 'opus', state: 'running', progress: 0.256 }],
				failures: [{ track: tracks[0], title: 'Low Tide', kind: 'opus', error: 'the file is cut' }] } }));
			await page.clock.runFor(4000);
			await page.getByText('1 running · 1 waiting · 1 failed · 2 missing').waitFor();
			assert.match(await page.textContent('#queue-rows'), /Ebb.*Opus.*25.*Low Tide.*the file is cut/);
			for (const [name, path] of [['Retry Opus of Low Tide', /regenerate\?kind=opus$/], ['Make what is missing', /backfill$/]]) {
				const posted = page.waitForResponse((answer) => path.test(answer.url()));
				await page.getByRole('button', { name }).click();
				assert.equal((await posted).status(), 202);
			}
			await page.setViewportSize({ width: 1280, height: 1600 });
			await page.unrouteAll({ behavior: 'wait' });
		});
		it(on('takes files without script'), async () => {
			const still = await (await browser.newContext({ javaScriptEnabled: false })).newPage();

			await still.goto(url);
			assert.ok(await still.isHidden('#key-form') && await still.isHidden('#drop'));
			await still.fill('#plain-key', stack.key);
			await still.setInputFiles('#plain-files', [song, other]);
			await still.click('noscript button');
			await still.waitForURL(/upload\.fcgi\/$/, { timeout: 60000 });
			assert.equal(await still.textContent('h1'), 'Uploaded');
			assert.deepEqual(await still.locator('li strong').allTextContents(), ['Low Tide.wav', 'Other Mix.wav']);
			for (const audio of await still.locator('audio').all()) {
				const track = (await audio.getAttribute('src')).split('/').at(-1);

				assert.equal((await fetch(`${stack.url}cgi-bin/stream.fcgi/${track}`)).status, 200);
				tracks.push(track);
			}
			await still.context().close();
		});
		once('fits 360 pixels', async () => {
			await page.setViewportSize({ width: 360, height: 740 });
			assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 360));
		});
		it(on('has nothing to complain about in the console, nor breaks its content policy'), async () => {
			assert.deepEqual(complaints, []);
			assert.deepEqual(requests.map((request) => request.url()).filter((text) => text.includes(stack.key)), []);
			await context.close();
			for (const track of tracks)
				await removeTrack(stack, track);
		});
	}
})();
