/**
 * Plays a playlist in a page from its first sample to its last, with somebody else's
 * player, and tells what sounded.
 * @module
 */

import { createRequire } from 'node:module';
import { openPage } from './browser.mjs';

const { resolve } = createRequire(import.meta.url);

const LIBRARIES = {
	'hls.js': resolve('hls.js/dist/hls.min.js'),
	'shaka-player': resolve('shaka-player/dist/shaka-player.compiled.js'),
};

/** shaka-player looks for captions in pictures of which it knows none. */
const OTHERS = /CEA parsing/;

/**
 * @typedef {object} Heard
 * @property {string[]} trouble  errors of player and element, and waits for data
 * @property {number} duration  seconds, as the element says
 * @property {[number, number][]} buffered  seconds
 * @property {number} lag  samples of the reference before the first one captured
 * @property {number} samples  compared
 * @property {number} worst  largest difference, full scale 1
 * @property {number} broken  windows of 0.1 s that differ by more than tolerated
 * @property {number} frames  shown of a film; 0 of sound alone
 */

/**
 * What runs in the page. It must be alone there: everything else is in its arguments.
 * @returns {Promise<Heard>}
 */
async function listen({ player, playlist, source, rate, tolerance, element }) {
	const trouble = [];
	const media = document.createElement(element);
	const context = new AudioContext({ sampleRate: rate });
	const recorder = URL.createObjectURL(new Blob([`
		registerProcessor('recorder', class extends AudioWorkletProcessor {
			process([input]) {
				if (input.length)
					this.port.postMessage(input.map((lane) => lane.slice()));
				return true;
			}
		});`], { type: 'text/javascript' }));
	const blocks = [];

	document.body.append(media);
	for (const name of ['error', 'stalled'])
		media.addEventListener(name, () => trouble.push(`${name}: ${media.error?.message ?? ''}`));
	await context.audioWorklet.addModule(recorder);
	const worklet = new AudioWorkletNode(context, 'recorder');

	worklet.port.onmessage = ({ data }) => blocks.push(data);
	new MediaElementAudioSourceNode(context, { mediaElement: media }).connect(worklet);
	worklet.connect(context.destination);
	await context.resume();
	await load();
	await new Promise((resolve) => {
		media.addEventListener('canplaythrough', resolve, { once: true });
		media.addEventListener('error', resolve, { once: true });
	});
	media.addEventListener('playing', () =>
		media.addEventListener('waiting', () => {
			if (!holdsOn())
				trouble.push(`waits for data at ${media.currentTime}`);
		}), { once: true });
	await media.play();
	const buffered = await wholeBuffer();

	await new Promise((resolve) => {
		media.addEventListener('ended', resolve, { once: true });
		setTimeout(() => { trouble.push(`not ended at ${media.currentTime}`); resolve(); }, 60000);
	});
	await new Promise((resolve) => setTimeout(resolve, 300));
	const frames = media.getVideoPlaybackQuality?.().totalVideoFrames ?? 0;

	return { trouble, duration: media.duration, buffered, frames, ...await compare() };

	async function load() {
		if (player === 'hls.js') {
			const hls = new globalThis.Hls({ maxBufferLength: 120 });

			hls.on(globalThis.Hls.Events.ERROR, (_, { details, reason }) => {
				if (!/^buffer(Stalled|NudgeOnStall)/.test(details) || !holdsOn())
					trouble.push(`hls.js: ${details} ${reason ?? ''}`);
			});
			hls.loadSource(playlist);
			hls.attachMedia(media);
			return;
		}
		globalThis.shaka.polyfill.installAll();
		const shaka = new globalThis.shaka.Player();

		shaka.configure('streaming.bufferingGoal', 120);
		shaka.addEventListener('error', ({ detail }) => trouble.push(`shaka-player: ${detail.code} ${detail.data}`));
		await shaka.attach(media);
		await shaka.load(playlist).catch((error) => trouble.push(`shaka-player: ${error.code} ${error.data}`));
	}

	/** Whether the element has what comes next: then it waits for nothing but a busy machine. */
	function holdsOn() {
		const from = media.currentTime, to = Math.min(from + 0.2, media.duration);

		return Array.from({ length: media.buffered.length }, (_, i) =>
			media.buffered.start(i) <= from && to <= media.buffered.end(i)).includes(true);
	}

	/** What the element holds once all has come. */
	async function wholeBuffer() {
		const ranges = () => Array.from({ length: media.buffered.length },
			(_, i) => [media.buffered.start(i), media.buffered.end(i)]);

		for (let i = 0; i < 100; i++) {
			const last = ranges().at(-1);

			if (last && last[1] > media.duration - 0.05)
				break;
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
		return ranges();
	}

	async function compare() {
		const bytes = await (await fetch(source)).arrayBuffer();
		const whole = await new OfflineAudioContext(2, 1, rate).decodeAudioData(bytes);
		const reference = whole.getChannelData(0);
		const captured = new Float32Array(blocks.length * 128);

		blocks.forEach(([lane], i) => captured.set(lane, 128 * i));
		const first = captured.findIndex((v) => Math.abs(v) > 1e-3);
		const lag = findLag(reference, captured, first);
		const window = rate / 10;
		const end = Math.min(reference.length - lag, captured.length - first);
		let worst = 0, broken = 0;

		for (let at = 0; at + window <= end; at += window) {
			let most = 0;

			for (let i = at; i < at + window; i++)
				most = Math.max(most, Math.abs(captured[first + i] - reference[lag + i]));
			broken += most > tolerance ? 1 : 0;
			worst = Math.max(worst, most);
		}
		return { lag, samples: end, worst, broken };
	}

	/** Where in the reference the capture begins: at most 0.2 s from its start. */
	function findLag(reference, captured, first) {
		let best = 0, least = Infinity;

		for (let lag = 0; lag < rate / 5; lag++) {
			let sum = 0;

			for (let i = rate / 2; i < rate / 2 + 2000 && sum < least; i++)
				sum += (captured[first + i] - reference[lag + i]) ** 2;
			if (sum < least)
				[best, least] = [lag, sum];
		}
		return best;
	}
}

/**
 * @param {import('playwright-core').Browser} browser
 * @param {import('./stacks.mjs').Stack} stack
 * @param {{ player: keyof LIBRARIES, track: string, rate: number, tolerance: number,
 *           film?: boolean }} order  what a film sounds like is compared with its MP4, since
 *           browsers decode not every source
 * @returns {Promise<Heard>}
 */
export async function playWhole(browser, stack, { player, track, rate, tolerance, film = false }) {
	const context = await browser.newContext({ bypassCSP: true });
	const { page, complaints } = await openPage(context);

	try {
		await page.goto(stack.url);
		await page.addScriptTag({ path: LIBRARIES[player] });
		const program = `${stack.url}cgi-bin/stream.fcgi/${track}`;
		const { renditions } = await (await fetch(`${program}/manifest.json`)).json();
		const heard = await page.evaluate(listen, {
			player, rate, tolerance, element: film ? 'video' : 'audio',
			playlist: `${program}/master.m3u8`,
			source: film ? renditions.lossless.fmp4.url : `${program}?format=lossless`,
		});

		heard.trouble.push(...complaints.filter((text) => !OTHERS.test(text)));
		return heard;
	} finally {
		await context.close();
	}
}
