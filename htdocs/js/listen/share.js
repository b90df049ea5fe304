/**
 * Links to a track at a moment, and handing them on.
 * @module
 */

import { call, jsonRequest } from '../core/api.js';

/** @typedef {import('../core/player.js').Player} Player */

/**
 * @param {string} track    id
 * @param {number} seconds  0: the beginning
 */
export function linkTo(track, seconds) {
	const query = new URLSearchParams({ track });

	if (seconds >= 1)
		query.set('t', String(Math.floor(seconds)));
	return new URL(`./?${query}`, document.baseURI).href;
}

/**
 * By the system's own sheet where there is one, else by the clipboard.
 * @param {HTMLButtonElement} button
 * @param {Player} player
 * @param {(sentence: string) => void} announce
 */
export function shareBy(button, player, announce) {
	player.addEventListener('track', () => (button.disabled = false));
	button.addEventListener('click', async () => {
		const { manifest, position, rendition } = player;
		if (!manifest)
			return;
		const url = linkTo(manifest.track, position);

		try {
			announce(await handOn(url, manifest.title));
			count(manifest.track, rendition ?? 'lossless');
		} catch (error) {
			/* the listener has closed the sheet, which is no failure */
			if (/** @type {Error} */ (error).name !== 'AbortError')
				announce(`This is the link: ${url}`);
		}
	});
}

/**
 * @param {string} url
 * @param {string} title
 * @returns {Promise<string>} a sentence
 */
async function handOn(url, title) {
	if (navigator.share && matchMedia('(pointer: coarse)').matches) {
		await navigator.share({ title, url });
		return 'The link has been handed on.';
	}
	await navigator.clipboard.writeText(url);
	return 'The link to this moment is in the clipboard.';
}

/**
 * @param {string} track
 * @param {string} rendition
 */
function count(track, rendition) {
	call('catalogue.fcgi/plays', jsonRequest('POST', { track, rendition, kind: 'share' }))
		.catch((error) => console.warn('plays:', error.message)); /* the link has been handed on */
}
