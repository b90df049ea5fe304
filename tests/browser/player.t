#!/usr/bin/env node
/* the player's page in a real browser against the running stacks */
const assert = require('node:assert/strict');

const SECONDS = 40;
const DARK = 'rgb(14, 19, 21)';

/** Sound that leaves the player within two seconds: the highest sample. */
function loudest(page) {
	return page.evaluate(async () => {
		const meter = new AnalyserNode(drift.context, { fftSize: 2048 });
		const block = new Float32Array(2048);
		const end = performance.now() + 2000;
		let highest = 0;

		drift.output.connect(meter);
		while (performance.now() < end && highest < 0.05) {
			await new Promise((resolve) => setTimeout(resolve, 20));
			meter.getFloatTimeDomainData(block);
			highest = Math.max(highest, ...block.map(Math.abs));
		}
		drift.output.disconnect(meter);
		return highest;
	});
}

const state = (page) => page.evaluate(() => drift.state);

/** Waits until it plays and its time moves. */
async function playing(page, from = 0) {
	await page.waitForFunction((at) => drift.state.playing && drift.state.t > at + 0.3, from, { timeout: 15000 });
}

async function playsBy(page, engine, rendition) {
	await page.waitForFunction(([by, what]) => drift.state.engine === by && drift.state.rendition === what,
		[engine, rendition], { timeout: 20000 });
}

async function chooseSetting(page, value) {
	if (await page.locator('#settings').isHidden())
		await page.click('#settings-button');
	const kept = page.waitForResponse((answer) =>
		answer.url().endsWith('/settings.fcgi/') && answer.request().method() === 'PUT');

	await page.check(`#settings input[value="${value}"]`);
	assert.ok((await kept).ok());
	await page.keyboard.press('Escape');
}

/** Counts the frames that the page asks for. */
function countFrames() {
	const ask = globalThis.requestAnimationFrame;

	globalThis.framesAsked = 0;
	globalThis.requestAnimationFrame = (act) => {
		globalThis.framesAsked++;
		return ask(act);
	};
}

/** Records the ground's colour from the first frame on. */
function watchGround() {
	globalThis.grounds = [];
	const note = () => {
		if (document.documentElement && document.styleSheets.length)
			globalThis.grounds.push(getComputedStyle(document.documentElement).backgroundColor);
	};

	document.addEventListener('DOMContentLoaded', note);
	const frame = () => {
		if (document.body)
			note();
		if (globalThis.grounds.length < 20)
			requestAnimationFrame(frame);
	};
	requestAnimationFrame(frame);
}

