/**
 * Slices that are fetched again until they decode to what they should.
 * @module
 */

import { Backoff } from './backoff.js';
import { SourceDamaged, SourceGone } from './source.js';

/** @typedef {import('./source.js').Pcm} Pcm */

/** How often damaged bytes are fetched, and how long it waits before it asks again, milliseconds. */
export const TRIES = 6;
const AGAIN_FIRST = 100;
const AGAIN_LONGEST = 4000;

/**
 * @param {(again: boolean) => Promise<Uint8Array<ArrayBuffer>>} fetchSlice  again: what came before was damaged
 * @param {(slice: Uint8Array<ArrayBuffer>) => Promise<Pcm>} decode
 * @param {(pcm: Pcm) => boolean} isWhole
 * @param {AbortSignal} signal
 * @param {number} [tries]
 * @returns {Promise<Pcm>}
 * @throws {SourceDamaged} when none is whole
 */
export async function wholeSlice(fetchSlice, decode, isWhole, signal, tries = TRIES) {
	const backoff = new Backoff(AGAIN_FIRST, AGAIN_LONGEST);

	for (let attempt = 0; attempt < tries; attempt++) {
		const pcm = await fetchSlice(attempt > 0).then(decode).catch(unlessGone);

		signal.throwIfAborted();
		if (pcm && pcm.length > 0 && isWhole(pcm))
			return pcm;
		await backoff.wait(signal);
	}
	throw new SourceDamaged('The sound arrives damaged.');
}

/** @param {unknown} error */
function unlessGone(error) {
	if (error instanceof SourceGone)
		throw error;
	return null;
}
