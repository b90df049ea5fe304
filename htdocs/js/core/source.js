/**
 * What the window engine plays: exact PCM of one rendition of one version of a
 * track, wherever it is asked for.
 * @module
 */

/**
 * One array for each channel, as long as the other, of -1 to 1.
 * @typedef {Float32Array<ArrayBuffer>[]} Pcm
 */

/**
 * @typedef {object} Source
 * @property {number} rate    samples per second
 * @property {number} length  samples in all; of what grows a guess that may change
 * @property {number} longest seconds of a window that are worth waiting for
 * @property {(from: number, wanted: number) => number} windowEnd
 *     where a window best ends that begins at a sample and should have at least
 *     so many, where that comes cheap; the end of the track at the latest
 * @property {(from: number, to: number, ahead: number, signal: AbortSignal) => Promise<Pcm>} read
 *     samples [from, to), fewer where it turned out to end; those up to ahead (to or more) will be asked for next.
 *     Rejected with SourceGone when it will never come, and by the signal
 */

/** The bytes are not those any more that the manifest told of: expired, replaced, removed. */
export class SourceGone extends Error {
	/** @param {string} message */
	constructor(message) {
		super(message);
		this.name = 'SourceGone';
	}
}

/** Bytes came, again and again, but not those of this source. */
export class SourceDamaged extends Error {
	/** @param {string} message */
	constructor(message) {
		super(message);
		this.name = 'SourceDamaged';
	}
}
