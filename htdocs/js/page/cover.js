/**
 * Pictures of tracks in lists: small ones, kept by the browser for as long as they are the track's.
 * @module
 */

import { programUrl } from '../core/api.js';
import { icon, make } from './elements.js';

/**
 * @typedef {object} Pictured
 * @property {string} track
 * @property {number} version
 * @property {string | null} cover  the picture's name: another one is another name
 * @property {boolean} [private]    an <img> sends no key
 */

/** Pixels of the small ones. */
const SMALL = 96;

/**
 * @param {Pictured} card
 * @param {'small' | 'large'} size
 * @returns {HTMLImageElement | SVGSVGElement} a note where there is no picture, or none that anybody may see
 */
export function pictureOf({ track, version, cover, private: hidden }, size) {
	if (!cover || hidden)
		return icon('note');
	const query = new URLSearchParams({ size, v: `${version}-${cover}` });

	return make('img', { src: programUrl(`stream.fcgi/${track}/cover?${query}`), alt: '', decoding: 'async',
		...(size === 'small' && { loading: 'lazy', width: `${SMALL}`, height: `${SMALL}` }) });
}
