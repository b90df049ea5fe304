#!/usr/bin/env node
/* the player in a real browser while the track is still being uploaded */
const assert = require('node:assert/strict');
const { setTimeout: sleep } = require('node:timers/promises');

/** An upload whose sender does as it is told. */
class Sender {
	#stack;
	#content;
	#url = '';
	/** offsets of the pieces, as they were sent */
	sent = [];
	track = '';

	constructor(stack, content) {
		this.#stack = stack;
		this.#content = content;
	}

	async begin() {
		const answer = await this.#ask('upload.fcgi/?name=Growing.wav', 'POST',
			{ 'Upload-Length': String(this.#content.length) });

		assert.equal(answer.status, 201);
		this.track = answer.headers.get('Drift-Track');
		this.#url = `upload.fcgi/${answer.headers.get('Location').split('/').at(-1)}`;
	}

	/** What is wanted first, or the bytes from a place on. */
	async give(bytes, from) {
		const at = from ?? (await this.status()).source.wanted[0]?.[0];

		if (at === undefined)
			return false;
		const answer = await this.#ask(this.#url, 'PATCH',
			{ 'Upload-Offset': String(at), 'Content-Type': 'application/partial-upload' },
			this.#content.subarray(at, at + bytes));

		assert.equal(answer.status, 204);
		this.sent.push(at);
		return true;
	}

	async status() {
		return (await this.#ask(`upload.fcgi/track/${this.track}/status`, 'GET', {})).json();
	}

	#ask(path, method, headers, body) {
		return fetch(`${this.#stack.url}cgi-bin/${path}`,
			{ method, body, headers: { 'X-Api-Key': this.#stack.key, 'Upload-Complete': '?0', ...headers } });
	}
}

(async () => {
	const { it, runTests } = await import('./lib/tap.mjs');
	const { stacks } = await import('./lib/stacks.mjs');
	const { launch, openPage, forgive } = await import('./lib/browser.mjs');
	const { composeWav } = await import('./lib/wav.mjs');
	const { removeTrack } = await import('./lib/api.mjs');
	const browser = await launch();
	const wav = composeWav(120);

	for (const stack of stacks())
		describe(stack);
	await runTests();
	await browser.close();

	function describe(stack) {
		const on = (sentence) => `${sentence} (${stack.name})`;
		const sender = new Sender(stack, wav);
		let page, complaints;

		it(on('plays from the first megabyte of an upload'), async () => {
			await sender.begin();
			await sender.give(1_000_000, 0);
			({ page, complaints } = await openPage(await browser.newContext()));
			await page.goto(`${stack.url}?track=${sender.track}`);
			await page.waitForFunction(() => drift.state.rendition === 'lossless');
			await page.click('#toggle');
			await page.waitForFunction(() => drift.state.playing && drift.state.t > 0.5);
			assert.equal(await page.evaluate(() => drift.state.engine), 'windows');
			assert.equal((await sender.status()).source.received, 1_000_000);
		});
		it(on('says that it stalls, and goes on within three seconds of what comes'), async () => {
			await page.waitForFunction(() => drift.state.stalled);
			const place = await page.evaluate(() => drift.state.t);
			const begun = Date.now();

			assert.ok(place > 1 && place < 1_000_000 / 176_400, `${place} s`);
			await sender.give(1_000_000);
			await page.waitForFunction((from) => !drift.state.stalled && drift.state.t > from + 0.3, place);
			assert.ok(Date.now() - begun < 3000, `${Date.now() - begun} ms`);
		});
		it(on('has its place sent first where nothing has come'), async () => {
			await page.evaluate(() => drift.seek(80));
			await page.waitForFunction(() => document.querySelector('.waiting'));
			const begun = Date.now();

			while ((await sender.status()).state !== 'stalled' && Date.now() - begun < 10_000)
				await sleep(200);
			const { state, source } = await sender.status();

			assert.equal(state, 'stalled');
			assert.ok(Math.abs(source.wanted[0][0] - 80 * 176_400) < 200_000, `${source.wanted}`);
		});
		it(on('plays there within three seconds of what comes'), async () => {
			const begun = Date.now();

			await sender.give(1_000_000);
			await page.waitForFunction(() => drift.state.playing && drift.state.t > 80.2);
			assert.ok(Date.now() - begun < 3000, `${Date.now() - begun} ms`);
			assert.ok(sender.sent.at(-1) > 10_000_000);
		});
		it(on('plays on over the end of the upload'), async () => {
			while (await sender.give(2_000_000));
			assert.equal((await sender.status()).state, 'completed');
			const at = await page.evaluate(() => drift.state.t);

			await page.waitForFunction((from) => drift.state.playing && drift.state.t > from + 3, at);
			await page.evaluate(() => drift.seek(30));
			await page.waitForFunction(() => drift.state.playing && drift.state.t > 30.5 && drift.state.t < 40);
			forgive(complaints, /503/);
			await removeTrack(stack, sender.track);
			await page.context().close();
		});
	}
})();
