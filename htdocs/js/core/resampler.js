/**
 * Sample rate conversion whose result depends on position only: any stretch of
 * the output is the same, however it is cut into pieces. Pure.
 *
 * A polyphase FIR: output sample k of L/M is the sum of the taps of phase
 * (k * M) mod L over the input around k * M / L; sample 0 is sample 0. A Kaiser
 * window, so that what it adds stays about 110 dB below full scale.
 * @module
 */

/** @typedef {import('./source.js').Pcm} Pcm */

/** Taps of a phase where the rate rises; more where it falls, by as much as it does. */
const TAPS = 96;
/** Of the Kaiser window: about -110 dB in the stop band. */
const BETA = 11.5;
/** The pass band's end, of half the lower rate. */
const PASS = 0.956;
/** Output samples between two breaths of the page. */
const BREATH = 1 << 15;

export class Resampler {
	/** rate out / rate in, in lowest terms */
	#up;
	#down;
	#taps;
	/** #up phases of #taps each */
	#table;

	/**
	 * @param {number} rateIn   samples per second, whole
	 * @param {number} rateOut
	 */
	constructor(rateIn, rateOut) {
		const common = gcd(rateIn, rateOut);

		this.#up = rateOut / common;
		this.#down = rateIn / common;
		this.#taps = 2 * Math.ceil((TAPS / 2) * Math.max(1, rateIn / rateOut));
		this.#table = design(this.#up, this.#taps, Math.min(1, rateOut / rateIn));
	}

	/**
	 * @param {number} length  input samples in all
	 * @returns {number} output samples in all
	 */
	outputLength(length) {
		return Math.ceil((length * this.#up) / this.#down);
	}

	/**
	 * The input that output [from, to) is made of, which may begin before 0.
	 * @param {number} from
	 * @param {number} to    greater than from
	 * @returns {[number, number]} first sample, one past the last
	 */
	inputSpan(from, to) {
		const half = this.#taps / 2;

		return [Math.floor((from * this.#down) / this.#up) - half + 1,
			Math.floor(((to - 1) * this.#down) / this.#up) + half + 1];
	}

	/**
	 * @param {Pcm} input     holds inputSpan(from, to), or as much of it as there is
	 * @param {number} start  number of its first sample
	 * @param {number} from   output samples [from, to)
	 * @param {number} to
	 * @returns {Promise<Pcm>}
	 */
	async run(input, start, from, to) {
		const output = input.map(() => new Float32Array(to - from));

		for (let at = from; at < to; at += BREATH) {
			const end = Math.min(to, at + BREATH);

			input.forEach((channel, i) => this.#stretch(channel, start, at, end, output[i], from));
			if (end < to)
				await new Promise((resolve) => setTimeout(resolve));
		}
		return output;
	}

	/**
	 * @param {Float32Array} input
	 * @param {number} start
	 * @param {number} from
	 * @param {number} to
	 * @param {Float32Array} output
	 * @param {number} zero  number of output[0]
	 */
	#stretch(input, start, from, to, output, zero) {
		const taps = this.#taps;
		const table = this.#table;

		for (let k = from; k < to; k++) {
			const whole = Math.floor((k * this.#down) / this.#up);
			const phase = (k * this.#down - whole * this.#up) * taps;
			const first = whole - taps / 2 + 1 - start;
			const end = Math.min(taps, input.length - first);
			let sum = 0;

			for (let tap = Math.max(0, -first); tap < end; tap++)
				sum += table[phase + tap] * input[first + tap];
			output[k - zero] = sum;
		}
	}
}

/**
 * @param {number} phases
 * @param {number} taps   even
 * @param {number} lower  the lower of both rates, of that of the input
 */
function design(phases, taps, lower) {
	const table = new Float32Array(phases * taps);
	const half = taps / 2;
	const cut = lower * (1 + PASS) / 2;

	for (let phase = 0; phase < phases; phase++) {
		const row = new Float64Array(taps);

		row.forEach((_, tap) => {
			const at = tap - half + 1 - phase / phases;

			row[tap] = cut * sinc(cut * at) * kaiser(at / half);
		});
		/* each phase has the same gain at 0 Hz, or a constant would hum */
		const sum = row.reduce((a, b) => a + b);
		row.forEach((value, tap) => (table[phase * taps + tap] = value / sum));
	}
	return table;
}

/** @param {number} x */
function sinc(x) {
	return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** @param {number} x  -1 to 1 */
function kaiser(x) {
	return Math.abs(x) >= 1 ? 0 : bessel(BETA * Math.sqrt(1 - x * x)) / bessel(BETA);
}

/**
 * I0, by its series.
 * @param {number} x
 */
function bessel(x) {
	let term = 1;
	let sum = 1;

	for (let i = 1; term > sum * 1e-12; i++) {
		term *= (x / (2 * i)) ** 2;
		sum += term;
	}
	return sum;
}

/**
 * @param {number} a
 * @param {number} b
 * @returns {number}
 */
function gcd(a, b) {
	return b ? gcd(b, a % b) : a;
}
