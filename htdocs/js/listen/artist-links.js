/**
 * The artists of a track or an album, each as a link to what else there is by them.
 * @module
 */

import { make } from '../page/elements.js';

/** parts them, to read: "Alpha; Beta" */
const BETWEEN = '; ';

/**
 * @param {string | null} artist  all of them; null or "": nobody is known
 * @param {string} [target]       of the links: "_blank" out of an embedded player
 * @returns {(HTMLElement | string)[]}
 */
export function artistLinks(artist, target = '') {
	const names = (artist ?? '').split(BETWEEN).filter(Boolean);

	return names.flatMap((name, i) => {
		const link = make('a', { href: `./?${new URLSearchParams({ artist: name })}` }, name);

		link.target = target;
		return i ? [BETWEEN, link] : [link];
	});
}
