/**
 * A WAV or RF64 as a source: any sample is where its number says, so a range of it
 * with a head of its own is a WAV again, and needs no index.
 *
 * Sources: Multimedia Programming Interface and Data Specifications 1.0 (RIFF), EBU
 * Tech 3306 (RF64).
 * @module
 */

import { SourceDamaged } from './source.js';

/** @typedef {import('./range-reader.js').RangeReader} RangeReader */
/** @typedef {import('./source.js').Pcm} Pcm */
/** @typedef {(slice: Uint8Array<ArrayBuffer>, rate: number) => Promise<Pcm>} Decode */

/** How much of a file is read at once to find its samples, bytes. */
const PART = 4096;
/** As much of a chunk as is used here, bytes. */
const CHUNK_USED = 48;
/** Chunks before the samples; more is no music. */
const CHUNKS_MAX = 64;
/** Of a "fmt " chunk: plain to extensible. */
const FORMAT_MIN = 16;
const FORMAT_MAX = 40;

/**
 * @typedef {object} Layout
 * @property {Uint8Array} format  the "fmt " chunk's body
 * @property {number} rate        samples per second
 * @property {number} frame       bytes of one sample of every channel
 * @property {number} start       byte of the first sample
 */

export class WavSource {
	#reader;
	#layout;
	#decode;

	/**
	 * @param {RangeReader} reader
	 * @param {Layout} layout
	 * @param {number} length  samples
	 * @param {Decode} decode
	 * @param {number} longest  seconds
	 */
	constructor(reader, layout, length, decode, longest) {
		this.#reader = reader;
		this.#layout = layout;
		this.#decode = decode;
		this.rate = layout.rate;
		this.length = length;
		this.longest = longest;
	}

	/** @type {import('./source.js').Source['windowEnd']} */
	windowEnd(from, wanted) {
		return Math.min(this.length, from + wanted);
	}

	/** @type {import('./source.js').Source['read']} */
	async read(from, to, ahead, signal) {
		const byte = (/** @type {number} */ sample) => this.#layout.start + sample * this.#layout.frame;
		const bytes = await this.#reader.read(byte(from), byte(to), byte(Math.max(to, ahead)), signal);
		const pcm = await this.#decode(wavOf(this.#layout.format, bytes), this.rate);

		if (pcm[0]?.length !== to - from)
			throw new SourceDamaged('This browser does not decode this WAV.');
		return pcm;
	}
}

/**
 * @param {RangeReader} reader
 * @param {number} bytes   of the file
 * @param {number} length  samples
 * @param {Decode} decode
 * @param {number} longest  seconds of a window that are worth waiting for
 * @param {AbortSignal} signal
 * @throws {SourceDamaged} when it is not such a file
 */
export async function openWav(reader, bytes, length, decode, longest, signal) {
	const layout = await readLayout(reader, bytes, signal);

	if (layout.start + length * layout.frame > bytes)
		throw new SourceDamaged('The file is shorter than its head says.');
	return new WavSource(reader, layout, length, decode, longest);
}

/**
 * @param {RangeReader} reader
 * @param {number} bytes
 * @param {AbortSignal} signal
 * @returns {Promise<Layout>}
 */
async function readLayout(reader, bytes, signal) {
	let base = 0;
	let part = await readPart(0);
	/** @type {Omit<Layout, 'start'> | null} */
	let format = null;

	if (!['RIFFWAVE', 'RF64WAVE'].includes(tag(part, 0) + tag(part, 8)))
		throw new SourceDamaged('This is no WAV.');
	for (let chunk = 0, at = 12; chunk < CHUNKS_MAX && at + 8 <= bytes; chunk++) {
		if (at - base > PART - CHUNK_USED)
			part = await readPart((base = at));
		const name = tag(part, at - base);
		const size = part.getUint32(at - base + 4, true);

		if (name === 'fmt ')
			format = formatOf(part, at - base + 8, size);
		else if (name === 'data' && format)
			return { ...format, start: at + 8 };
		at += 8 + size + (size & 1);
	}
	throw new SourceDamaged('The head of this file says nothing of its samples.');

	async function readPart(/** @type {number} */ from) {
		const padded = new Uint8Array(PART); /* zeros where the file ends */

		padded.set(await reader.read(from, Math.min(bytes, from + PART), 0, signal));
		return new DataView(padded.buffer);
	}
}

/**
 * @param {DataView} part
 * @param {number} at    of the chunk's body
 * @param {number} size
 * @returns {Omit<Layout, 'start'>}
 */
function formatOf(part, at, size) {
	if (size < FORMAT_MIN || size > FORMAT_MAX)
		throw new SourceDamaged('The head of this file has impossible numbers.');
	const format = new Uint8Array(part.buffer.slice(at, at + size));
	const rate = part.getUint32(at + 4, true);
	const frame = part.getUint16(at + 12, true);

	if (rate < 1 || frame < 1)
		throw new SourceDamaged('The head of this file has impossible numbers.');
	return { format, rate, frame };
}

/**
 * @param {Uint8Array} format
 * @param {Uint8Array} samples
 */
function wavOf(format, samples) {
	const head = 12 + 8 + format.length + 8;
	const wav = new Uint8Array(head + samples.length);
	const view = new DataView(wav.buffer);
	const chunk = (/** @type {number} */ at, /** @type {string} */ name, /** @type {number} */ size) => {
		[...name].forEach((character, i) => view.setUint8(at + i, character.charCodeAt(0)));
		view.setUint32(at + 4, size, true);
	};

	chunk(0, 'RIFF', wav.length - 8);
	chunk(8, 'WAVE', 0);
	chunk(12, 'fmt ', format.length);
	wav.set(format, 20);
	chunk(20 + format.length, 'data', samples.length);
	wav.set(samples, head);
	return wav;
}

/**
 * @param {DataView} view
 * @param {number} at
 */
function tag(view, at) {
	return String.fromCharCode(...new Uint8Array(view.buffer, at, 4));
}
