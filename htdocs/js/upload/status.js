/**
 * Follows what becomes of an uploaded track.
 * @module
 */

import { ApiError, call } from '../core/api.js';
import { Backoff } from '../core/backoff.js';
import { getKey } from '../core/key.js';

/** @typedef {import('./progress.js').Status} Status */

/** Milliseconds between questions: soon after something moved, seldom when nothing does. */
const FIRST = 500;
const LONGEST = 10000;

/**
 * Every change of a track's status, the first one at once. An unchanged status
 * costs the server a 304.
 * @param {string} track  id
 * @param {AbortSignal} signal  ends it
 * @returns {AsyncGenerator<Status>}
 * @throws {ApiError} when the program refuses; being away for a while is no refusal
 */
export async function* followStatus(track, signal) {
	const backoff = new Backoff(FIRST, LONGEST);
	let etag = '';

	do {
		const answer = await ask(track, etag, signal);
		if (!answer || answer.status === 304)
			continue;
		etag = answer.headers.get('ETag') ?? '';
		backoff.reset();
		yield await answer.json();
	} while (await backoff.wait(signal));
}

/**
 * @param {string} track
 * @param {string} etag  of the last answer, "" for none
 * @param {AbortSignal} signal
 * @returns {Promise<Response | null>} null when the server is away
 */
async function ask(track, etag, signal) {
	/** @type {Record<string, string>} */
	const headers = { 'X-Api-Key': getKey() };

	if (etag)
		headers['If-None-Match'] = etag;
	try {
		/* no-store: the browser's cache would turn the 304 into a 200 */
		return await call(`upload.fcgi/track/${track}/status`, { headers, signal, cache: 'no-store' });
	} catch (error) {
		if (error instanceof ApiError && (error.status === 0 || error.status >= 500))
			return null;
		throw error;
	}
}
