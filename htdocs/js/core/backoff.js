/**
 * How long to wait before asking again: a little longer each time nothing
 * came of it.
 * @module
 */

export class Backoff {
	#first;
	#longest;
	#next;

	/**
	 * @param {number} first    milliseconds
	 * @param {number} longest  milliseconds
	 */
	constructor(first, longest) {
		this.#first = first;
		this.#longest = longest;
		this.#next = first;
	}

	/** Something came: ask soon again. */
	reset() {
		this.#next = this.#first;
	}

	/**
	 * Waits for the present delay and lengthens the next.
	 * @param {AbortSignal} signal  ends the wait at once
	 * @returns {Promise<boolean>} false when the signal ended it
	 */
	wait(signal) {
		const delay = this.#next;

		this.#next = Math.min(this.#next * 1.5, this.#longest);
		return new Promise((resolve) => {
			const stop = () => done(false);
			const done = (/** @type {boolean} */ waited) => {
				clearTimeout(timer);
				signal.removeEventListener('abort', stop);
				resolve(waited);
			};
			const timer = setTimeout(() => done(true), delay);

			signal.addEventListener('abort', stop);
			if (signal.aborted)
				stop();
		});
	}
}
