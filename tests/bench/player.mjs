#!/usr/bin/env node
/**
 * How the player does in a real browser, one line "name value" for each figure; see the usage.
 * @module
 */

import { launchAlone } from './lib/alone.mjs';
import { launch, openPage } from '../browser/lib/browser.mjs';
import { HEAR } from '../browser/lib/capture.mjs';
import { OFFLINE } from '../browser/lib/offline.mjs';
import { faulty } from '../browser/lib/faults.mjs';

const USAGE = 'usage: player.mjs URL TRACK first|seeks|exact|faults|memory';
const KBITS_SLOW = 1000;
const SLOW_LATENCY_MS = 20;

/** Notes when what is laid first after a moment is heard: the output device's own time is not in it. */
function watchSound() {
	const start = AudioBufferSourceNode.prototype.start;
	let waiting = null;

	AudioBufferSourceNode.prototype.start = function (when, ...rest) {
		waiting?.(this.context, when);
		waiting = null;
		return start.call(this, when, ...rest);
	};
	/** Milliseconds from an act to the sound it leads to. */
	globalThis.untilHeard = (act) => new Promise((resolve) => {
		const begun = performance.now();

		waiting = async (context, when) => {
			while (context.currentTime < when)
				await new Promise((next) => setTimeout(next, 1));
			resolve(performance.now() - begun);
		};
		act();
	});
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const [url, track, what] = process.argv.slice(2);

/** @type {Record<string, (browser: import('playwright-core').Browser) => Promise<Record<string, number>>>} */
const MEASURES = {
	/**
	 * From the click to sound at five sixths of the track, in a page that has played nothing yet; also where
	 * the pointer had come to the track before.
	 */
	async first(browser) {
		const ms = { opus: [], lossless: [], 'opus-expected': [], 'lossless-expected': [] };

		for (let i = 0; i < 7; i++)
			for (const what of Object.keys(ms)) {
				const { page, close } = await open(browser);

				await page.waitForSelector('#tracks li');
				ms[what].push(await page.evaluate(async ([id, how, expected]) => {
					const { seconds } = await (await fetch(`/cgi-bin/catalogue.fcgi/tracks/${id}`)).json();

					if (expected) {
						drift.expect(id);
						await new Promise((resolve) => setTimeout(resolve, 300));
					}
					return untilHeard(() => drift.play(id, { t: (5 * seconds) / 6, format: how }));
				}, [track, ...what.split('-')]));
				await close();
			}
		return Object.fromEntries(Object.entries(ms).map(([what, all]) => [what, median(all)]));
	},

	/** From a seek to sound, at any place. */
	async seeks(browser) {
		const found = {};

		for (const format of ['opus', 'lossless'])
			for (const slow of [false, true]) {
				const { page, close } = await open(browser);

				await page.evaluate(([id, how]) => untilHeard(() => drift.play(id, { t: 5, format: how })), [track, format]);
				if (slow)
					await slowDown(page);
				found[format + (slow ? '-slow' : '')] = median(await page.evaluate(async (count) => {
					const ms = [];

					for (let i = 0; i < count; i++) {
						ms.push(await untilHeard(() => drift.seek(Math.random() * (drift.state.duration - 10))));
						await new Promise((resolve) => setTimeout(resolve, 200));
					}
					return ms;
				}, slow ? 15 : 40));
				await close();
			}
		return found;
	},

	/** The largest difference of what is played from 100 places on from a decode of the whole. */
	async exact(browser) {
		const { page } = await open(browser);
		const errors = await page.evaluate(async ([id, count]) => {
			const whole = await reference(id, 'opus', 48000);
			const found = [];

			for (let i = 0; i < count; i++) {
				const at = Math.floor(Math.random() * (whole[0].length - 48000));

				found.push(difference(await record([[id, 'opus']], at, 48000, 48000), 0, whole, at, 48000));
			}
			return found;
		}, [track, 100]);

		return { seeks: errors.length, exact: errors.filter((error) => error === 0).length, error: Math.max(...errors) };
	},

	/** Ten minutes over the end of the track into itself, while a third of the answers fails. */
	async faults(browser) {
		const { page } = await open(browser);
		const faults = await faulty(page, /\.opus$/, 5);
		const error = await page.evaluate(async (id) => {
			const whole = await reference(id, 'opus', 48000, '?');
			const half = 300 * 48000;
			const at = whole[0].length - half;
			const heard = await record([[id, 'opus'], [id, 'opus']], at, 2 * half, 48000);

			return Math.max(difference(heard, 0, whole, at, half), difference(heard, half, whole, 0, half));
		}, track);

		await faults.stop();
		return { count: faults.count, error };
	},

	/** Megabytes of the renderer after so many seeks as turn over an hour's windows; nobody debugs it meanwhile. */
	async memory() {
		const chromium = await launchAlone();

		try {
			await chromium.start(url, async ([id, seeks]) => {
				await drift.play(id, { format: 'opus' });
				for (let i = 0; i < seeks; i++) {
					drift.seek(Math.random() * (drift.state.duration - 10));
					await new Promise((resolve) => setTimeout(resolve, 250));
				}
			}, [track, TURNOVER]);
			await new Promise((resolve) => setTimeout(resolve, TURNOVER * 300 + 5000));
			return chromium.memory();
		} finally {
			chromium.end();
		}
	},
};

/** Seeks, each of which decodes some 3.7 s. */
const TURNOVER = 1000;

/** @param {import('playwright-core').Browser} browser */
async function open(browser) {
	const context = await browser.newContext({ bypassCSP: true });
	const { page } = await openPage(context);

	await page.addInitScript(HEAR + OFFLINE + `(${watchSound})();`);
	await page.goto(url);
	return { page, close: () => context.close() };
}

/** @param {import('playwright-core').Page} page */
async function slowDown(page) {
	const session = await page.context().newCDPSession(page);
	const rate = (KBITS_SLOW * 1000) / 8;

	await session.send('Network.enable');
	await session.send('Network.emulateNetworkConditions',
		{ offline: false, latency: SLOW_LATENCY_MS, downloadThroughput: rate, uploadThroughput: rate });
}

if (!MEASURES[what])
	throw new Error(USAGE);
const browser = await launch();

try {
	for (const [name, value] of Object.entries(await MEASURES[what](browser)))
		console.log(name, value);
} finally {
	await browser.close();
}
