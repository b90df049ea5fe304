/**
 * Keeps a media element fed by Media Source Extensions: what is played next comes first, a minute
 * ahead at most, and what has been played goes.
 *
 * Source: W3C Media Source Extensions.
 * @module
 */

import { bufferedEnd } from './media-deck.js';
import { SourceDamaged } from './source.js';

/** @typedef {import('./segments.js').Segments} Segments */

/** Seconds. */
const AHEAD = 60;
const BEHIND = 20;
/** Ends and beginnings of segments differ by roundings. */
const NEAR = 0.1;
/** From the decision to the change of what sounds: it has been decoded up to there. */
const LEAD = 0.5;

export class StreamFeed {
	#media;
	#segments;
	#source = new MediaSource();
	/** @type {SourceBuffer | null} */
	#buffer = null;
	#run = new AbortController();
	/** ends the segment under way, when another is wanted at once */
	#filling = new AbortController();
	/** which that is */
	#under = -1;
	/** appended last; it may have left a hole @type {number | null} */
	#last = null;
	/** whose setup has been appended @type {Segments | null} */
	#set = null;

	/**
	 * @param {HTMLMediaElement} media
	 * @param {Segments} segments
	 * @param {(error: Error) => void} fail
	 */
	constructor(media, segments, fail) {
		this.#media = media;
		this.#segments = segments;
		media.src = URL.createObjectURL(this.#source);
		media.addEventListener('seeking', () => this.#sought(), { signal: this.#run.signal });
		this.#feed().catch((error) => this.#run.signal.aborted || fail(error));
	}

	/**
	 * Goes on with another sound of the same track from the next segment on.
	 * @param {Segments} segments
	 */
	change(segments) {
		this.#segments = segments;
		this.#filling.abort();
	}

	end() {
		this.#run.abort();
		this.#filling.abort();
	}

	async #feed() {
		const { signal } = this.#run;

		await happens(this.#source, ['sourceopen'], signal);
		URL.revokeObjectURL(this.#media.src);
		this.#buffer = this.#source.addSourceBuffer(this.#segments.mime);
		this.#source.duration = this.#segments.duration;
		for (;;) {
			await this.#setUp(signal);
			this.#lengthen();
			const n = this.#due();

			if (n !== null)
				await this.#fill(n);
			else
				await happens(this.#media, ['timeupdate', 'seeking'], AbortSignal.any([signal, this.#filling.signal]))
					.catch(() => signal.throwIfAborted());
			await this.#forget(this.#media.currentTime - BEHIND);
		}
	}

	/**
	 * In front of the first segment of what is played: of what it was before, that which has
	 * been decoded stays.
	 * @param {AbortSignal} signal
	 */
	async #setUp(signal) {
		const segments = this.#segments;
		if (segments === this.#set)
			return;
		const setup = await segments.setup(signal);
		const buffer = this.#sourceBuffer;

		if (this.#set) {
			const next = segments.at(this.#media.currentTime + LEAD) + 1;

			buffer.abort();
			buffer.changeType(segments.mime);
			if (next < segments.count)
				await this.#removed(segments.start(next), Infinity);
		}
		this.#filling = new AbortController();
		this.#last = null;
		await this.#append(setup, signal);
		this.#set = segments;
	}

	/** What grows may become longer than was told. */
	#lengthen() {
		const { duration } = this.#segments;

		if (this.#source.readyState === 'open' && duration > this.#source.duration)
			this.#source.duration = duration;
	}

	/** @returns {number | null} the segment that is wanted; null: there is enough */
	#due() {
		const { currentTime } = this.#media;
		const end = bufferedEnd(this.#sourceBuffer.buffered, currentTime, NEAR);

		if (end === null)
			return this.#behindLast(this.#segments.at(currentTime));
		if (end >= this.#segments.duration - NEAR || this.#last === this.#segments.count - 1) {
			if (this.#source.readyState === 'open')
				this.#source.endOfStream();
			return null;
		}
		return end - currentTime > AHEAD ? null : this.#behindLast(this.#segments.at(end + NEAR));
	}

	/** A segment that was appended and is missed still has a hole there. @param {number} n */
	#behindLast(n) {
		return n === this.#last ? Math.min(n + 1, this.#segments.count - 1) : n;
	}

	/** @param {number} n */
	async #fill(n) {
		const { signal } = (this.#filling = new AbortController());

		this.#under = n;
		try {
			for await (const piece of this.#segments.read(n, signal))
				await this.#append(piece, signal);
			this.#last = n;
			this.#under = -1;
		} catch (error) {
			this.#run.signal.throwIfAborted();
			if (!signal.aborted)
				throw error;
			this.#sourceBuffer.abort(); /* half a segment may be in it */
			this.#last = null;
		}
	}

	/** A segment that is not heard soon is not waited for. */
	#sought() {
		const { currentTime } = this.#media;

		if (this.#buffer && bufferedEnd(this.#buffer.buffered, currentTime, NEAR) === null &&
			this.#segments.at(currentTime) !== this.#under) {
			this.#filling.abort();
			this.#last = null;
		}
	}

	/**
	 * @param {Uint8Array<ArrayBuffer>} bytes
	 * @param {AbortSignal} signal
	 */
	async #append(bytes, signal) {
		const buffer = this.#sourceBuffer;

		for (;;) {
			signal.throwIfAborted();
			try {
				buffer.appendBuffer(bytes);
				break;
			} catch (error) {
				if (/** @type {DOMException} */ (error).name !== 'QuotaExceededError')
					throw error;
				await this.#makeRoom(signal);
			}
		}
		await happens(buffer, ['updateend'], this.#run.signal);
		if (this.#media.error)
			throw new SourceDamaged('It cannot be played.');
	}

	/** The browser's own limit: what has been heard goes first, then it waits. @param {AbortSignal} signal */
	async #makeRoom(signal) {
		const { buffered } = this.#sourceBuffer;

		if (buffered.length && buffered.start(0) < this.#media.currentTime - 1)
			return this.#removed(0, this.#media.currentTime - 1);
		await happens(this.#media, ['timeupdate', 'seeking'], signal);
	}

	/** @param {number} before  seconds; in strides, since it costs something */
	async #forget(before) {
		const { buffered } = this.#sourceBuffer;

		if (buffered.length && buffered.start(0) < before - BEHIND)
			await this.#removed(0, before);
	}

	/**
	 * @param {number} from
	 * @param {number} to
	 */
	async #removed(from, to) {
		this.#sourceBuffer.remove(from, to);
		await happens(this.#sourceBuffer, ['updateend'], this.#run.signal);
	}

	get #sourceBuffer() {
		return /** @type {SourceBuffer} */ (this.#buffer);
	}
}

/**
 * @param {EventTarget} target
 * @param {string[]} names
 * @param {AbortSignal} signal  rejects
 * @returns {Promise<void>}
 */
function happens(target, names, signal) {
	return new Promise((resolve, reject) => {
		const listening = new AbortController();
		const end = (/** @type {() => void} */ act) => () => {
			listening.abort();
			act();
		};

		if (signal.aborted)
			return reject(signal.reason);
		for (const name of names)
			target.addEventListener(name, end(resolve), { signal: listening.signal });
		signal.addEventListener('abort', end(() => reject(signal.reason)), { signal: listening.signal });
	});
}
