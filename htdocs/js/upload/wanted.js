/**
 * Sends first what is wanted first: a track can be heard while it is uploaded,
 * and whoever listens may be far ahead of the sender.
 * @module
 */

import { callJson, programUrl } from '../core/api.js';
import { getKey } from '../core/key.js';

/** Requests that may go before what comes in order. */
const MOST = 32;

/**
 * Sends, out of order, what the server wants before the bytes at a place; what
 * goes wrong here is left to who sends in order.
 * @param {File} file
 * @param {string} upload  URL
 * @param {string} track   that it becomes
 * @param {number} at      where sending in order stands
 * @param {number} largest bytes of one request
 */
export async function sendWanted(file, upload, track, at, largest) {
	try {
		for (let sent = 0; sent < MOST; sent++) {
			const from = await firstWanted(track);

			if (from <= at)
				return;
			await sendPiece(upload, from, file.slice(from, from + largest));
		}
	} catch {
		/* the server is away, or refuses: it will say so again */
	}
}

/**
 * @param {string} track
 * @returns {Promise<number>} -1: nothing is
 */
async function firstWanted(track) {
	const headers = { 'X-Api-Key': getKey() };
	const { source } = await callJson(`upload.fcgi/track/${track}/status`, { headers, cache: 'no-store' });

	return source.wanted[0]?.[0] ?? -1;
}

/**
 * @param {string} upload
 * @param {number} from
 * @param {Blob} bytes
 */
async function sendPiece(upload, from, bytes) {
	const answer = await fetch(new URL(upload, programUrl('')), {
		method: 'PATCH',
		body: bytes,
		headers: {
			'X-Api-Key': getKey(),
			'Content-Type': 'application/partial-upload',
			'Upload-Offset': String(from),
			'Upload-Complete': '?0',
		},
	});

	if (!answer.ok)
		throw new Error(`status ${answer.status}`);
}