(async () => {
	const { it, runTests } = await import('./lib/tap.mjs');
	const { stacks } = await import('./lib/stacks.mjs');
	const { launch, openPage, forgive } = await import('./lib/browser.mjs');
	const { composeWav } = await import('./lib/wav.mjs');
	const { uploadTrack, removeTrack } = await import('./lib/api.mjs');
	const browser = await launch();

	for (const [i, stack] of stacks().entries())
		describe(stack, i === 0);
	await runTests();
	await browser.close();

	/** Once with everything; what the server has no part in need not be looked at again on the other. */
	function describe(stack, all) {
		const on = (sentence) => `${sentence} (${stack.name})`;
		const once = (sentence, run) => all && it(on(sentence), run);
		const title = `Tidal Study ${process.pid}`;
		let track, other, context, page, complaints;
		const row = () => page.locator(`#tracks li[data-track="${track}"] .row`);

		it(on('finds a track by a search'), async () => {
			other = await uploadTrack(stack, `Second ${title}.wav`, composeWav(1));
			track = await uploadTrack(stack, `${title}.wav`, composeWav(SECONDS));
			context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' });
			({ page, complaints } = await openPage(context));
			await page.addInitScript(countFrames);
			await page.goto(stack.url);
			await page.fill('#search', title);
			await page.waitForFunction((text) => {
				const rows = document.querySelectorAll('#tracks .row-title');

				return rows.length === 2 && [...rows].some(({ textContent }) => textContent === text);
			}, title);
			await page.fill('#search', `no ${title}`);
			await page.waitForFunction(() => document.querySelectorAll('#tracks li').length === 0);
			assert.match(await page.textContent('#list-status'), /^Nothing is called/);
		});
		once('lists further tracks at the press of a button, each once', async () => {
			await page.route(/catalogue\.fcgi\/tracks/, (route) =>
				route.continue({ url: route.request().url().replace('limit=50', 'limit=1') }));
			await page.fill('#search', title);
			await page.click('#more');
			await page.waitForFunction(() => document.querySelectorAll('#tracks li').length === 2);
			const ids = await page.locator('#tracks li').evaluateAll((rows) => rows.map((li) => li.dataset.track));

			assert.deepEqual(ids.sort(), [track, other].sort());
			await page.unrouteAll({ behavior: 'wait' });
		});
		it(on('plays the original, and it is not silent'), async () => {
			const its = new RegExp(`${track}/manifest\\.json$`);
			const asked = page.waitForResponse(its);

			await page.fill('#search', title);
			await row().hover();
			assert.equal((await state(page)).track, null);
			await asked;
			const again = page.waitForRequest(its, { timeout: 1000 }).catch(() => null);

			await row().click();
			await playing(page);
			assert.ok(!await again, 'what the pointer rests on has been asked for');
			await playsBy(page, 'windows', 'lossless');
			assert.equal(await page.textContent('#rendition'), 'Lossless · PCM');
			assert.ok((await loudest(page)) > 0.05);
		});
		once('draws the waveform', async () => {
			await page.waitForFunction(() => {
				const canvas = document.querySelector('#seek canvas');
				const { data } = canvas.getContext('2d').getImageData(canvas.width - 30, 0, 20, canvas.height);
				const rows = new Set();

				for (let i = 3; i < data.length; i += 4)
					if (data[i])
						rows.add(Math.floor(i / 80));
				return rows.size > 4;
			});
		});
		once('tells what was played from what lies ready, and draws no more than has changed', async () => {
			await page.waitForFunction(() => drift.state.buffered > 3);
			await page.evaluate(() => drift.pause());
			const { kinds, same } = await page.evaluate(async ([seconds, names]) => {
				const canvas = document.querySelector('#seek canvas');
				const { width, height } = canvas;
				const { t, buffered } = drift.state;
				/* by a copy: the browser minds a canvas that is read often */
				const pixels = () => {
					const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });

					copy.drawImage(canvas, 0, 0);
					return copy.getImageData(0, 0, width, height).data;
				};
				const before = pixels();
				/* a bar's colour, at the middle of what lies between two moments */
				const colourIn = (from, to) => {
					const at = 4 * (Math.floor(height / 2) * width + Math.floor((width * (from + to)) / 2 / seconds / 3) * 3);

					return before.slice(at, at + 3).join();
				};
				const wanted = names.map((name) => getComputedStyle(canvas).getPropertyValue(name).match(/\d+/g).slice(0, 3).join());
				const kinds = [[0, t], [t, t + buffered], [t + buffered, seconds]].map(([from, to]) => wanted.indexOf(colourIn(from, to)));

				/* which draws all of it */
				document.documentElement.toggleAttribute('data-theme', !document.documentElement.hasAttribute('data-theme'));
				await new Promise((resolve) => setTimeout(resolve, 50));
				document.documentElement.toggleAttribute('data-theme', !document.documentElement.hasAttribute('data-theme'));
				await new Promise((resolve) => setTimeout(resolve, 50));
				const all = pixels();

				return { kinds, same: before.every((value, i) => value === all[i]) };
			}, [SECONDS, ['--wave-played', '--wave-ready', '--wave']]);

			assert.deepEqual(kinds, [0, 1, 2]);
			assert.ok(same);
			await page.evaluate(() => drift.resume());
		});
		once('moves by itself no oftener than pixels and seconds do, and less where less motion is wanted', async () => {
			const [usual, less] = await page.evaluate(() => globalThis.framesAsked).then(async (before) => {
				const within = async (motion) => {
					await page.emulateMedia({ reducedMotion: motion });
					await page.waitForTimeout(300);
					const from = await page.evaluate(() => globalThis.framesAsked);

					await page.waitForTimeout(1000);
					return (await page.evaluate(() => globalThis.framesAsked)) - from;
				};

				assert.ok(before > 0);
				return [await within('no-preference'), await within('reduce')];
			});
			const pixels = await page.evaluate((seconds) => document.querySelector('#seek canvas').width / seconds, SECONDS);

			assert.ok(usual > 0 && usual <= pixels + 2, `${usual} of ${pixels} pixels a second`);
			assert.equal(less, 0);
			await page.emulateMedia({ reducedMotion: 'no-preference' });
		});
		it(on('seeks by a click on the waveform'), async () => {
			const box = await page.locator('#seek').boundingBox();

			await page.mouse.click(box.x + box.width * 0.5, box.y + box.height / 2);
			await playing(page, SECONDS * 0.5);
			assert.ok(Math.abs((await state(page)).t - SECONDS * 0.5) < 2);
		});
		once('seeks by keys, and says where it is', async () => {
			await page.focus('#seek');
			await page.keyboard.press('Home');
			await page.waitForFunction(() => drift.state.t < 2);
			await page.keyboard.press('ArrowRight');
			await page.keyboard.press('ArrowRight');
			await playing(page, 10);
			assert.match(await page.getAttribute('#seek', 'aria-valuetext'), /^1\d seconds of 40 seconds$/);
			assert.ok(Number(await page.getAttribute('#seek', 'aria-valuenow')) >= 10);
		});
		it(on('goes on where it is when the quality is changed, and it is not silent'), async () => {
			const { t } = await state(page);

			await chooseSetting(page, 'opus');
			await playsBy(page, 'windows', 'opus');
			await playing(page, t);
			assert.ok((await state(page)).t - t < 8);
			assert.equal(await page.textContent('#rendition'), 'Opus · 320 kbit/s');
			assert.ok((await loudest(page)) > 0.05);
		});
		it(on('counts a play once it has been heard for a while'), async () => {
			const counted = page.waitForResponse(/\/plays$/, { timeout: 20000 });
			await page.focus('#seek');
			await page.keyboard.press('Home');
			const answer = await counted;

			assert.ok(answer.ok(), `status ${answer.status()}`);
			assert.equal(answer.request().postDataJSON().track, track);
		});
		once('pauses and goes on by its button', async () => {
			await page.click('#toggle');
			await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
			const { t, playing: plays } = await state(page);
			assert.equal(plays, false);
			await page.click('#toggle');
			await playing(page, t);
		});
		once('leads past the list to the player by keys', async () => {
			await page.evaluate(() => document.activeElement.blur());
			await page.focus('.skip');
			assert.ok((await page.locator('.skip').boundingBox()).y >= 0);
			await page.keyboard.press('Enter');
			await page.keyboard.press('Tab');
			assert.equal(await page.evaluate(() => document.activeElement.id), 'next');
		});
		it(on('changes the theme at once'), async () => {
			await chooseSetting(page, 'dark');
			await page.waitForFunction((dark) => getComputedStyle(document.documentElement).backgroundColor === dark, DARK);
			await page.mouse.move(0, 0);
			await chooseSetting(page, 'light');
			await chooseSetting(page, 'dark');
		});
		it(on('keeps both choices over a reload, without a flash'), async () => {
			await page.addInitScript(watchGround);
			await page.reload();
			await page.waitForFunction(() => globalThis.grounds.length >= 20);
			const grounds = await page.evaluate(() => globalThis.grounds);

			assert.deepEqual([...new Set(grounds)], [DARK]);
			await page.click('#settings-button');
			assert.ok(await page.isChecked('#settings input[value="opus"]'));
			assert.ok(await page.isChecked('#settings input[value="dark"]'));
			const cookie = (await context.cookies()).find(({ name }) => name === 'streamQuality');
			assert.equal(cookie.value, 'opus');
			assert.equal(cookie.sameSite, 'Lax');
			assert.ok(Math.abs(cookie.expires - Date.now() / 1000 - 365 * 86400) < 3600);
			await page.keyboard.press('Escape');
		});
		it(on('changes over to a preset where it plays'), async () => {
			await page.goto(`${stack.url}?track=${track}&t=0:10`);
			await page.click('#toggle');
			await playing(page, 10);
			const answer = page.waitForResponse((one) =>
				one.url().includes('&preset=bright&intensity=0.50'), { timeout: 15000 });

			await chooseSetting(page, 'bright');
			assert.equal((await answer).headers()['drift-preset'], 'bright');
			await playing(page, 11);
			assert.ok(await loudest(page) > 0.05);
			assert.equal((await state(page)).rendition, 'opus');
			await chooseSetting(page, 'none');
			await page.evaluate(() => drift.pause());
		});
		it(on('opens a link at its position'), async () => {
			await page.goto(`${stack.url}?track=${track}&t=0:20`);
			await page.waitForFunction(() => document.getElementById('position').textContent === '0:20');
			assert.equal((await state(page)).playing, false);
			await page.click('#toggle');
			await playing(page, 20);
			assert.equal((await state(page)).rendition, 'opus');
		});
		once('plays lossless while Opus is being made, and takes it up later', async () => {
			let asked = 0;

			await page.route(/manifest\.json$/, async (route) => {
				const answer = await route.fetch();
				const manifest = await answer.json();

				if (asked++ === 0)
					Object.assign(manifest.renditions.opus, { state: 'missing', url: null });
				await route.fulfill({ response: answer, json: manifest });
			});
			await page.goto(`${stack.url}?track=${track}&t=5`);
			await page.waitForFunction(() => drift.state.rendition === 'lossless');
			assert.match(await page.textContent('#notice'), /still being made/);
			await page.click('#toggle');
			await playing(page, 5);
			await playsBy(page, 'windows', 'opus');
			await playing(page, 7);
			assert.equal(await page.textContent('#notice'), '');
			await page.unroute(/manifest\.json$/);
		});
		once('plays the other version when one cannot be fetched', async () => {
			await page.route(/\.opus$|init\.mp4/, (route) => route.fulfill({ status: 404 }));
			await page.goto(`${stack.url}?track=${track}`);
			await page.waitForFunction(() => drift.state.rendition === 'opus');
			await page.click('#toggle');
			await playing(page);
			assert.equal((await state(page)).rendition, 'lossless');
			assert.notEqual(await page.textContent('#notice'), '');
			await page.unroute(/\.opus$|init\.mp4/);
			forgive(complaints, /404|windows|stream/);
		});
		once('goes on by itself where a link has expired', async () => {
			let asked = 0;

			await page.route(/\.opus$/, (route) => (asked++ === 0 ? route.fulfill({ status: 404 }) : route.continue()));
			await page.goto(`${stack.url}?track=${track}&t=9`);
			await page.waitForFunction(() => drift.state.rendition === 'opus');
			await page.click('#toggle');
			await playing(page, 9);
			assert.deepEqual(await page.evaluate(() => [drift.state.rendition, drift.state.engine]), ['opus', 'windows']);
			await page.unroute(/\.opus$/);
			forgive(complaints, /404/);
		});
		once('shows any setting that the catalogue defines', async () => {
			await page.route(/settings\.fcgi\/$/, async (route) => {
				const answer = await route.fetch();
				const { settings } = await answer.json();

				settings.push({ name: 'crossfade', label: 'Crossfade', help: 'Seconds.', kind: 'number',
					choices: [], minimum: 0, maximum: 12, step: 1, fallback: '0', value: '3' });
				await route.fulfill({ response: answer, json: { settings } });
			});
			await page.reload();
			await page.click('#settings-button');
			assert.equal(await page.inputValue('#settings input[type="range"][name="crossfade"]'), '3');
			await page.unroute(/settings\.fcgi\/$/);
		});
		once('gives lossless by itself where Ogg Opus cannot be decoded, and says so', async () => {
			const deaf = await context.newPage();

			await deaf.addInitScript(() => {
				const can = HTMLMediaElement.prototype.canPlayType;
				const decode = BaseAudioContext.prototype.decodeAudioData;

				HTMLMediaElement.prototype.canPlayType = function (mime) {
					return /opus/.test(mime) ? '' : can.call(this, mime);
				};
				BaseAudioContext.prototype.decodeAudioData = function (data) {
					return new Uint8Array(data)[0] === 'O'.charCodeAt(0)
						? Promise.reject(new DOMException('no', 'EncodingError')) : decode.call(this, data);
				};
			});
			await deaf.goto(`${stack.url}?track=${track}`);
			await deaf.waitForFunction(() => drift.state.rendition === 'lossless');
			assert.match(await deaf.textContent('#notice'), /cannot play Ogg Opus/);
			await deaf.click('#settings-button');
			assert.match(await deaf.textContent('#help-streamQuality'), /cannot play Ogg Opus: you hear lossless/);
			await deaf.keyboard.press('Escape');
			await deaf.click('#toggle');
			await playing(deaf);
			assert.equal((await state(deaf)).engine, 'windows');
			await deaf.close();
		});
		it(on('plays by the element where there is neither Web Audio nor Media Source Extensions'), async () => {
			const old = await context.newPage();

			await old.addInitScript(() => {
				for (const name of ['AudioContext', 'OfflineAudioContext', 'MediaSource'])
					delete globalThis[name];
			});
			await old.goto(`${stack.url}?track=${track}&t=3`);
			await old.waitForFunction(() => drift.state.rendition === 'opus');
			await old.click('#toggle');
			await playing(old, 3);
			assert.equal((await state(old)).engine, 'element');
			await old.close();
		});
		once('says that a track is not there', async () => {
			await page.goto(`${stack.url}?track=00000000-0000-4000-8000-000000000000`);
			await page.waitForFunction(() => document.getElementById('notice').textContent !== '');
			assert.ok(await page.locator('#player').evaluate((bar) => bar.classList.contains('failed')));
			forgive(complaints, /404/);
		});
		once('fits 360 pixels', async () => {
			await page.setViewportSize({ width: 360, height: 740 });
			await page.goto(`${stack.url}?track=${track}&t=12`);
			await row().waitFor();
			await page.waitForFunction(() => document.getElementById('title').textContent.startsWith('Tidal'));
			assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 360));
		});
		it(on('gives the settings as a form without script'), async () => {
			const plain = await browser.newContext({ javaScriptEnabled: false });
			const form = await plain.newPage();

			await form.goto(stack.url);
			await form.click('noscript a[href*="settings"]');
			await form.getByLabel('Dark', { exact: true }).check();
			await form.click('button[type="submit"]');
			assert.match(form.url(), /settings\.fcgi\/$/);
			assert.ok(await form.getByLabel('Dark', { exact: true }).isChecked());
			assert.equal(await form.evaluate(() => getComputedStyle(document.documentElement).backgroundColor), DARK);
			assert.equal((await plain.cookies()).find(({ name }) => name === 'theme')?.value, 'dark');
			await plain.close();
		});
		it(on('has nothing to complain about in the console, nor breaks its content policy'), async () => {
			assert.deepEqual(complaints, []);
			await context.close();
			await removeTrack(stack, track);
			await removeTrack(stack, other);
		});
	}
})();
