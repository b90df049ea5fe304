/**
 * Composed test pictures.
 * @module
 */

import { deflateSync, crc32 } from 'node:zlib';

const SIDE = 480;

/**
 * A square PNG: waves from one colour to another.
 * @param {number[]} from  red, green, blue, 0 to 255
 * @param {number[]} to
 * @param {number} waves  how many
 * @returns {Buffer}
 */
export function composePicture(from, to, waves) {
	const rows = Buffer.alloc(SIDE * (1 + 3 * SIDE)); /* each begins with its filter: none */

	for (let y = 0; y < SIDE; y++)
		for (let x = 0; x < SIDE; x++) {
			const bend = 0.06 * Math.sin((7 * x) / SIDE + y / 90);
			const part = Math.floor((y / SIDE + bend) * waves) / waves;

			from.forEach((value, i) => {
				rows[y * (1 + 3 * SIDE) + 1 + 3 * x + i] = Math.max(0, Math.min(255, value + (to[i] - value) * part));
			});
		}
	const head = Buffer.alloc(13);

	head.writeUInt32BE(SIDE, 0);
	head.writeUInt32BE(SIDE, 4);
	head.set([8, 2], 8); /* 8 bits, RGB */
	return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('IDAT', deflateSync(rows)),
		chunk('IEND', Buffer.alloc(0))]);
}

/**
 * @param {string} type
 * @param {Buffer} data
 */
function chunk(type, data) {
	const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
	const made = Buffer.alloc(4 + body.length + 4);

	made.writeUInt32BE(data.length, 0);
	body.copy(made, 4);
	made.writeUInt32BE(crc32(body), 4 + body.length);
	return made;
}
