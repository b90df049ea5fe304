/**
 * An output without a sound card: a tape that can be read afterwards, and whose time
 * moves when the test says so.
 * @module
 */

const RATE = 1000;
const STEP = 10;

export class Tape {
	rate = RATE;
	frame = 0;
	/** What sounds at each frame; pieces that overlap are added up. */
	#sound = new Map();
	/** @type {{ frame: number, resolve: () => void }[]} */
	#waiting = [];
	/** Frames by which time jumps ahead while something is being placed. */
	heldUp = 0;

	bus(gain) {
		return { gain };
	}

	place([channel], frame, bus) {
		this.frame += this.heldUp;
		this.heldUp = 0;
		/* what should have begun already begins now, as a buffer source does */
		const start = Math.max(frame, this.frame);

		channel.forEach((value, i) => this.#add(start + i, value * bus.gain));
		return { stopAt: (end) => {
			for (let i = Math.max(0, Math.max(end, this.frame) - start); i < channel.length; i++)
				this.#add(start + i, -channel[i] * bus.gain);
		} };
	}

	#add(frame, value) {
		this.#sound.set(frame, (this.#sound.get(frame) ?? 0) + value);
	}

	reach(frame, signal) {
		return new Promise((resolve) => {
			if (signal.aborted || this.frame >= frame)
				return resolve(!signal.aborted);
			const stop = () => resolve(false);

			signal.addEventListener('abort', stop);
			this.#waiting.push({ frame, resolve: () => {
				signal.removeEventListener('abort', stop);
				resolve(true);
			} });
		});
	}

	/** Lets time pass, and everybody act in it. */
	async run(frames) {
		for (const end = this.frame + frames; this.frame < end; ) {
			await new Promise((resolve) => setImmediate(resolve));
			this.frame = Math.min(end, this.frame + STEP);
			for (const { resolve } of this.#waiting.filter(({ frame }) => frame <= this.frame))
				resolve();
			this.#waiting = this.#waiting.filter(({ frame }) => frame > this.frame);
		}
		await new Promise((resolve) => setImmediate(resolve));
	}

	/** All that sounded up to now, silence left out. */
	heard() {
		return this.#frames().map((frame) => this.#sound.get(frame));
	}

	/** How many silent frames lie between the first and the last that sounded. */
	gaps() {
		const frames = this.#frames();

		return frames.at(-1) - frames[0] + 1 - frames.length;
	}

	#frames() {
		return [...this.#sound.keys()].filter((frame) => frame < this.frame && this.#sound.get(frame) !== 0)
			.sort((a, b) => a - b);
	}
}

/**
 * A source whose samples tell what they are: 10^6 times its number, plus their place.
 * @param {number} number  from 1
 * @param {number} length  samples
 * @param {(from: number, signal: AbortSignal) => Promise<void>} [before]  what a read waits for
 */
export function tellingSource(number, length, before = async () => {}) {
	const source = {
		rate: RATE, length, longest: Infinity, reads: [],
		windowEnd: (from, wanted) => Math.min(length, Math.ceil((from + wanted) / 37) * 37),
		read: async (from, to, ahead, signal) => {
			source.reads.push([from, to, ahead]);
			await before(from, signal);
			signal.throwIfAborted();
			return [Float64Array.from({ length: to - from }, (_, i) => 1e6 * number + from + i)];
		},
	};

	return source;
}

/** The samples [from, to) of a telling source. */
export function told(number, from, to) {
	return Array.from({ length: to - from }, (_, i) => 1e6 * number + from + i);
}
