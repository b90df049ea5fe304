/**
 * A rendition with a sidecar (Ogg Opus, FLAC in fragmented MP4) as a source:
 * setup bytes and the pages or fragments under a window are decoded together.
 *
 * A decoder of Ogg Opus drops the pre-skip from every slice, so a window that is to
 * own [from, to) ends with the page that reaches to + pre-skip, and what comes out
 * is as much shorter than the pages say. A page with a wrong checksum, a cut or a
 * start in mid-page make it shorter still, silently: such a slice is fetched again.
 * @module
 */

import { Backoff } from '../backoff.js';
import { entryBefore, entryBehind } from './sidecar.js';
import { SourceDamaged } from './source.js';

/** @typedef {import('./sidecar.js').Sidecar} Sidecar */
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
/** How often damaged bytes are fetched again, and how long after, milliseconds. */
const TRIES = 6;
const AGAIN_FIRST = 100;
const AGAIN_LONGEST = 4000;

export class SidecarSource {
	#sidecar;
	#reader;
	#decode;
	/** samples that the decoder drops from every slice */
	#dropped;
	/** Entry and bytes of the end of the last slice: the next one begins with them. */
	#kept = { entry: -1, bytes: new Uint8Array(0) };

	/**
	 * @param {Sidecar} sidecar     complete, of one entry or more
	 * @param {RangeReader} reader  of the artifact
	 * @param {(slice: Uint8Array<ArrayBuffer>, rate: number) => Promise<Pcm>} decode
	 */
	constructor(sidecar, reader, decode) {
		const opus = sidecar.codec === 'Opus';

		this.#sidecar = sidecar;
		this.#reader = reader;
		this.#decode = decode;
		this.#dropped = opus ? sidecar.preSkip : 0;
		this.rate = sidecar.timescale;
		this.length = sidecar.samples;
		this.longest = Infinity;
	}

	/** @type {import('./source.js').Source['windowEnd']} */
	windowEnd(from, wanted) {
		const end = entryBehind(this.#sidecar, from + wanted + this.#dropped);

		return Math.min(this.length, this.#position(end) - this.#dropped);
	}

	/** @type {import('./source.js').Source['read']} */
	async read(from, to, ahead, signal) {
		const first = entryBefore(this.#sidecar, Math.max(0, from - this.#preroll()));
		const last = entryBehind(this.#sidecar, to + this.#dropped);
		const start = this.#sidecar.positions[first];
		const backoff = new Backoff(AGAIN_FIRST, AGAIN_LONGEST);

		for (let attempt = 0; attempt < TRIES; attempt++) {
			const slice = await this.#slice(first, last, ahead, signal, attempt > 0);
			const pcm = await this.#decode(slice, this.rate).catch(() => null);

			signal.throwIfAborted();
			if (pcm && this.#isWhole(pcm, first, last))
				return pcm.map((channel) => channel.slice(from - start, to - start));
			this.#kept.entry = -1;
			await backoff.wait(signal);
		}
		throw new SourceDamaged('The sound arrives damaged.');
	}

	#preroll() {
		const { codec, exact } = this.#sidecar;

		if (codec !== 'Opus')
			return 0;
		if (!exact)
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
		const { setup } = this.#sidecar;
		const kept = this.#kept.entry === first ? this.#kept.bytes : new Uint8Array(0);
		const from = this.#offset(first) + kept.length;
		const to = this.#offset(last);
		const furthest = this.#offset(entryBehind(this.#sidecar, ahead + this.#dropped));
		const bytes = await this.#reader.read(from, to, furthest, signal, again ? 'reload' : 'default');
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

		if (pcm.length === 0)
			return false;
		if (last >= this.#sidecar.positions.length)
			return pcm[0].length >= this.length - start;
		return pcm[0].length === this.#sidecar.positions[last] - start - this.#dropped;
	}

	/** @param {number} entry  one past the last: the end */
	#position(entry) {
		return entry < this.#sidecar.positions.length ? this.#sidecar.positions[entry]
			: this.length + this.#dropped;
	}

	/** @param {number} entry  one past the last: the end */
	#offset(entry) {
		return entry < this.#sidecar.offsets.length ? this.#sidecar.offsets[entry] : this.#sidecar.bytes;
	}
}
