#!/usr/bin/env node
/* how the pages look: pictures of every state in both themes, and what can be said of them without eyes */
const assert = require('node:assert/strict');
const { readFileSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const SIZES = [{ width: 360, height: 740 }, { width: 1280, height: 800 }];
const ARTIST = 'Marisol Vega & the Long Now';
const ALBUM = 'Tidal Studies';
const TITLES = ['Ebb', 'Seven Rooms', 'What the River Said to the Lighthouse Keeper (Extended Mix)', 'Harbour Lights', 'Slow Tide'];

(async () => {
	const { it, runTests } = await import('./lib/tap.mjs');
	const { stacks } = await import('./lib/stacks.mjs');
	const { launch, openPage, forgive, screenshot } = await import('./lib/browser.mjs');
	const { composeWav } = await import('./lib/wav.mjs');
	const { composePicture } = await import('./lib/picture.mjs');
	const { faintTexts, smallTargets, overflow, focusShows } = await import('./lib/looks.mjs');
	const { uploadTrack, removeTrack, describeTrack, giveCover } = await import('./lib/api.mjs');
	const browser = await launch();
	const [stack] = stacks(); /* the same pages come from every server */
	const folder = mkdtempSync(join(tmpdir(), 'drift-looks-'));
	const tracks = [];
	let context, page, complaints;

	/** Takes pictures of a state at every size and in both themes, and looks for what is wrong. */
	async function look(name, of = page) {
		for (const size of SIZES)
			for (const scheme of ['light', 'dark']) {
				const where = `${name} ${size.width} ${scheme}`;

				await of.setViewportSize(size);
				await of.emulateMedia({ colorScheme: scheme });
				assert.equal(await of.evaluate(overflow), 0, `${where} is wider than the window`);
				assert.deepEqual(await of.evaluate(faintTexts), [], `${where}: faint`);
				assert.deepEqual(await of.evaluate(smallTargets), [], `${where}: small`);
				if ((size === SIZES[0]) === (scheme === 'light')) /* every size and every theme once */
					assert.deepEqual(await barriers(of), [], `${where}: axe`);
				await screenshot(of, `${name}-${size.width}-${scheme}`, name.startsWith('upload'));
			}
	}

	/** What axe-core finds serious or worse; it is a script. */
	async function barriers(of) {
		if (await of.evaluate(() => matchMedia('(scripting: none)').matches))
			return [];
		await of.evaluate(`globalThis.axe ?? eval(${JSON.stringify(AXE)})`).catch(() => of.evaluate(AXE));
		const { violations } = await of.evaluate(() => axe.run({ resultTypes: ['violations'] }));

		return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
			.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html.slice(0, 120))]);
	}

	const open = async (query) => {
		await page.goto(`${stack.url}${query}`);
		await page.locator('#tracks li').nth(TITLES.length - 1).waitFor();
	};

	it('shows the list with its pictures, which move nothing when they come', async () => {
		const covers = [composePicture([252, 190, 120], [70, 30, 90], 9), composePicture([10, 40, 60], [120, 220, 210], 24)];

		for (const [i, title] of TITLES.entries()) {
			tracks.push(await uploadTrack(stack, `${title}.wav`, composeWav(40 + 13 * i, { rate: 8000 })));
			await describeTrack(stack, tracks[i], { title, artist: ARTIST, album: i < 4 ? ALBUM : '' });
			await giveCover(stack, tracks[i], i === 1 ? null : covers[i < 4 ? 0 : 1]);
		}
		context = await browser.newContext({ viewport: SIZES[1], colorScheme: 'light' });
		({ page, complaints } = await openPage(context));
		await page.addInitScript(noteShifts);
		await open('');
		await page.waitForFunction(() => document.querySelectorAll('#tracks img').length >= 4 &&
			[...document.querySelectorAll('#tracks img')].slice(0, 4).every(({ complete, naturalWidth }) => complete && naturalWidth));
		assert.ok(await page.evaluate(() => globalThis.shifted) < 0.05, 'layout shift');
		await look('list');
	});
	it('shows what a search finds, and that it finds nothing', async () => {
		await page.fill('#search', 'no such thing');
		await page.getByText('Nothing is called').waitFor();
		await look('nothing');
	});
	it('shows an album', async () => {
		await open(`?${new URLSearchParams({ artist: ARTIST })}`);
		await look('artist');
		await page.goto(`${stack.url}?${new URLSearchParams({ artist: ARTIST, album: ALBUM })}`);
		await page.locator('#list-actions').getByRole('button', { name: 'Play' }).click();
		await page.waitForFunction(() => drift.state.playing && drift.state.t > 0.2);
		await look('album');
	});
	it('shows the player, its queue and the settings', async () => {
		await open('');
		await page.getByRole('button', { name: /^What the River Said/ }).click();
		await page.waitForFunction(() => drift.state.playing);
		await page.evaluate(() => drift.seek(26));
		await page.waitForFunction(() => drift.state.t > 26.2);
		await page.evaluate(() => drift.pause());
		await look('player');
		await page.click('#queue-button');
		await look('queue');
		await page.keyboard.press('Escape');
		await page.click('#settings-button');
		await look('settings');
		await page.keyboard.press('Escape');
	});
	it('tells a screen reader what there is', async () => {
		await page.setViewportSize(SIZES[1]);
		const said = await page.locator('#player').ariaSnapshot();
		const wanted = ['- region "Player":', '- button "Previous"', '- button "Play"', '- button "Next"', 'What the River Said',
			'- link "Marisol Vega', '- slider "Position"', '- button "Share"', '- button "Queue"', '- slider "Volume"', '- status'];

		wanted.reduce((from, line) => {
			const at = said.indexOf(line, from);

			assert.ok(at >= from, `${line} is not there, or not there in its order:\n${said}`);
			return at;
		}, 0);
		assert.match(await page.getAttribute('#seek', 'aria-valuetext'), /^26 seconds of 1 minute 6 seconds$/);
	});
	for (const size of SIZES)
		it(`shows where the focus is, in the order in which the page is read, ${size.width} pixels wide`, async () => {
			await page.setViewportSize(size);
			await open('');
			const places = [];

			for (let step = 0; step < 9; step++) {
				await page.keyboard.press('Tab');
				assert.ok(await page.evaluate(focusShows), `step ${step} shows no focus`);
				places.push(await page.evaluate(() => {
					const { left, top } = document.activeElement.getBoundingClientRect();

					return { row: Math.round(top / 30), left };
				}));
			}
			/* but for the link past the list, which is seen once it has the focus */
			places.slice(1).reduce((before, now) => {
				assert.ok(now.row > before.row || (now.row === before.row && now.left > before.left), JSON.stringify(places));
				return now;
			});
		});
	it('shows the small player in frames of several widths', async () => {
		const query = new URLSearchParams([...tracks.slice(2).map((track) => ['track', track]), ['t', '9']]);
		const server = createServer((_, answer) => {
			answer.setHeader('Content-Type', 'text/html');
			answer.end(`<!doctype html><html lang="en"><title>A blog</title><main><h1>Somebody's page</h1>${[[320, 180], [480, 180], [760, 120], [1200, 90]]
				.map(([width, height]) => `<p><iframe title="${width}" src="${stack.url}embed.html?${query}" width="${width}" height="${height}"></iframe></p>`).join('')}`);
		}).listen(0);
		const other = await openPage(context);

		await other.page.setViewportSize({ width: 1280, height: 860 });
		await other.page.goto(`http://127.0.0.1:${server.address().port}/`);
		for (const frame of other.page.frames().slice(1)) {
			await frame.waitForFunction(() => globalThis.drift?.state.t === 9);
			assert.deepEqual(await frame.evaluate(() => [document.documentElement.scrollWidth - innerWidth,
				document.documentElement.scrollHeight - innerHeight].map((over) => Math.max(0, over))), [0, 0]);
			assert.deepEqual(await frame.evaluate(smallTargets), []);
		}
		await screenshot(other.page, 'embed');
		assert.deepEqual(other.complaints, []);
		await other.page.close();
		server.close();
	});
	it('shows list, settings and a form for files to who has no script', async () => {
		const still = await (await browser.newContext({ javaScriptEnabled: false })).newPage();

		await still.goto(`${stack.url}cgi-bin/catalogue.fcgi/list`);
		await look('plain-list', still);
		await still.goto(`${stack.url}cgi-bin/settings.fcgi/`);
		await look('plain-settings', still);
		await still.goto(`${stack.url}upload.html`);
		await look('plain-upload', still);
		await still.context().close();
	});
	it('shows an upload page that nobody has used yet', async () => {
		await page.goto(`${stack.url}upload.html`);
		await look('upload-empty');
	});
	it('shows files on every part of their way, and tracks that are edited and removed', async () => {
		const file = (name, bytes) => {
			writeFileSync(join(folder, name), bytes);
			return join(folder, name);
		};
		const jobs = [{ track: tracks[0], title: TITLES[0], kind: 'opus', state: 'running', progress: 0.42 },
			{ track: tracks[1], title: TITLES[2], kind: 'waveform', state: 'queued', progress: 0 }];
		const failures = [{ track: tracks[2], title: TITLES[3], kind: 'remux', error: 'the file is cut after 12 minutes' }];
		const stage = (at) => page.locator(`#meters [data-stage="${at}"]`).first().waitFor();
		const mix = composeWav(40);

		await page.route(/upload\.fcgi\/queue$/, (route) => route.fulfill({ json: { running: 1, queued: 1, failed: 1, missing: 2, jobs, failures } }));
		/* nothing but the first piece arrives */
		await page.route(/upload\.fcgi\/[0-9a-f-]{36}$/, (route) => (Number(route.request().headers()['upload-offset']) > 0 ? undefined : route.continue()));
		await page.route(/track\/[^/]+\/status$/, async (route) => {
			const answer = await route.fetch();
			if (answer.status() !== 200)
				return route.fulfill({ response: answer });
			const status = await answer.json();

			for (const job of status.jobs)
				Object.assign(job, { state: 'running', progress: 0.37 });
			await route.fulfill({ response: answer, json: status });
		});
		await page.fill('#key', stack.key);
		await page.click('#key-form button');
		await page.setInputFiles('#files', file('Night Bus.wav', composeWav(4)));
		await stage('transcoding');
		await page.setInputFiles('#files', file('liner notes.txt', Buffer.from('Recorded by the sea.')));
		await stage('failed');
		await page.setInputFiles('#files', file('Gasometer, Oberhausen, second night (soundboard).wav', mix));
		await page.waitForFunction(() => /Sending (?!0)/.test(document.querySelector('#meters').textContent));
		await page.getByRole('button', { name: /^Pause Gasometer/ }).click();
		await page.setInputFiles('#files', ['Warehouse Mix.wav', 'Kvällsljus.wav', 'Field Notes.wav'].map((name) => file(name, mix)));
		await stage('waiting');
		await page.waitForFunction(() => document.querySelectorAll('#meters [data-stage="sending"]').length === 2);
		await page.getByRole('button', { name: 'Edit Slow Tide' }).click();
		await page.locator('.editor-cover img').waitFor();
		await page.clock.install(); /* or the removal would not wait for all pictures */
		await page.getByRole('button', { name: 'Delete Seven Rooms' }).click();
		forgive(complaints, /415/);
		await look('upload');
		await page.getByRole('button', { name: 'Undo' }).click();
	});
	it('has nothing to complain about in the console, nor breaks its content policy', async () => {
		assert.deepEqual(complaints, []);
		await context.close();
		for (const track of (await (await fetch(`${stack.url}cgi-bin/catalogue.fcgi/tracks?q=Night+Bus`)).json()).tracks)
			tracks.push(track.track);
		for (const track of tracks)
			await removeTrack(stack, track);
	});
	await runTests();
	await browser.close();
	rmSync(folder, { recursive: true });

	/** In the page: how far things moved by themselves (web.dev/cls). */
	function noteShifts() {
		globalThis.shifted = 0;
		new PerformanceObserver((list) => {
			for (const { value, hadRecentInput } of list.getEntries())
				globalThis.shifted += hadRecentInput ? 0 : value;
		}).observe({ type: 'layout-shift', buffered: true });
	}
})();
