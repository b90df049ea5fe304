/**
 * Decoding of whole slices by the browser (edge: the only user of decodeAudioData).
 * @module
 */

/** @typedef {import('./source.js').Pcm} Pcm */

/** One for each rate, kept: it resamples what has another rate. @type {Map<number, OfflineAudioContext>} */
const decoders = new Map();

/**
 * @param {Uint8Array<ArrayBuffer>} slice  a whole file; taken, unusable afterwards
 * @param {number} rate        its samples per second
 * @returns {Promise<Pcm>}
 * @throws {DOMException} when the browser cannot decode it
 */
export async function decodeSlice(slice, rate) {
	let decoder = decoders.get(rate);

	if (!decoder)
		decoders.set(rate, (decoder = new OfflineAudioContext(2, 1, rate)));
	const exact = slice.byteOffset === 0 && slice.byteLength === slice.buffer.byteLength;
	const buffer = await decoder.decodeAudioData(exact ? slice.buffer : slice.slice().buffer);

	return Array.from({ length: buffer.numberOfChannels }, (_, channel) => buffer.getChannelData(channel));
}
