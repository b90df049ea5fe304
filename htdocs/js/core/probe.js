/**
 * Whether this browser decodes a slice of Ogg Opus, to the sample: asked by giving
 * it one of a few bytes, made here, since what canPlayType says is a guess.
 *
 * Sources: RFC 3533 section 6 (page), RFC 7845 section 5 (headers), RFC 6716 section
 * 3.1 (TOC byte).
 * @module
 */

import { decodeSlice } from './decode.js';

const RATE = 48000;
const PRE_SKIP = 312;
const PACKET_SAMPLES = 960;
/** CELT, full band, 20 ms, mono: silence. */
const SILENCE = [0xf8, 0xff, 0xfe];
const PACKETS = 5;
const FLAG_FIRST = 2;
const FLAG_LAST = 4;

/** @type {Promise<boolean> | null} */
let asked = null;

/**
 * Asked once.
 * @returns {Promise<boolean>}
 */
export function decodesOggOpus() {
	return (asked ??= typeof OfflineAudioContext === 'undefined' ? Promise.resolve(false)
		: decodeSlice(sample(), RATE).then((pcm) => pcm[0].length === PACKETS * PACKET_SAMPLES - PRE_SKIP,
			() => false));
}

function sample() {
	const head = [...ascii('OpusHead'), 1, 1, ...little(PRE_SKIP, 2), ...little(RATE, 4), 0, 0, 0];
	const tags = [...ascii('OpusTags'), ...little(5, 4), ...ascii('probe'), ...little(0, 4)];
	const packets = Array.from({ length: PACKETS }, () => SILENCE);

	return new Uint8Array([...page([head], 0, 0, FLAG_FIRST), ...page([tags], 1, 0, 0),
		...page(packets, 2, PACKETS * PACKET_SAMPLES, FLAG_LAST)]);
}

/**
 * @param {number[][]} packets  each shorter than 255 bytes
 * @param {number} sequence
 * @param {number} granule
 * @param {number} flags
 */
function page(packets, sequence, granule, flags) {
	const bytes = [...ascii('OggS'), 0, flags, ...little(granule, 8), ...little(1, 4), ...little(sequence, 4),
		0, 0, 0, 0, packets.length, ...packets.map(({ length }) => length), ...packets.flat()];

	bytes.splice(22, 4, ...little(checksum(bytes), 4));
	return bytes;
}

/** CRC-32 of the Ogg kind: 0x04c11db7, not reflected, from 0. @param {number[]} bytes */
function checksum(bytes) {
	let crc = 0;

	for (const byte of bytes) {
		crc ^= byte << 24;
		for (let bit = 0; bit < 8; bit++)
			crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
	}
	return crc >>> 0;
}

/** @param {string} text */
function ascii(text) {
	return [...text].map((character) => character.charCodeAt(0));
}

/**
 * @param {number} value
 * @param {number} bytes
 */
function little(value, bytes) {
	return Array.from({ length: bytes }, (_, i) => Math.floor(value / 2 ** (8 * i)) & 0xff);
}
