#!/usr/bin/env node
/* what the player sounds, frame by frame, against whole decodes of the same files: what hangs on
   the clock is heard as it plays, the rest recorded as fast as it comes */
const assert = require('node:assert/strict');

/** Of seeks that are heard in each rendition. */
const SEEKS = [0, 3.21987, 21.3];
/** What is heard while it is uploaded: its name, how it is encoded, and what is listened to. It takes some bytes to tell what it is. */
const GROWING_SECONDS = 6;
const GROWING = [['growing.wav', null, 'lossless'], ['growing.wav', null, 'opus'], ['growing.flac', [], 'lossless'],
	['growing.mp3', ['-b:a', '320k'], 'lossless'],
	['growing.m4a', ['-c:a', 'aac', '-aac_pns', '0', '-b:a', '320k', '-movflags', 'faststart'], 'lossless']];

(async () => {
	const { it, runTests } = await import('./lib/tap.mjs');
	const { stacks } = await import('./lib/stacks.mjs');
	const { launch, openPage, forgive, UNSEEN } = await import('./lib/browser.mjs');
	const { composeWav } = await import('./lib/wav.mjs');
	const { removeTrack, beginUpload, uploadTrack } = await import('./lib/api.mjs');
	const { HEAR } = await import('./lib/capture.mjs');
	const { OFFLINE } = await import('./lib/offline.mjs');
	const { NOTHING, describeExactness, encodeWav, uploadPieces } = await import('./lib/exactness.mjs');
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
		const growing = [];
		let pieces, long, short, context, page, complaints;

		async function fresh() {
			await context?.close();
			context = await browser.newContext({ bypassCSP: true, ...UNSEEN });
			({ page, complaints } = await openPage(context));
			await page.addInitScript(HEAR + OFFLINE);
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

		it(on('is heard from the exact sample on behind a seek'), async () => {
			pieces = all ? await uploadPieces(stack) : null;
			long = pieces?.tracks['long.wav'] ?? await uploadTrack(stack, 'long.wav', composeWav(24));
			short = pieces?.tracks['short.wav'];
			for (const format of ['opus', 'lossless']) {
				await fresh();
				await begin(long, { format });
				const errors = await page.evaluate(async ([id, how, times]) => {
					const whole = await reference(id, how, drift.context.sampleRate);
					const found = [];

					for (const t of times)
						found.push(await hearSeek(whole, t, 0.8));
					return found;
				}, [long, format, SEEKS]);

				assert.deepEqual(errors.filter(({ error, seconds }) => !(error <= NOTHING && seconds > 0.2)), [], format);
			}
		});
		once('is heard without an error where windows and tracks of other codecs join', async () => {
			await fresh();
			await begin(pieces.tracks['a.mp3'], {});
			const { error, seconds } = await page.evaluate(async (order) => {
				const rate = drift.context.sampleRate;
				const wholes = [];

				for (const [id, format] of order)
					wholes.push(await reference(id, format, rate));
				drift.queue(order.map(([track, format]) => ({ track, format })));
				const whole = [0, 1].map((i) => Float32Array.from(wholes.flatMap((one) => [...one[i]])));
				return hearSeek(whole, 21.7, 6);
			}, [[pieces.tracks['a.mp3'], 'lossless'], [short, 'opus'], [pieces.tracks['a.m4a'], 'lossless']]);

			assert.ok(seconds > 5, `${seconds} s`);
			assert.ok(error <= NOTHING, String(error));
		});
		if (all)
			describeExactness(it, () => ({ page, pieces }), {});
		once('plays on without an error while a third of the answers fails, is late, cut or damaged', async () => {
			await fresh();
			const faults = await faulty(page, /\.(opus|wav|mp4)$/, 16);
			const order = [['short.wav', 'opus'], ['mono.wav', 'lossless'], ['a.m4a', 'lossless'], ['short.wav', 'lossless'], ['a.mp3', 'lossless'],
				['mono.wav', 'opus'], ['long.wav', 'opus'], ['long.wav', 'lossless']];
			const { errors } = await page.evaluate((tracks) => recordSequence(tracks, 48000, '?'),
				order.map(([name, format]) => [pieces.tracks[name], format]));

			await faults.stop();
			assert.ok(faults.count >= 8, `${faults.count} faults`);
			assert.ok(errors.every((error) => error <= NOTHING), JSON.stringify(errors));
			forgive(complaints, /Failed to load resource/);
		});
		once('does not stall meanwhile', async () => {
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
				await until(() => drift.state.place === 2 && drift.state.t > 5);
				return { ...compareSequence(await capture.take(), wholes), stalls };
			}, [[short, 'opus'], [pieces.tracks['mono.wav'], 'lossless'], [long, 'opus']]);

			await faults.stop();
			assert.ok(faults.count >= 3, `${faults.count} faults`);
			assert.deepEqual([result.stalls, result.error <= NOTHING], [0, true], JSON.stringify(result));
			forgive(complaints, /Failed to load resource/);
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
				await new Promise((resolve) => setTimeout(resolve, 2000));
				return compareSwitch(await capture.take(), before, after);
			}, long);

			assert.ok(result.found, JSON.stringify(result));
			assert.ok(result.before > 0.3 * 44100 && result.after > 44100, JSON.stringify(result));
			assert.ok(result.error <= NOTHING, JSON.stringify(result));
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
				drift.seek(3);
				await until(() => drift.state.stalled || !drift.state.buffered);
				globalThis.fetch = fetchIt;
				await untilSounding();
				globalThis.fetch = () => Promise.reject(new TypeError('away'));
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
		for (const [name, how, format] of GROWING.filter(([, encoding]) => all || !encoding))
			it(on(`plays what is still being uploaded, waits for the uploader, and leaves nothing out: ${format} of ${name}`), async () => {
				const wav = composeWav(GROWING_SECONDS);
				const file = how ? encodeWav(wav, name, how) : wav;
				const { track, send } = await beginUpload(stack, name, file);

				growing.push(track);
				await fresh();
				await send(file.length >> 1);
				await page.evaluate(async ([id, wanted]) => {
					await capture.start(drift.context, drift.output);
					await drift.play(id, { format: wanted });
					await until(() => drift.state.stalled);
				}, [track, format]);
				const { engine, rendition } = await page.evaluate(() => drift.state);

				assert.deepEqual([engine, rendition], ['windows', format]);
				await page.waitForFunction(() => /more of the upload/.test(document.getElementById('notice').textContent));
				await send(file.length >> 2);
				const back = await page.evaluate(async () => {
					const begun = performance.now();

					await until(() => !drift.state.stalled);
					return performance.now() - begun;
				});
				assert.ok(back < 3000, `${back} ms`);
				await send(file.length - (file.length >> 2) - (file.length >> 1));
				const result = await page.evaluate(async ([id, wanted]) => {
					await until(() => !drift.state.playing);
					const heard = await capture.take();
					const whole = await reference(id, wanted, 48000);

					return { ...compareHeard(heard, whole), length: whole[0].length };
				}, [track, format]);

				assert.ok(result.error <= NOTHING && result.heard === result.length, JSON.stringify(result));
				forgive(complaints, /503/);
			});
		it(on('has nothing to complain about'), async () => {
			assert.deepEqual(complaints, []);
			await context.close();
			await pieces?.remove();
			for (const track of pieces ? growing : [long, ...growing])
				await removeTrack(stack, track);
		});
	}
})();
