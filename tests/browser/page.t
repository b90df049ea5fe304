#!/usr/bin/env node
/* the page around the player: queue, keys, links, albums, frames, loudness */
const assert = require('node:assert/strict');
const { createServer } = require('node:http');

(async () => {
	const { it, runTests } = await import('./lib/tap.mjs');
	const { stacks } = await import('./lib/stacks.mjs');
	const { launch, openPage } = await import('./lib/browser.mjs');
	const { composeWav } = await import('./lib/wav.mjs');
	const { uploadTrack, removeTrack, describeTrack } = await import('./lib/api.mjs');
	const browser = await launch();

	/* nothing here depends on the server */
	for (const stack of stacks().slice(0, 1))
		describe(stack);
	await runTests();
	await browser.close();

	function describe(stack) {
		const on = (sentence) => `${sentence} (${stack.name})`;
		const artist = `The Drift & Co ${process.pid}`;
		const album = 'Tidal “Studies”';
		const titles = ['Harbour Lights', 'Ebb', 'Six Rooms'];
		/** ids in the order of titles */
		const tracks = [];
		let context, page, complaints;

		const state = () => page.evaluate(() => drift.state);
		const place = (wanted) => page.waitForFunction((at) => drift.state.place === at && drift.state.t > 0.1, wanted);
		const query = () => new URLSearchParams({ artist, album });

		it(on('shows an album in its order'), async () => {
			for (const [i, title] of titles.entries()) {
				tracks.push(await uploadTrack(stack, `${title}.wav`, composeWav(20 + i, { level: 0.5 })));
				await describeTrack(stack, tracks[i], { artist, album });
			}
			context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' });
			await context.grantPermissions(['clipboard-read', 'clipboard-write']);
			({ page, complaints } = await openPage(context));
			await page.addInitScript(noteActions);
			await page.goto(`${stack.url}?${query()}`);
			await page.locator('#tracks li').nth(2).waitFor();
			assert.deepEqual(await page.locator('.row-title').allTextContents(), titles);
			assert.equal(await page.textContent('#list-title'), album);
			assert.equal(await page.textContent('#list-by'), `${artist} · 3 tracks · 1:03`);
		});
		it(on('weighs less than 150 kB before there is any sound'), async () => {
			const bytes = await page.evaluate(() => ['navigation', 'resource']
				.flatMap((type) => performance.getEntriesByType(type))
				.reduce((sum, { transferSize }) => sum + transferSize, 0));

			assert.ok(bytes > 20000 && bytes < 150000, `${bytes} bytes`);
		});
		it(on('plays the list one after the other, by buttons too'), async () => {
			await page.click('#tracks li:nth-child(1) .row');
			await place(0);
			await page.click('#next');
			await place(1);
			await page.evaluate(() => drift.seek(10));
			await page.click('#previous');
			await page.waitForFunction(() => drift.state.place === 1 && drift.state.t < 2);
			await page.evaluate(() => drift.seek(drift.state.duration - 0.6));
			await place(2);
			assert.equal(await page.textContent('#title'), 'Six Rooms');
			assert.ok(await page.isDisabled('#next'));
		});
		it(on('shows the queue, and lets it be changed while it plays'), async () => {
			await page.click('#queue-button');
			await page.waitForFunction(() => document.querySelector('#queue-list .current .queue-title')?.textContent === 'Six Rooms');
			await page.getByRole('button', { name: 'Remove Ebb from the queue' }).click();
			assert.equal(await page.locator('#queue-list li').count(), 2);
			await page.locator('.queue-place').first().click();
			await place(0);
			await page.keyboard.press('Escape');
			assert.ok(await page.isHidden('#queue'));
			await page.getByRole('button', { name: 'Play Ebb next' }).click();
			assert.equal(await page.textContent('#list-status'), 'Ebb plays next.');
			await page.click('#next');
			await page.waitForFunction(() => document.getElementById('title').textContent === 'Ebb');
		});
		it(on('is driven by keys from anywhere'), async () => {
			const plays = (wanted) => page.waitForFunction((is) => drift.state.playing === is, wanted);

			await place(1);
			await page.evaluate(() => document.activeElement.blur());
			await page.keyboard.press(' ');
			await plays(false);
			await page.keyboard.press('5');
			assert.equal((await state()).t, (await state()).duration / 2);
			await page.keyboard.press('ArrowLeft');
			assert.equal((await state()).t, (await state()).duration / 2 - 5);
			await page.keyboard.press('ArrowRight');
			await page.keyboard.press(' ');
			await plays(true);
			await page.focus('#share');
			await page.keyboard.press('ArrowDown');
			assert.equal(await page.evaluate(() => drift.volume), 0.95);
			await page.keyboard.press('/');
			await page.keyboard.type('5 x/');
			assert.equal(await page.inputValue('#search'), '5 x/');
			await page.fill('#search', '');
		});
		it(on('keeps the volume'), async () => {
			await page.fill('#volume', '0.4');
			await page.goto(`${stack.url}?track=${tracks[0]}&t=7`);
			await page.waitForFunction(() => drift.volume === 0.4 && document.getElementById('volume').value === '0.4');
			await page.fill('#volume', '1');
		});
		it(on('shares a link to the moment'), async () => {
			await page.waitForFunction(() => drift.state.t === 7);
			const counted = page.waitForResponse(/\/plays$/);
			await page.click('#share');
			await page.waitForFunction(() => document.getElementById('notice').textContent.includes('clipboard'));
			assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${stack.url}?track=${tracks[0]}&t=7`);
			assert.equal((await counted).request().postDataJSON().kind, 'share');
		});
		it(on('tells the system what plays, and obeys its keys'), async () => {
			await page.click('#toggle');
			await page.waitForFunction(() => navigator.mediaSession.playbackState === 'playing');
			assert.deepEqual(await page.evaluate(() => {
				const { title, artist: by, album: on } = navigator.mediaSession.metadata;

				return [title, by, on];
			}), ['Harbour Lights', artist, album]);
			await page.evaluate(() => actions.seekto({ seekTime: 12 }));
			assert.ok((await state()).t >= 12);
			await page.evaluate(() => actions.pause());
			await page.waitForFunction(() => navigator.mediaSession.playbackState === 'paused' && !drift.state.playing);
		});
		it(on('plays by a preset for who asks for one'), async () => {
			const asked = page.waitForRequest(/format=opus&preset=bright&intensity=0\.50$/);

			await page.evaluate((track) => drift.play(track, { t: 4, preset: 'bright', intensity: 0.5 }), tracks[1]);
			await asked;
			await page.waitForFunction(() => drift.state.playing && drift.state.t > 4.3);
			assert.deepEqual([(await state()).rendition, (await state()).engine], ['opus', 'windows']);
			await assert.rejects(page.evaluate((track) => drift.play(track, { intensity: 2 }), tracks[1]), /from 0 to 1/);
			await page.evaluate((track) => drift.play(track), tracks[0]);
			await page.evaluate(() => drift.pause());
		});
		it(on('evens out the loudness if the listener wants it'), async () => {
			const gain = await page.evaluate(async (track) => {
				const { gain: { track: dB, peak } } = await (await fetch(`/cgi-bin/stream.fcgi/${track}/manifest.json`)).json();

				return 10 ** (Math.min(dB, Math.max(0, -peak), 12) / 20);
			}, tracks[0]);
			assert.ok(Math.abs(gain - 1) > 0.05, `${gain}`);
			const level = () => page.evaluate(async () => {
				const meter = new AnalyserNode(drift.context, { fftSize: 32768 });
				const block = new Float32Array(32768);

				drift.output.connect(meter);
				drift.seek(5);
				await drift.resume();
				while (drift.state.t < 6.2)
					await new Promise((resolve) => setTimeout(resolve, 50));
				meter.getFloatTimeDomainData(block);
				drift.output.disconnect(meter);
				drift.pause();
				return Math.sqrt(block.reduce((sum, value) => sum + value * value, 0) / block.length);
			});
			const before = await level();
			await page.click('#settings-button');
			await page.check('#settings input[value="track"]');
			await page.waitForFunction(() => document.documentElement.dataset.normalisation === 'track');
			const after = await level();
			assert.ok(Math.abs(after / before / gain - 1) < 0.1, `${after / before}, not ${gain}`);
			await page.keyboard.press('Escape');
		});
		it(on('plays in a frame of another site'), async () => {
			const html = `<iframe src="${stack.url}embed.html?track=${tracks[1]}&track=${tracks[2]}&t=3" width="360" height="190" allow="autoplay"></iframe>`;
			const server = createServer((_, answer) => answer.writeHead(200, { 'Content-Type': 'text/html' }).end(html));

			await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
			const other = await openPage(context);
			await other.page.goto(`http://localhost:${server.address().port}/`);
			const frame = other.page.frames()[1];
			await frame.waitForFunction(() => globalThis.drift?.state.t === 3);
			await frame.click('#toggle');
			await frame.waitForFunction(() => drift.state.t > 3.3 && drift.state.playing);
			assert.equal(await frame.textContent('#title'), 'Ebb');
			assert.ok(await frame.evaluate(() => document.documentElement.scrollWidth <= innerWidth &&
				document.documentElement.scrollHeight <= innerHeight));
			await frame.click('#next');
			await frame.waitForFunction(() => document.getElementById('title').textContent === 'Six Rooms');
			assert.deepEqual(other.complaints, []);
			await other.page.close();
			server.close();
		});
		it(on('links each artist by itself'), async () => {
			const other = await openPage(context);
			const titlesOf = () => other.page.locator('#tracks .row-title').allTextContents();

			await describeTrack(stack, tracks[1], { artist: `${artist}; Guest & Co` });
			await other.page.goto(`${stack.url}?track=${tracks[1]}`);
			await other.page.locator('#artist a').nth(1).waitFor();
			assert.equal(await other.page.textContent('#artist'), `${artist}; Guest & Co`);
			await other.page.locator('#artist a').nth(1).click();
			await other.page.locator('#tracks li').waitFor();
			assert.deepEqual([await other.page.textContent('#list-title'), await titlesOf()], ['Guest & Co', ['Ebb']]);
			await other.page.goto(`${stack.url}?${query()}`);
			await other.page.locator('#tracks li').nth(2).waitFor();
			assert.deepEqual(await titlesOf(), titles);
			await describeTrack(stack, tracks[1], { artist });
			assert.deepEqual(other.complaints, []);
			await other.page.close();
		});
		it(on('lists and plays without script'), async () => {
			const plain = await browser.newContext({ javaScriptEnabled: false });
			const still = await plain.newPage();

			await still.goto(stack.url);
			assert.equal(await still.locator('noscript a').count(), 3);
			assert.ok(await still.isHidden('#player') && await still.isHidden('#settings-button'));
			await still.fill('#search', artist);
			await still.press('#search', 'Enter');
			assert.match(still.url(), /catalogue\.fcgi\/list\?q=/);
			assert.equal(await still.locator('audio').count(), 3);
			await still.waitForFunction(() => document.querySelector('audio').readyState >= 0);
			await plain.close();
		});
		it(on('has nothing to complain about in the console, nor breaks its content policy'), async () => {
			assert.deepEqual(complaints, []);
			await context.close();
			for (const track of tracks)
				await removeTrack(stack, track);
		});
	}

	/** In the page: what the keys of the system would call. */
	function noteActions() {
		const set = MediaSession.prototype.setActionHandler;

		globalThis.actions = {};
		MediaSession.prototype.setActionHandler = function (name, act) {
			globalThis.actions[name] = act;
			return set.call(this, name, act);
		};
	}
})();
