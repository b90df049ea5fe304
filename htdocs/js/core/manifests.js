/**
 * Asking what stream.fcgi says about tracks, where it may be before somebody wants it.
 * @module
 */

import { callJson } from './api.js';
import { Backoff } from './backoff.js';

/** @typedef {import('./rendition.js').Manifest} Manifest */

/** Milliseconds between two looks at an upload that says nothing yet. */
const UNKNOWN_FIRST = 500;
const UNKNOWN_LONGEST = 2000;
/** And at one of which the catalogue is about to be told, so often. */
const TOLD_FIRST = 100;
const TOLD_LONGEST = 1000;
const TOLD = 8;

/**
 * @param {string} track
 * @param {AbortSignal} signal
 * @returns {Promise<Manifest>}
 */
export function fetchManifest(track, signal) {
	return callJson(`stream.fcgi/${encodeURIComponent(track)}/manifest.json`, { signal });
}

/** Milliseconds for which an answer is good that came before it was wanted. */
const FRESH = 10000;

/** What was asked for ahead last. @type {{ track: string, asked: number, manifest: Promise<Manifest> } | null} */
let expected = null;

/**
 * Somebody will probably want it in a moment.
 * @param {string} track
 * @returns {Promise<Manifest>}
 */
export function expectManifest(track) {
	const before = expectedOf(track);
	if (before)
		return before;
	const manifest = fetchManifest(track, new AbortController().signal);

	expected = { track, asked: performance.now(), manifest };
	manifest.catch(() => (expected = null));
	return manifest;
}

/** @param {string} track */
function expectedOf(track) {
	return expected?.track === track && performance.now() < expected.asked + FRESH ? expected.manifest : null;
}

/**
 * As fetchKnown(), but what was expected is as good.
 * @param {string} track
 * @param {AbortSignal} signal
 */
export async function takeManifest(track, signal) {
	const manifest = await expectedOf(track)?.catch(() => null);

	signal.throwIfAborted();
	return manifest && manifest.state !== 'waiting_headers' ? manifest : fetchKnown(track, signal);
}

/**
 * Waits until enough of an upload has come to say what it is.
 * @param {string} track
 * @param {AbortSignal} signal
 * @returns {Promise<Manifest>}
 */
export async function fetchKnown(track, signal) {
	const backoff = new Backoff(UNKNOWN_FIRST, UNKNOWN_LONGEST);
	let manifest = await fetchManifest(track, signal);

	while (manifest.state === 'waiting_headers' && (await backoff.wait(signal)))
		manifest = await fetchManifest(track, signal);
	return manifest;
}

/**
 * What is made of what grows, or has just been made, of which the catalogue is told a moment after there is an index.
 * @param {string} track
 * @param {import('./rendition.js').RenditionName} name  of the lossless one it is the MP4
 * @param {AbortSignal} signal
 * @returns {Promise<{ codec: string, mime: string, url: string, file: string } | null>}
 *     file: the same, where it stays as it is; null: nobody is told
 */
export async function fetchMade(track, name, signal) {
	const backoff = new Backoff(TOLD_FIRST, TOLD_LONGEST);

	for (let i = 0; i < TOLD; i++) {
		const { growing, fmp4 } = (await fetchManifest(track, signal)).renditions[name];

		if (growing)
			return { ...growing, url: growing.stream, file: growing.url };
		if (fmp4)
			return { ...fmp4, file: fmp4.url };
		await backoff.wait(signal);
	}
	return null;
}
