/**
 * What Media Source Extensions are fed with: the fragments of the lossless rendition's MP4, also while
 * that is made, or of what has none, as Opus, chunks that are made as they are asked for.
 * @module
 */

import { callJson } from './api.js';
import { Backoff } from './backoff.js';
import { FragmentIndex, fetchSidecar, openGrowingIndex } from './fragment-index.js';
import { fetchMade } from './manifests.js';
import { RangeReader } from './range-reader.js';
import { expectedTypes, hasPictures, isRepackaged, typesOf } from './rendition.js';
import { SourceDamaged, SourceGone } from './source.js';

/** @typedef {import('./rendition.js').Manifest} Manifest */
/** @typedef {import('./rendition.js').RenditionName} RenditionName */

/**
 * @typedef {object} Segments
 * @property {string} mime       for a SourceBuffer
 * @property {boolean} pictures  there is something to be seen, too
 * @property {number} duration   seconds; of what grows a guess that may become more
 * @property {number} count      Infinity while it grows
 * @property {(t: number) => number} at     the one that sounds at a second
 * @property {(n: number) => number} start  seconds
 * @property {(signal: AbortSignal) => Promise<Uint8Array<ArrayBuffer>>} setup  comes first
 * @property {(n: number, signal: AbortSignal) => AsyncIterable<Uint8Array<ArrayBuffer>>} read  piece by piece
 */

/** Bytes that are handed on at once: sound begins before a segment is whole. */
const PIECE = 1 << 16;
/** Milliseconds before a chunk is asked for again. */
const AGAIN_FIRST = 200;
const AGAIN_LONGEST = 8000;

/**
 * In which spelling streams take something.
 * @param {string[]} types
 * @returns {string | null}
 */
function takenType(types) {
	return typeof MediaSource === 'undefined' ? null : types.find((type) => MediaSource.isTypeSupported(type)) ?? null;
}

/** @param {string} type */
export function streamTakes(type) {
	return takenType([type]) !== null;
}

/**
 * @param {string[]} types
 * @returns {string}
 * @throws {SourceDamaged}
 */
function typeFor(types) {
	const type = takenType(types);
	if (!type)
		throw new SourceDamaged(`This browser takes no ${types[0] ?? 'MP4 of it'}.`);

	return type;
}

/**
 * Whether there may be some; opening them may still find that the browser takes them not.
 * @param {Manifest} manifest
 * @param {RenditionName} name
 */
export function hasSegments(manifest, name) {
	const { fmp4, growing, sidecar, seekidx, state, codec } = manifest.renditions[name];
	const made = fmp4 ?? growing;

	if (name === 'opus')
		return ['ready', 'virtual'].includes(state) && takenType(expectedTypes('opus')) !== null;
	if (sidecar ?? seekidx)
		return !made || takenType(typesOf(made)) !== null;
	return state === 'ready' && isRepackaged(manifest) && !hasPictures(manifest, name) && takenType(expectedTypes(codec)) !== null;
}

/**
 * @param {Manifest} manifest
 * @param {RenditionName} name
 * @param {AbortSignal} signal
 * @returns {Promise<Segments>}
 */
export async function openSegments(manifest, name, signal) {
	const { fmp4, sidecar, seekidx } = manifest.renditions[name];
	const index = sidecar ?? seekidx;

	if (name === 'opus')
		return opusChunks(manifest);
	if (!index)
		return openChunks(manifest, signal);
	if (!fmp4)
		return openGrowing(manifest, index, signal);
	return new FragmentSegments(new FragmentIndex(await fetchSidecar(index, signal)), fmp4, secondsOf(manifest));
}

/**
 * @param {Manifest} manifest
 * @param {string} url  of the index
 * @param {AbortSignal} signal
 */
async function openGrowing(manifest, url, signal) {
	const index = await openGrowingIndex(url, manifest.samples ?? 0, signal);
	const file = await fetchMade(manifest.track, 'lossless', signal);
	if (!file)
		throw new SourceDamaged('There is no MP4 of it.');

	return new FragmentSegments(index, file, secondsOf(manifest));
}

/** @param {Manifest} manifest */
function secondsOf({ duration, timescale }) {
	return (duration ?? 0) / timescale;
}

/** @implements {Segments} */
class FragmentSegments {
	#index;
	#reader;
	#seconds;

