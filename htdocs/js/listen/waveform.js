/**
 * Peaks of a track, as audiowaveform writes them. Pure.
 *
 * Source: bbc/audiowaveform doc/DataFormat.md (binary, versions 1 and 2): six
 * little endian 32 bit numbers, five in version 1, then a minimum and a
 * maximum for each channel and each pixel, of 8 or 16 bits.
 * @module
 */

const FLAG_8_BIT = 1;
const CHANNELS_MAX = 24;

/** @typedef {{ low: number, high: number }} Peak  of full scale, -1 to 1 */

/**
 * @typedef {object} Waveform
 * @property {number} sampleRate       Hz
 * @property {number} samplesPerPixel
 * @property {number} length           pixels
 * @property {number} channels
 * @property {Int8Array | Int16Array} pairs  length * channels * 2 values
 * @property {number} fullScale        what a value of 1.0 is in pairs
 */

/**
 * @param {ArrayBuffer} data
 * @returns {Waveform}
 * @throws {RangeError} when it is not such a file, or is cut
 */
export function parseWaveform(data) {
	const view = new DataView(data);
	const version = view.byteLength >= 20 ? view.getInt32(0, true) : 0;
	if (version !== 1 && version !== 2)
		throw new RangeError('not a waveform file of version 1 or 2');
	const head = version === 2 ? 24 : 20;
	if (view.byteLength < head)
		throw new RangeError('the waveform file ends in its header');

	const eight = (view.getUint32(4, true) & FLAG_8_BIT) !== 0;
	const sampleRate = view.getInt32(8, true);
	const samplesPerPixel = view.getInt32(12, true);
	const length = view.getUint32(16, true);
	const channels = version === 2 ? view.getInt32(20, true) : 1;
	if (sampleRate < 1 || samplesPerPixel < 1 || channels < 1 || channels > CHANNELS_MAX)
		throw new RangeError('the waveform file has an impossible header');
	const count = length * channels * 2;
	if (view.byteLength < head + count * (eight ? 1 : 2))
		throw new RangeError('the waveform file is cut');

	return { sampleRate, samplesPerPixel, length, channels, fullScale: eight ? 128 : 32768,
		pairs: eight ? new Int8Array(data, head, count) : sixteen(view, head, count) };
}

/**
 * The peaks for a drawing of so many bars.
 * @param {Waveform} waveform
 * @param {number} bars     how many are wanted, 1 or more
 * @param {number} seconds  what they span together; peaks past the end are 0
 * @returns {Peak[]}
 */
export function peaksFor(waveform, bars, seconds) {
	const pixels = (seconds * waveform.sampleRate) / waveform.samplesPerPixel;

	return Array.from({ length: bars }, (_, bar) => {
		const from = Math.floor((bar * pixels) / bars);
		const to = Math.max(from + 1, Math.floor(((bar + 1) * pixels) / bars));

		return peakBetween(waveform, from, to);
	});
}

/**
 * @param {Waveform} waveform
 * @param {number} from  first pixel
 * @param {number} to    the pixel after the last
 * @returns {Peak}
 */
function peakBetween(waveform, from, to) {
	const values = 2 * waveform.channels;
	const end = Math.min(to, waveform.length) * values;
	let low = 0;
	let high = 0;

	for (let i = from * values; i < end; i += 2) {
		low = Math.min(low, waveform.pairs[i]);
		high = Math.max(high, waveform.pairs[i + 1]);
	}
	return { low: low / waveform.fullScale, high: high / waveform.fullScale };
}

/**
 * Read one by one: the platform's byte order and the alignment may differ.
 * @param {DataView} view
 * @param {number} head
 * @param {number} count
 */
function sixteen(view, head, count) {
	return Int16Array.from({ length: count }, (_, i) => view.getInt16(head + 2 * i, true));
}
