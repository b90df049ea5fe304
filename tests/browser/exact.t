#!/usr/bin/env node
/* what the player really sounds, frame by frame, against whole decodes of the same files */
const assert = require('node:assert/strict');

/** A decoder that starts in the middle is right to the last bit but for what is far below any converter's noise. */
const NOTHING = 1e-9;
/** Of seeks in each rendition. */
const SEEKS = 8;

(async () => {
	const { it, runTests } = await import('./lib/tap.mjs');
	const { stacks } = await import('./lib/stacks.mjs');
	const { launch, openPage, forgive } = await import('./lib/browser.mjs');
	const { composeWav } = await import('./lib/wav.mjs');
	const { uploadTrack, removeTrack, beginUpload, waitForJobs } = await import('./lib/api.mjs');
	const { hear } = await import('./lib/capture.mjs');
	const { faulty } = await import('./lib/faults.mjs');
	const browser = await launch();

	for (const [i, stack] of stacks().entries())
		describe(stack, i === 0);
	await runTests();
	await browser.close();

	/** Once with everything; what the server has no part in need not be heard again on the other. */
	function describe(stack, all) {
		const on = (sentence) => `${sentence} (${stack.name})`;
		const once = (sentence, run) => all && it(on(sentence), run);
		let long, short, mono, growing, context, page, complaints;

		async function fresh() {
			await context?.close();
			context = await browser.newContext({ bypassCSP: true });
			({ page, complaints } = await openPage(context));
			await hear(page);
			await page.goto(stack.url);
		}

		/** Plays, waits until it sounds, and hears it from then on. */
		async function begin(track, options) {
			await page.evaluate(async ([id, how]) => {
				await drift.play(id, how);
				await untilSounding();
				await capture.start(drift.context, drift.output);
			}, [track, options]);
		}

		it(on('lands a seek on the exact sample, and goes on without an error'), async () => {
			long = await uploadTrack(stack, 'long.wav', composeWav(60));
			short = await uploadTrack(stack, 'short.wav', composeWav(1.70317));
			mono = await uploadTrack(stack, 'mono.wav', composeWav(2.3, { rate: 32000, channels: 1 }));
			for (const format of ['opus', 'lossless']) {
				await fresh();
				await begin(long, { format });
				const errors = await page.evaluate(async ([id, how, count]) => {
					const whole = await reference(id, how, drift.context.sampleRate);
					const found = [];

					for (let i = 0; i < count; i++)
						found.push(await hearSeek(whole, (i === 0 ? 0 : Math.random()) * 55));
					return found;
				}, [long, format, SEEKS]);

				assert.deepEqual(errors.filter(({ error }) => !(error <= NOTHING)), [], format);
			}
		});
		once('joins windows without an error', async () => {
			await fresh();
			await begin(long, { format: 'opus' });
			const { error, seconds } = await page.evaluate(async (id) => {
				const whole = await reference(id, 'opus', drift.context.sampleRate);

				return hearSeek(whole, 20.123, 12);
			}, long);

			assert.ok(seconds > 11);
			assert.ok(error <= NOTHING, String(error));
		});
		once('joins tracks of other rates and channels at the exact frame', async () => {
			await fresh();
			const order = [[short, 'opus'], [short, 'lossless'], [mono, 'lossless'], [mono, 'opus'], [short, 'opus']];
			const result = await page.evaluate(async (tracks) => {
				await capture.start(drift.context, drift.output);
				const wholes = [];
				for (const [id, format] of tracks)
					wholes.push(await reference(id, format, 48000));
				drift.queue(tracks.map(([track, format]) => ({ track, format })));
				drift.resume();
				await until(() => drift.state.place === 4);
				await until(() => !drift.state.playing);

				return compareSequence(await capture.take(), wholes);
			}, order);

			assert.ok(result.error <= NOTHING, JSON.stringify(result));
			assert.ok(result.silentAfter);
		});
		once('changes the quality at an exact sample while it plays', async () => {
			await fresh();
			await begin(long, { t: 10 });
			const result = await page.evaluate(async (id) => {
				const { sampleRate } = drift.context;
				const [before, after] = [await reference(id, 'lossless', sampleRate), await reference(id, 'opus', sampleRate)];

				capture.clear();
				await new Promise((resolve) => setTimeout(resolve, 500));
				document.querySelector('#settings input[value="opus"]').click();
				await until(() => drift.state.rendition === 'opus');
				await new Promise((resolve) => setTimeout(resolve, 3000));
				return compareSwitch(await capture.take(), before, after);
			}, long);

			assert.ok(result.found, JSON.stringify(result));
			assert.ok(result.before > 0.3 * 44100 && result.after > 44100, JSON.stringify(result));
			assert.ok(result.error <= NOTHING, JSON.stringify(result));
		});
		it(on('plays on without an error while a third of the answers fails, is late, cut or damaged'), async () => {
			await fresh();
			const faults = await faulty(page, /\.(opus|wav|mp4)$/, 16);
			const result = await page.evaluate(async (tracks) => {
				const wholes = [];
				let stalls = 0;

				await capture.start(drift.context, drift.output);
				for (const [id, format] of tracks)
					wholes.push(await reference(id, format, 48000, '?'));
				drift.addEventListener('stalled', () => stalls++);
				drift.queue(tracks.map(([track, format]) => ({ track, format })));
				drift.resume();
				await until(() => drift.state.place === 5 && drift.state.t > 8);
				return { ...compareSequence(await capture.take(), wholes), stalls };
			}, [[short, 'opus'], [mono, 'lossless'], [mono, 'opus'], [short, 'lossless'], [short, 'opus'], [long, 'opus']]);

			await faults.stop();
			assert.ok(faults.count >= 3, `${faults.count} faults`);
			assert.deepEqual([result.stalls, result.error <= NOTHING], [0, true], JSON.stringify(result));
			forgive(complaints, /Failed to load resource/);
		});
		once('says that it is stalled, and goes on by itself where it was', async () => {
			await fresh();
			await begin(long, { format: 'opus' });
			const result = await page.evaluate(async (id) => {
				const whole = await reference(id, 'opus', 48000, '?');
				const fetchIt = globalThis.fetch;
				const told = [];

				globalThis.fetch = (...request) => (/\.opus$/.test(String(request[0]))
					? Promise.reject(new TypeError('away')) : fetchIt(...request));
				drift.addEventListener('stalled', ({ detail }) => told.push(detail.stalled));
				await until(() => drift.state.stalled);
				const said = document.getElementById('notice').textContent;
				const at = drift.state.t;

				capture.clear();
				await new Promise((resolve) => setTimeout(resolve, 300));
				globalThis.fetch = fetchIt;
				await until(() => !drift.state.stalled);
				await new Promise((resolve) => setTimeout(resolve, 1000));
				return { told, said, ...compareFrom(await capture.take(), whole, Math.round(at * 48000)) };
			}, long);

			assert.deepEqual(result.told, [true]);
			assert.match(result.said, /wait/i);
			assert.ok(result.seconds > 0.5 && result.error <= NOTHING, JSON.stringify(result));
		});
		it(on('plays what is still being uploaded, waits for the uploader, and leaves nothing out'), async () => {
			const { track, send } = await beginUpload(stack, 'growing.wav', composeWav(9));

			growing = track;
			await fresh();
			await send(400000);
			await page.evaluate(async (id) => {
				await capture.start(drift.context, drift.output);
				await drift.play(id);
				await until(() => drift.state.stalled);
			}, growing);
			assert.match(await page.textContent('#notice'), /more of the upload/);
			await send(700000);
			const [back] = await Promise.all([page.evaluate(async () => {
				const begun = performance.now();

				await until(() => !drift.state.stalled);
				return performance.now() - begun;
			})]);
			assert.ok(back < 3000, `${back} ms`);
			await send(44 + 4 * 9 * 44100 - 1100000);
			await waitForJobs(stack, growing, 60);
			const result = await page.evaluate(async (id) => {
				await until(() => !drift.state.playing);
				return compareHeard(await capture.take(), await reference(id, 'lossless', 48000));
			}, growing);
			assert.ok(result.error <= NOTHING && result.heard === 9 * 48000, JSON.stringify(result));
			forgive(complaints, /503/);
		});
		it(on('has nothing to complain about'), async () => {
			assert.deepEqual(complaints, []);
			await context.close();
			for (const track of [long, short, mono, growing])
				await removeTrack(stack, track);
		});
	}
})();
