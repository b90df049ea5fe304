/**
 * Counts a track as played once it has been heard for a while, whatever the
 * rendition.
 * @module
 */

import { call, jsonRequest } from '../core/api.js';

/** @typedef {import('../core/player.js').Player} Player */

/** What has to be heard: so many seconds, or half of a shorter track. */
const HEARD_SECONDS = 10;
/** A larger step of the position than this, in seconds, is a seek. */
const STEP_MAX = 1.5;

/** @param {Player} player */
export function countPlays(player) {
	let heard = 0;
	let last = 0;
	let counted = false;

	player.addEventListener('track', () => {
		heard = 0;
		last = player.position;
		counted = false;
	});
	player.addEventListener('change', () => {
		const step = player.position - last;

		last = player.position;
		if (!player.paused && step > 0 && step < STEP_MAX)
			heard += step;
		/* what is still being uploaded is counted as soon as it is stored */
		if (counted || player.duration === 0 || heard < Math.min(HEARD_SECONDS, player.duration / 2) ||
			player.manifest?.renditions.lossless.state === 'growing')
			return;
		counted = true;
		send(player);
	});
}

/** @param {Player} player */
function send({ manifest, rendition }) {
	const play = { track: manifest?.track, rendition, kind: 'play' };

	call('catalogue.fcgi/plays', { ...jsonRequest('POST', play), keepalive: true })
		.catch((error) => console.warn('plays:', error.message)); /* the music matters more */
}
