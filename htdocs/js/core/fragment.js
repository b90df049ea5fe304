/**
 * Fragments of an MP4 of sound alone, read packet by packet and written anew with
 * those of them that are wanted. Pure.
 *
 * Source: ISO/IEC 14496-12 4.2 (boxes), 8.6.5 (edts), 8.8 (moof).
 * @module
 */

/** Before the first packet of a fragment: moof with its boxes, and the head of mdat. */
const HEAD = 100;
/** tfhd: offsets count from moof; 8.8.7. Its optional members, in their order, and their bytes. */
const TFHD_BASE_IS_MOOF = 0x020000;
const TFHD_MEMBERS = /** @type {[number, number][]} */ ([[1, 8], [2, 4], [8, 4], [0x10, 4], [0x20, 4]]);
const TFHD_DURATION = 8;
const TFHD_SIZE = 0x10;
/** trun; 8.8.8 */
const TRUN_OFFSET = 1;
const TRUN_FIRST_FLAGS = 4;
const TRUN_DURATION = 0x100;
const TRUN_SIZE = 0x200;
const TRUN_MEMBERS = [TRUN_DURATION, TRUN_SIZE, 0x400, 0x800];
const PACKETS_MAX = 1 << 20;

/**
 * @typedef {object} Packet
 * @property {number} offset   byte of the file
 * @property {number} bytes
 * @property {number} at       sample where it begins, counted from the first packet of all
 * @property {number} samples
 */

/** About how many bytes stand before the first of so many packets. @param {number} packets */
export function headBytes(packets) {
	return HEAD + 4 * packets;
}

/**
 * @param {Uint8Array} moof  the whole box
 * @param {number} place     its first byte's offset in the file
 * @returns {Packet[]} in order
 * @throws {RangeError} when it is none
 */
export function readMoof(moof, place) {
	const view = new DataView(moof.buffer, moof.byteOffset, moof.byteLength);
	const traf = find(view, find(view, { start: 0, end: moof.length }, 'moof'), 'traf');
	const { duration, size } = defaults(view, find(view, traf, 'tfhd'));
	const tfdt = find(view, traf, 'tfdt');
	const trun = find(view, traf, 'trun');
	const flags = view.getUint32(trun.start) & 0xffffff;
	const count = view.getUint32(trun.start + 4);
	const members = TRUN_MEMBERS.filter((member) => flags & member);
	let row = trun.start + 8 + (flags & TRUN_OFFSET ? 4 : 0) + (flags & TRUN_FIRST_FLAGS ? 4 : 0);
	let offset = place + (flags & TRUN_OFFSET ? view.getInt32(trun.start + 8) : moof.length + 8);
	let at = view.getUint8(tfdt.start) === 1 ? Number(view.getBigUint64(tfdt.start + 4)) : view.getUint32(tfdt.start + 4);

	if (count > PACKETS_MAX || row + 4 * members.length * count > trun.end)
		throw new RangeError('a fragment contradicts itself');
	return Array.from({ length: count }, () => {
		const value = (/** @type {number} */ member, /** @type {number} */ usual) =>
			(flags & member ? view.getUint32(row + 4 * members.indexOf(member)) : usual);
		const packet = { offset, bytes: value(TRUN_SIZE, size), at, samples: value(TRUN_DURATION, duration) };

		row += 4 * members.length;
		offset += packet.bytes;
		at += packet.samples;
		return packet;
	});
}

/**
 * A file of its own: packets that follow each other behind the setup.
 * @param {Uint8Array} setup  ftyp and moov
 * @param {Packet[]} packets
 * @param {Uint8Array} data   theirs
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function fragmentedFile(setup, packets, data) {
	const moof = writeMoof(packets);
	const file = new Uint8Array(setup.length + moof.length + 8 + data.length);

	file.set(setup);
	file.set(moof, setup.length);
	file.set([...word(8 + data.length), ...letters('mdat')], setup.length + moof.length);
	file.set(data, setup.length + moof.length + 8);
	return file;
}

/**
 * The same setup without its edit list, which some decoders heed in any slice and
 * others only at the beginning.
 * @param {Uint8Array} setup  ftyp and moov
 */
export function withoutEdits(setup) {
	const plain = setup.slice();
	const view = new DataView(plain.buffer);
	const trak = find(view, find(view, { start: 0, end: plain.length }, 'moov'), 'trak');
	const edits = boxes(view, trak).find(({ name }) => name === 'edts');

	if (edits)
		plain.set(letters('free'), edits.start - 4);
	return plain;
}

/** @param {Packet[]} packets */
function writeMoof(packets) {
	const rows = packets.flatMap(({ samples, bytes }) => [...word(samples), ...word(bytes)]);
	const make = (/** @type {number} */ length) => box('moof',
		box('mfhd', word(0), word(1)),
		box('traf',
			box('tfhd', word(TFHD_BASE_IS_MOOF), word(1)),
			box('tfdt', word(0x01000000), word(Math.floor(packets[0].at / 2 ** 32)), word(packets[0].at)),
			box('trun', word(TRUN_OFFSET | TRUN_DURATION | TRUN_SIZE), word(packets.length), word(length + 8), rows)));

	return make(make(0).length);
}

/** @typedef {{ start: number, end: number }} Span  of a box's body */

/**
 * @param {DataView} view
 * @param {Span} within
 * @returns {(Span & { name: string })[]}
 */
function boxes(view, { start, end }) {
	const found = [];

	for (let at = start; at + 8 <= end; at = found[found.length - 1].end) {
		const bytes = view.getUint32(at);

		if (bytes < 8 || at + bytes > end)
			throw new RangeError('a box is cut, or too large');
		found.push({ name: String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at + 4, 4)),
			start: at + 8, end: at + bytes });
	}
	return found;
}

/**
 * @param {DataView} view
 * @param {Span} within
 * @param {string} name
 */
function find(view, within, name) {
	const found = boxes(view, within).find((one) => one.name === name);

	if (!found)
		throw new RangeError(`there is no ${name}`);
	return found;
}

/**
 * @param {DataView} view
 * @param {Span} tfhd
 */
function defaults(view, { start }) {
	const flags = view.getUint32(start) & 0xffffff;
	const values = new Map();
	let at = start + 8;

	for (const [member, bytes] of TFHD_MEMBERS)
		if (flags & member) {
			values.set(member, view.getUint32(at));
			at += bytes;
		}
	return { duration: values.get(TFHD_DURATION) ?? 0, size: values.get(TFHD_SIZE) ?? 0 };
}

/**
 * @param {string} name
 * @param {...number[]} body
 */
function box(name, ...body) {
	const bytes = body.flat();

	return [...word(8 + bytes.length), ...letters(name), ...bytes];
}

/** Big endian. @param {number} value  its lower 32 bits */
function word(value) {
	return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);
}

/** @param {string} text */
function letters(text) {
	return [...text].map((letter) => letter.charCodeAt(0));
}
