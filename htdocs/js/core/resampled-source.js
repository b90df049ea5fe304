/**
 * A source at another rate: what the context that is playing has.
 * @module
 */

import { Resampler } from './resampler.js';

/** @typedef {import('./source.js').Source} Source */

/**
 * @param {Source} source
 * @param {number} rate
 * @returns {Source} the same where it has that rate already
 */
export function atRate(source, rate) {
	return source.rate === rate ? source : new ResampledSource(source, rate);
}

class ResampledSource {
	#source;
	#resampler;

	/**
	 * @param {Source} source
	 * @param {number} rate
	 */
	constructor(source, rate) {
		this.#source = source;
		this.#resampler = new Resampler(source.rate, rate);
		this.rate = rate;
	}

	get longest() {
		return this.#source.longest;
	}

	get length() {
		return this.#resampler.outputLength(this.#source.length);
	}

	/**
	 * The last output sample for which the input of a cheap window is enough.
	 * @type {Source['windowEnd']}
	 */
	windowEnd(from, wanted) {
		const { length } = this.#source;
		const [, need] = this.#resampler.inputSpan(from, from + wanted);
		const [start] = this.#resampler.inputSpan(from, from + 1);
		if (need >= length)
			return this.length;
		const cheap = this.#source.windowEnd(Math.max(0, start), need - Math.max(0, start));
		if (cheap >= length)
			return this.length;
		let end = from + wanted;

		for (let step = cheap - need; step >= 1; step = Math.floor(step / 2))
			while (this.#resampler.inputSpan(from, end + step)[1] <= cheap)
				end += step;
		return Math.min(this.length, end);
	}

	/** @type {Source['read']} */
	async read(from, to, ahead, signal) {
		const { length } = this.#source;
		const [first, last] = this.#resampler.inputSpan(from, to);
		const [, furthest] = this.#resampler.inputSpan(from, Math.max(to, ahead));
		const start = Math.max(0, first);
		const input = await this.#source.read(start, Math.min(length, last), Math.min(length, furthest), signal);

		return this.#resampler.run(input, start, from, Math.max(from, Math.min(to, this.length)));
	}
}
