/**
 * What Media Source Extensions are fed with: the fragments of the lossless rendition's MP4, or
 * of Opus the chunks that are made as they are asked for.
 * @module
 */

import { Backoff } from '../backoff.js';
import { RangeReader } from './range-reader.js';
import { entryBefore, parseSidecar } from './sidecar.js';
import { SourceDamaged, SourceGone } from './source.js';

/** @typedef {import('../rendition.js').Manifest} Manifest */
/** @typedef {import('../rendition.js').RenditionName} RenditionName */

/**
 * @typedef {object} Segments
 * @property {string} mime       for a SourceBuffer
 * @property {boolean} pictures  there is something to be seen, too
 * @property {number} duration   seconds
 * @property {number} count
 * @property {(t: number) => number} at     the one that sounds at a second
 * @property {(n: number) => number} start  seconds
 * @property {(signal: AbortSignal) => Promise<Uint8Array<ArrayBuffer>>} setup  comes first
 * @property {(n: number, signal: AbortSignal) => AsyncIterable<Uint8Array<ArrayBuffer>>} read  piece by piece
 */

/** Bytes that are handed on at once: sound begins before a segment is whole. */
const PIECE = 1 << 16;
const OPUS_MP4 = 'audio/mp4; codecs="opus"';
/** Milliseconds before a chunk is asked for again. */
const AGAIN_FIRST = 200;
const AGAIN_LONGEST = 8000;

/** @param {string} mime */
const takes = (mime) => typeof MediaSource !== 'undefined' && MediaSource.isTypeSupported(mime);

/**
 * @param {Manifest} manifest
 * @param {RenditionName} name
 */
export function hasSegments({ renditions }, name) {
	const { fmp4, sidecar, seekidx, state } = renditions[name];

	if (name === 'opus')
		return ['ready', 'virtual'].includes(state) && takes(OPUS_MP4);
	return !!fmp4 && !!(sidecar ?? seekidx) && takes(fmp4.mime);
}

/** Whether a rendition has moving pictures. @param {Manifest} manifest @param {RenditionName} name */
export function hasPictures({ renditions }, name) {
	return renditions[name].fmp4?.mime.startsWith('video/') ?? false;
}

/**
 * @param {Manifest} manifest
 * @param {RenditionName} name
 * @param {AbortSignal} signal
 * @returns {Promise<Segments>}
 */
export async function openSegments(manifest, name, signal) {
	if (name === 'opus')
		return new ChunkSegments(manifest);
	const { fmp4, sidecar, seekidx } = manifest.renditions[name];
	const answer = await fetch(sidecar ?? seekidx ?? '', { signal });
	if (!answer.ok || !fmp4)
		throw new SourceDamaged(`The index of this track could not be had (status ${answer.status}).`);

	return new FragmentSegments(parseSidecar(await answer.arrayBuffer()), fmp4, manifest.duration / manifest.timescale);
}

/** @implements {Segments} */
class FragmentSegments {
	#index;
	#reader;

	/**
	 * @param {import('./sidecar.js').Sidecar} index
	 * @param {{ url: string, mime: string }} file
	 * @param {number} duration
	 */
	constructor(index, { url, mime }, duration) {
		this.#index = index;
		this.#reader = new RangeReader(url, index.bytes);
		this.mime = mime;
		this.pictures = mime.startsWith('video/');
		this.duration = duration;
		this.count = index.positions.length;
	}

	/** @param {number} t */
	at(t) {
		return entryBefore(this.#index, t * this.#index.timescale + this.#index.preSkip);
	}

	/** @param {number} n */
	start(n) {
		return Math.max(0, (this.#index.positions[n] - this.#index.preSkip) / this.#index.timescale);
	}

	async setup() {
		return this.#index.setup.slice();
	}

	/**
	 * @param {number} n
	 * @param {AbortSignal} signal
	 */
	async *read(n, signal) {
		const { offsets, bytes } = this.#index;
		const to = n + 1 < this.count ? offsets[n + 1] : bytes;

		for (let at = offsets[n]; at < to; at += PIECE)
			yield await this.#reader.read(at, Math.min(to, at + PIECE), to, signal);
	}
}

/** @implements {Segments} */
class ChunkSegments {
	#url;
	#seconds;

	/** @param {Manifest} manifest */
	constructor({ renditions, chunk, duration, timescale }) {
		this.#url = new URL(renditions.opus.url?.includes('preset=') ? renditions.opus.url : renditions.opus.stream, location.href);
		this.#seconds = chunk.samples / timescale;
		this.mime = OPUS_MP4;
		this.pictures = false;
		this.duration = duration / timescale;
		this.count = chunk.count;
	}

	/** @param {number} t */
	at(t) {
		return Math.min(this.count - 1, Math.floor(t / this.#seconds));
	}

	/** @param {number} n */
	start(n) {
		return n * this.#seconds;
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
