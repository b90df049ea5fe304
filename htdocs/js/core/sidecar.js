/**
 * The sidecar of an artifact: its setup bytes and its seek index. Pure.
 *
 * Source: doc/seekidx.md.
 * @module
 */

const MAGIC = 'DRFTIDX1';
const HEAD = 48;
const ENTRY = 16;
const SETUP_MAX = 1 << 20;
const ENTRIES_MAX = 1 << 24;
const FLAG_GROWING = 1;
const FLAG_EXACT = 2;

/**
 * @typedef {object} Index
 * @property {string} codec       four characters: "Opus", "fLaC", …
 * @property {boolean} growing    more entries will come
 * @property {boolean} exact      every entry decodes without pre-roll
 * @property {number} timescale   samples per second
 * @property {number} preSkip     samples that a decoder drops, or the encoder's delay
 * @property {number} samples     presented in all; 0 while unknown
 * @property {number} bytes       of the artifact; 0 while unknown
 * @property {Float64Array} positions  sample at the start of each entry, ascending
 * @property {Float64Array} offsets    its first byte, ascending
 */

/** @typedef {Index & { setup: Uint8Array }} Sidecar  setup goes in front of every slice */

/**
 * @param {ArrayBuffer} data  the whole file
 * @returns {Sidecar}
 * @throws {RangeError} when it is no sidecar, or is cut
 */
export function parseSidecar(data) {
	const view = new DataView(data);
	if (data.byteLength < HEAD || text(data, 0, 8) !== MAGIC)
		throw new RangeError('not a sidecar');
	const flags = view.getUint32(12, true);
	const setupBytes = view.getUint32(40, true);
	const count = view.getUint32(44, true);
	const first = HEAD + Math.ceil(setupBytes / 8) * 8;
	if (setupBytes > SETUP_MAX || count > ENTRIES_MAX || data.byteLength < first + ENTRY * count)
		throw new RangeError('the sidecar is cut, or too large');

	const sidecar = {
		codec: text(data, 8, 4), growing: (flags & FLAG_GROWING) !== 0, exact: (flags & FLAG_EXACT) !== 0,
		timescale: view.getUint32(16, true), preSkip: view.getUint32(20, true),
		samples: number(view, 24), bytes: number(view, 32),
		setup: new Uint8Array(data, HEAD, setupBytes),
		positions: Float64Array.from({ length: count }, (_, i) => number(view, first + ENTRY * i)),
		offsets: Float64Array.from({ length: count }, (_, i) => number(view, first + ENTRY * i + 8)),
	};

	if (sidecar.timescale === 0 || !ascends(sidecar.positions) || !ascends(sidecar.offsets))
		throw new RangeError('the sidecar contradicts itself');
	return sidecar;
}

/** Ogg Opus as it is made here: samples of a packet, packets of a page, and lacing values of 255 bytes. */
const PACKET = 960;
const PAGE_PACKETS = 25;
const PAGE_HEAD = 27;
const LACED = 255;
const OPUS_RATE = 48000;
const OPUS_SETUP_MAX = 8191;
/** Bit/s from which every entry decodes without pre-roll; mono from half of it, which is not told here. */
const OPUS_EXACT = 256000;

/**
 * The sidecar of Ogg Opus at a constant bitrate, all but its setup: the place of every page
 * follows from the sizes, so that nobody needs to wait for an hour's entries.
 * @param {number} samples
 * @param {number} bytes    of the artifact
 * @param {number} bitrate  bit/s of its packets
 * @param {number} preSkip
 * @returns {Index & { setupBytes: number } | null} null: these are not the sizes of one
 */
export function constantSidecar(samples, bytes, bitrate, preSkip) {
	const packet = (bitrate * PACKET) / OPUS_RATE / 8;
	const laced = packet + Math.floor(packet / LACED) + 1;
	const packets = Math.ceil((samples + preSkip) / PACKET);
	const whole = Math.floor(packets / PAGE_PACKETS);
	const rest = packets % PAGE_PACKETS;
	const page = PAGE_HEAD + PAGE_PACKETS * laced;
	const setupBytes = bytes - whole * page - (rest ? PAGE_HEAD + rest * laced : 0);

	if (!Number.isInteger(packet) || !(setupBytes > 0 && setupBytes <= OPUS_SETUP_MAX))
		return null;
	const entries = { length: whole + (rest ? 1 : 0) };

	return { codec: 'Opus', growing: false, exact: bitrate >= OPUS_EXACT, timescale: OPUS_RATE, preSkip, samples, bytes, setupBytes,
		positions: Float64Array.from(entries, (_, i) => PAGE_PACKETS * PACKET * i),
		offsets: Float64Array.from(entries, (_, i) => setupBytes + page * i) };
}

/** As much of a sidecar as holds so many bytes of setup. @param {number} setupBytes */
export function sidecarHead(setupBytes) {
	return HEAD + setupBytes;
}

/**
 * The setup out of the beginning of a sidecar.
 * @param {ArrayBuffer} data
 * @param {{ setupBytes: number, bytes: number }} expected  as told by constantSidecar()
 * @throws {RangeError} when it is that of something else
 */
export function readSetup(data, { setupBytes, bytes }) {
	const view = new DataView(data);

	if (data.byteLength < HEAD + setupBytes || text(data, 0, 12) !== `${MAGIC}Opus` || number(view, 32) !== bytes ||
		view.getUint32(40, true) !== setupBytes)
		throw new RangeError('the sidecar is of another file');
	return new Uint8Array(data, HEAD, setupBytes);
}

/**
 * The last entry at or before a sample.
 * @param {Index} sidecar  of one entry or more
 * @param {number} sample
 * @returns {number} its place; 0 also before the first
 */
export function entryBefore({ positions }, sample) {
	let low = 0;
	let high = positions.length;

	while (high - low > 1) {
		const middle = (low + high) >>> 1;

		if (positions[middle] <= sample)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/**
 * The first entry at or behind a sample.
 * @param {Index} sidecar
 * @param {number} sample
 * @returns {number} its place; how many there are when it lies behind the last
 */
export function entryBehind(sidecar, sample) {
	const before = entryBefore(sidecar, sample);

	return sidecar.positions[before] >= sample ? before : before + 1;
}

/**
 * @param {ArrayBuffer} data
 * @param {number} at
 * @param {number} bytes
 */
function text(data, at, bytes) {
	return String.fromCharCode(...new Uint8Array(data, at, bytes));
}

/**
 * 53 bits are enough for every sample and byte.
 * @param {DataView} view
 * @param {number} at
 */
function number(view, at) {
	return Number(view.getBigUint64(at, true));
}

/** @param {Float64Array} values */
function ascends(values) {
	return values.every((value, i) => i === 0 || value > values[i - 1]);
}