	/**
	 * @param {FragmentIndex} index
	 * @param {import('./rendition.js').Made & { url: string }} file
	 * @param {number} seconds
	 */
	constructor(index, { url, ...made }, seconds) {
		this.#index = index;
		this.#reader = new RangeReader(url, index.bytes);
		this.#seconds = seconds;
		this.mime = typeFor(typesOf(made));
		this.pictures = made.mime.startsWith('video/');
	}

	get duration() {
		return this.#index.growing ? Math.max(this.#seconds, this.#index.length / this.#index.rate) : this.#seconds;
	}

	get count() {
		return this.#index.growing ? Infinity : this.#index.count;
	}

	/** @param {number} t */
	at(t) {
		return this.#index.entryOf(t * this.#index.rate + this.#index.preSkip);
	}

	/** @param {number} n */
	start(n) {
		return Math.max(0, (this.#index.at(n) - this.#index.preSkip) / this.#index.rate);
	}

	async setup() {
		return this.#index.setup.slice();
	}

	/**
	 * @param {number} n
	 * @param {AbortSignal} signal
	 */
	async *read(n, signal) {
		await this.#index.reachEntry(n + 1, signal);
		const to = this.#index.offset(n + 1);

		for (let at = this.#index.offset(n); at < to; at += PIECE)
			yield await this.#reader.read(at, Math.min(to, at + PIECE), to, signal);
	}
}

/**
 * @typedef {object} Chunks
 * @property {string} url      of the rendition at stream.fcgi; a part's name goes behind its path
 * @property {string} mime
 * @property {number} count
 * @property {number} seconds  of each
 * @property {number} delay    seconds before the first sample that is heard, which count, too
 */

/** @param {Manifest} manifest */
function opusChunks(manifest) {
	const { renditions: { opus }, chunk: { samples, count }, timescale } = manifest;
	const url = opus.url?.includes('preset=') ? opus.url : opus.stream;

	return new ChunkSegments({ url, mime: typeFor(expectedTypes('opus')), count, seconds: samples / timescale, delay: 0 }, secondsOf(manifest));
}

/**
 * Of the lossless rendition.
 * @param {Manifest} manifest
 * @param {AbortSignal} signal
 */
async function openChunks(manifest, signal) {
	const { track, renditions: { lossless: { stream } } } = manifest;
	const { types, count, timescale, delay, chunks } =
		await callJson(`stream.fcgi/${encodeURIComponent(track)}/chunks.json?format=lossless`, { signal });

	return new ChunkSegments({ url: stream, mime: typeFor(types), count, seconds: chunks[0].duration / timescale, delay: delay / timescale },
		secondsOf(manifest));
}

/** @implements {Segments} */
class ChunkSegments {
	#url;
	#seconds;
	#delay;
	pictures = false;

	/**
	 * @param {Chunks} chunks
	 * @param {number} duration
	 */
	constructor({ url, mime, count, seconds, delay }, duration) {
		this.#url = new URL(url, location.href);
		this.#seconds = seconds;
		this.#delay = delay;
		this.mime = mime;
		this.duration = duration;
		this.count = count;
	}

	/** @param {number} t */
	at(t) {
		return Math.min(this.count - 1, Math.floor((t + this.#delay) / this.#seconds));
	}

	/** @param {number} n */
	start(n) {
		return Math.max(0, n * this.#seconds - this.#delay);
	}

	/** @param {AbortSignal} signal */
	setup(signal) {
		return fetchWhole(this.#part('init.mp4'), signal);
	}

	/**
	 * @param {number} n
	 * @param {AbortSignal} signal
	 */
	async *read(n, signal) {
		yield await fetchWhole(this.#part(`chunk/${n}`), signal);
	}

	/** @param {string} name */
	#part(name) {
		return `${this.#url.pathname}/${name}${this.#url.search}`;
	}
}

/**
 * Until it has been had.
 * @param {string} url
 * @param {AbortSignal} signal
 * @throws {SourceGone}
 */
async function fetchWhole(url, signal) {
	const backoff = new Backoff(AGAIN_FIRST, AGAIN_LONGEST);

	for (;;) {
		const answer = await fetch(url, { signal }).catch(() => null);
		const bytes = answer?.ok ? await answer.arrayBuffer().catch(() => null) : null;

		signal.throwIfAborted();
		if (bytes)
			return new Uint8Array(bytes);
		if (answer && !answer.ok && answer.status < 500)
			throw new SourceGone(`status ${answer.status}`);
		await backoff.wait(signal);
	}
}
