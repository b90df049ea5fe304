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

import { entryBefore, entryBehind } from './sidecar.js';
import { wholeSlice } from './whole-slice.js';

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

export class OggSource {
	#sidecar;
	#setup;
	#reader;
	#decode;
	/** Entry and bytes of the end of the last slice: the next one begins with them. */
	#kept = { entry: -1, bytes: new Uint8Array(0) };

	/**
	 * @param {import('./sidecar.js').Index} sidecar  complete, of one entry or more
	 * @param {() => Promise<Uint8Array>} setup asked for beside the first pages
	 * @param {RangeReader} reader  of the artifact
	 * @param {(slice: Uint8Array<ArrayBuffer>, rate: number) => Promise<Pcm>} decode
	 */
	constructor(sidecar, setup, reader, decode) {
		this.#sidecar = sidecar;
		this.#setup = setup;
		this.#reader = reader;
		this.#decode = decode;
		this.rate = sidecar.timescale;
		this.length = sidecar.samples;
		this.longest = Infinity;
	}

	/** @type {import('./source.js').Source['windowEnd']} */
	windowEnd(from, wanted) {
		const end = entryBehind(this.#sidecar, from + wanted + this.#sidecar.preSkip);

		return Math.min(this.length, this.#position(end) - this.#sidecar.preSkip);
	}

	/** @type {import('./source.js').Source['read']} */
	async read(from, to, ahead, signal) {
		const first = entryBefore(this.#sidecar, Math.max(0, from - this.#preroll()));
		const last = entryBehind(this.#sidecar, to + this.#sidecar.preSkip);
		const start = this.#sidecar.positions[first];
		const pcm = await wholeSlice((again) => this.#slice(first, last, ahead, signal, again),
			(slice) => this.#decode(slice, this.rate), (whole) => this.#isWhole(whole, first, last), signal);

		return pcm.map((channel) => channel.slice(from - start, to - start));
	}

	#preroll() {
		if (!this.#sidecar.exact)
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
		const from = this.#offset(first) + kept.length;
		const to = this.#offset(last);
		const furthest = this.#offset(entryBehind(this.#sidecar, ahead + this.#sidecar.preSkip));
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
		const bytes = this.#offset(entry + 1) - this.#offset(entry);

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
		const start = this.#sidecar.positions[first];

		if (last >= this.#sidecar.positions.length)
			return pcm[0].length >= this.length - start;
		return pcm[0].length === this.#sidecar.positions[last] - start - this.#sidecar.preSkip;
	}

	/** @param {number} entry  one past the last: the end */
	#position(entry) {
		return entry < this.#sidecar.positions.length ? this.#sidecar.positions[entry]
			: this.length + this.#sidecar.preSkip;
	}

	/** @param {number} entry  one past the last: the end */
	#offset(entry) {
		return entry < this.#sidecar.offsets.length ? this.#sidecar.offsets[entry] : this.#sidecar.bytes;
	}
}
