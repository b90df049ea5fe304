/**
 * Ogg Opus with a sidecar as a source: setup bytes and the pages under a window are
 * decoded together.
 *
 * A decoder of Ogg Opus drops the pre-skip from every slice, so a window that is to
 * own [from, to) ends with the page that reaches to + pre-skip, and what comes out
 * is as much shorter than the pages say. A page with a wrong checksum, a cut or a
 * start in mid-page make it shorter still, silently: such a slice is fetched again.
 * @module
 */

import { wholeSlice } from './whole-slice.js';

/** @typedef {import('./fragment-index.js').FragmentIndex} FragmentIndex */
/** @typedef {import('./range-reader.js').RangeReader} RangeReader */
/** @typedef {import('./source.js').Pcm} Pcm */

/**
 * What is decoded before the first sample of a window, samples. After a clean entry
 * the last bit is right at once in most music, and after 15,600 samples in pure
 * tones; what differs before that is below -95 dBFS, and below -110 after 1,920,
 * which is as much as a slow connection should wait for.
 */
const OPUS_CLEAN = 16000;
const OPUS_CLEAN_SLOW = 1920;
const OPUS_ANY = 35 * 960;
/** Of a file that grows, seconds of a window: more may take long to come. */
const GROWING_LONGEST = 1;

export class OggSource {
	#index;
	#setup;
	#reader;
	#decode;
	/** Entry and bytes of the end of the last slice: the next one begins with them. */
	#kept = { entry: -1, bytes: new Uint8Array(0) };

	/**
	 * @param {FragmentIndex} index  of the pages, one or more
	 * @param {() => Promise<Uint8Array>} setup asked for beside the first pages
	 * @param {RangeReader} reader  of the artifact
	 * @param {(slice: Uint8Array<ArrayBuffer>, rate: number) => Promise<Pcm>} decode
	 */
	constructor(index, setup, reader, decode) {
		this.#index = index;
		this.#setup = setup;
		this.#reader = reader;
		this.#decode = decode;
		this.rate = index.rate;
	}

	get length() {
		return this.#index.length;
	}

	get longest() {
		return this.#index.growing ? GROWING_LONGEST : Infinity;
	}

	/** @type {import('./source.js').Source['windowEnd']} */
	windowEnd(from, wanted) {
		const { preSkip, growing } = this.#index;
		const end = growing ? from + wanted
			: this.#index.at(this.#index.entryBehind(from + wanted + preSkip)) - preSkip;

		return Math.min(this.length, end);
	}

	/** @type {import('./source.js').Source['read']} */
	async read(from, to, ahead, signal) {
		await this.#index.reach(to + this.#index.preSkip, signal);
		const first = this.#index.entryOf(Math.max(0, from - this.#preroll()));
		const last = this.#index.entryBehind(to + this.#index.preSkip);
		const start = this.#index.at(first);
		const pcm = await wholeSlice((again) => this.#slice(first, last, ahead, signal, again),
			(slice) => this.#decode(slice, this.rate), (whole) => this.#isWhole(whole, first, last), signal);

		return pcm.map((channel) => channel.slice(from - start, to - start));
	}

	#preroll() {
		if (!this.#index.exact)
			return OPUS_ANY;
		return this.#reader.slow ? OPUS_CLEAN_SLOW : OPUS_CLEAN;
	}

	/**
	 * @param {number} first  entry
	 * @param {number} last   the entry behind the last one
	 * @param {number} ahead  sample
	 * @param {AbortSignal} signal
	 * @param {boolean} again what came before was damaged
	 */
	async #slice(first, last, ahead, signal, again) {
		const kept = this.#kept.entry === first && !again ? this.#kept.bytes : new Uint8Array(0);
		const from = this.#index.offset(first) + kept.length;
		const to = this.#index.offset(last);
		const furthest = this.#index.offset(this.#index.entryBehind(ahead + this.#index.preSkip));
		const [setup, bytes] = await Promise.all([this.#setup(),
			this.#reader.read(from, to, furthest, signal, again ? 'reload' : 'default')]);
		const slice = new Uint8Array(setup.length + kept.length + bytes.length);

		slice.set(setup);
		slice.set(kept, setup.length);
		slice.set(bytes, setup.length + kept.length);
		this.#keepEnd(last - 1, slice);
		return slice;
	}

	/**
	 * The next window begins inside the last page of this one.
	 * @param {number} entry
	 * @param {Uint8Array} slice  ends with the entry
	 */
	#keepEnd(entry, slice) {
		const bytes = this.#index.offset(entry + 1) - this.#index.offset(entry);

		this.#kept = { entry, bytes: slice.slice(slice.length - bytes) };
	}

	/**
	 * Whether all that the pages promise came out. The end of the track is trimmed by
	 * the decoder, but not in a slice of the last page alone.
	 * @param {Pcm} pcm
	 * @param {number} first
	 * @param {number} last
	 */
	#isWhole(pcm, first, last) {
		const start = this.#index.at(first);

		if (last >= this.#index.count && !this.#index.growing)
			return pcm[0].length >= this.length - start;
		return pcm[0].length === this.#index.at(last) - start - this.#index.preSkip;
	}
}
