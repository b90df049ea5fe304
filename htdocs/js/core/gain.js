/**
 * Loudness normalisation: what a track is multiplied by. Pure.
 * @module
 */

/** @typedef {import('./rendition.js').Manifest} Manifest */

/** A very quiet track is not made louder than this, dB: its noise would be. */
const LOUDER_MAX = 12;

/**
 * By the album's gain where there is one, so that quiet pieces of an album stay
 * quiet; never so far that the true peak would clip.
 * @param {Manifest['gain']} gain
 * @param {string} mode  of the listener's setting: "off", "track" or "album"
 * @returns {number} 1 when nothing is to be done, or nothing is known
 */
export function gainOf(gain, mode) {
	const wanted = mode === 'track' ? gain.track : mode === 'album' ? gain.album ?? gain.track : null;

	if (wanted === null)
		return 1;
	return 10 ** (Math.min(wanted, Math.max(0, -(gain.peak ?? 0)), LOUDER_MAX) / 20);
}
