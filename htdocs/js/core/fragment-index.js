/**
 * Where the fragments of an MP4, or the pages of Ogg Opus, are, by its sidecar; also while it is still
 * being made, when the sidecar is asked for again as it grows.
 *
 * Positions are samples counted from the first packet of all.
 *
 * Sources: doc/seekidx.md; doc/http-api.md, "Heard while it is made".
 * @module
 */

import { Backoff } from './backoff.js';
import { entryBefore, entryBehind, parseSidecar } from './sidecar.js';
import { SourceDamaged, SourceGone } from './source.js';

/** @typedef {import('./sidecar.js').Sidecar} Sidecar */

/** Milliseconds between two looks at what grows. */
const MORE_FIRST = 250;
const MORE_LONGEST = 1000;
/** How often the beginning is asked for: then it is not being made. */
const ASKED = 6;
/** Nobody makes it any more. */
const GONE = [401, 403, 404, 410];

export class FragmentIndex {
	#sidecar;
	#guess;
	#more;

	/**
	 * @param {Sidecar} sidecar
	 * @param {number} [guess]  samples that it will probably have when it is whole
	 * @param {(signal: AbortSignal) => Promise<Sidecar | null>} [more]
	 *     the sidecar as it is by now; null: ask again. Rejected with SourceGone
	 */
	constructor(sidecar, guess = 0, more = async () => null) {
		this.#sidecar = sidecar;
		this.#guess = guess;
		this.#more = more;
	}

	/** What goes in front of any fragment. */
	get setup() {
		return this.#sidecar.setup;
	}

	/** Four characters. */
	get codec() {
		return this.#sidecar.codec;
	}

	/** Samples per second. */
	get rate() {
		return this.#sidecar.timescale;
	}

	/** Samples before the first one that is heard. */
	get preSkip() {
		return this.#sidecar.preSkip;
	}

	get growing() {
		return this.#sidecar.growing;
	}

	/** Whether what begins at any entry decodes without pre-roll. */
	get exact() {
		return this.#sidecar.exact;
	}

	/** Fragments that are there; of what grows the last entry tells where the next will begin. */
	get count() {
		return this.#sidecar.positions.length - (this.growing ? 1 : 0);
	}

	/**
	 * Samples that are heard in all; while it grows a guess, and more than is there.
	 * @returns {number}
	 */
	get length() {
		return this.growing ? Math.max(this.#guess, this.at(this.count) - this.preSkip + this.rate) : this.#sidecar.samples;
	}

	/** Of the file; 0 while it grows. */
	get bytes() {
		return this.#sidecar.bytes;
	}

	/**
	 * @param {number} entry  one past the last: about the end
	 * @returns {number} sample
	 */
	at(entry) {
		return this.#sidecar.positions[entry] ?? this.length + this.preSkip;
	}

	/** @param {number} entry  one past the last: the end */
	offset(entry) {
		return this.#sidecar.offsets[entry] ?? this.#sidecar.bytes;
	}

	/** The fragment with a sample; while it grows it may be the next one. @param {number} sample */
	entryOf(sample) {
		return entryBefore(this.#sidecar, sample);
	}

	/** The first one that begins at or behind a sample; as many as there are: behind all. @param {number} sample */
	entryBehind(sample) {
		return entryBehind(this.#sidecar, sample);
	}

	/**
	 * Waits until so many fragments are there, or it is known that they will not be.
	 * @param {number} count
	 * @param {AbortSignal} signal
	 */
	reachEntry(count, signal) {
		return this.#until(() => count <= this.count, signal);
	}

	/**
	 * Waits until the fragments up to a sample are there, or it is known that they will not be.
	 * @param {number} sample
	 * @param {AbortSignal} signal
	 */
	reach(sample, signal) {
		return this.#until(() => sample <= this.at(this.count), signal);
	}

	/**
	 * @param {() => boolean} isThere
	 * @param {AbortSignal} signal
	 */
	async #until(isThere, signal) {
		const backoff = new Backoff(MORE_FIRST, MORE_LONGEST);

		for (let asked = false; this.growing && !isThere(); asked = true) {
			if (asked)
				await backoff.wait(signal);
			signal.throwIfAborted();
			this.#sidecar = await this.#more(signal) ?? this.#sidecar;
		}
		signal.throwIfAborted();
	}
}

/**
 * @param {string} url
 * @param {AbortSignal} signal
 * @returns {Promise<Sidecar>} whole, and not empty
 * @throws {Error} when it cannot be had
 */
export async function fetchSidecar(url, signal) {
	const answer = await fetch(url, { signal });
	if (!answer.ok)
		throw new SourceDamaged(`The index of this track could not be had (status ${answer.status}).`);
	const sidecar = parseSidecar(await answer.arrayBuffer());

	if (sidecar.growing || sidecar.positions.length === 0)
		throw new SourceDamaged('The index of this track is of another kind.');
	return sidecar;
}

/**
 * To ask for it has it made, where it can be.
 * @param {string} url    of seekidx.fcgi
 * @param {number} guess  samples that it will probably have
 * @param {AbortSignal} signal
 * @param {boolean} [moves]  what it is of will be whole in another place: it is gone then
 * @throws {Error} when it is not being made
 */
export async function openGrowingIndex(url, guess, signal, moves = false) {
	const backoff = new Backoff(MORE_FIRST, MORE_LONGEST);
	const more = async (/** @type {AbortSignal} */ until) => {
		const sidecar = await ask(url, until);
		if (moves && sidecar && !sidecar.growing)
			throw new SourceGone('it is whole by now');

		return sidecar;
	};

	for (let i = 0; i < ASKED; i++) {
		const sidecar = await ask(url, signal);

		if (sidecar && (!sidecar.growing || sidecar.positions.length > 1))
			return new FragmentIndex(sidecar, guess, more);
		await backoff.wait(signal);
	}
	throw new SourceDamaged('The index of this track is not made yet.');
}

/**
 * @param {string} url
 * @param {AbortSignal} signal
 * @returns {Promise<Sidecar | null>} null: not now
 * @throws {SourceGone}
 */
async function ask(url, signal) {
	const answer = await fetch(url, { signal, cache: 'no-store' }).catch(() => null);

	if (answer && GONE.includes(answer.status))
		throw new SourceGone(`status ${answer.status}`);
	return answer?.ok ? answer.arrayBuffer().then(parseSidecar).catch(() => null) : null;
}
