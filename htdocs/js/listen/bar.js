/**
 * The elements of the player's bar, built once for every page that has one.
 * @module
 */

import { icon, make } from '../page/elements.js';

/**
 * @typedef {object} Bar
 * @property {HTMLElement} root
 * @property {HTMLAudioElement} audio     for the engine that plays by an element
 * @property {HTMLElement} cover
 * @property {HTMLElement} title
 * @property {HTMLElement} artist
 * @property {HTMLElement} rendition
 * @property {HTMLElement} seek           role="slider", empty
 * @property {HTMLElement} position
 * @property {HTMLElement} duration
 * @property {HTMLButtonElement} previous
 * @property {HTMLButtonElement} toggle
 * @property {HTMLButtonElement} next
 * @property {HTMLButtonElement} share
 * @property {HTMLElement} extras         further buttons go to its front
 * @property {HTMLInputElement} volume
 * @property {HTMLElement} notice         a live region
 */

/**
 * @param {HTMLElement} root  gets them
 * @returns {Bar}
 */
export function buildBar(root) {
	const text = (/** @type {string} */ id, said = '') => make('span', { id }, said);
	const cover = make('div', { id: 'cover', class: 'art', 'aria-hidden': 'true' }, icon('note'));
	const title = make('p', { id: 'title' }, 'Choose a track');
	const volume = make('input', { id: 'volume', type: 'range', min: '0', max: '1', step: '0.01', value: '1', 'aria-label': 'Volume' });
	const bar = {
		root, cover, title, volume,
		audio: make('audio', { id: 'audio', preload: 'metadata' }),
		artist: text('artist'), rendition: text('rendition'), position: text('position', '0:00'), duration: text('duration', '0:00'),
		seek: make('div', { id: 'seek', role: 'slider', tabindex: '0', 'aria-label': 'Position' }),
		previous: roundButton('previous', 'Previous', 'previous'),
		toggle: roundButton('toggle', 'Play', 'play'),
		next: roundButton('next', 'Next', 'next'),
		share: roundButton('share', 'Share', 'share'),
		extras: make('div', { id: 'extras' }),
		notice: make('p', { id: 'notice', role: 'status' }),
	};

	for (const button of [bar.previous, bar.toggle, bar.next, bar.share])
		button.disabled = true;
	bar.extras.append(bar.share, make('label', { id: 'loudness' }, icon('volume'), volume));
	root.append(bar.audio,
		make('div', { id: 'transport' }, bar.previous, bar.toggle, bar.next),
		make('div', { id: 'now' }, cover, make('div', {}, title, make('p', { id: 'by' }, bar.artist, bar.rendition))),
		bar.seek, make('p', { id: 'times' }, bar.position, ' / ', bar.duration), bar.extras, bar.notice);
	return bar;
}

/**
 * @param {string} id
 * @param {string} name   for who does not see it, too
 * @param {string} shown  an icon's
 */
export function roundButton(id, name, shown) {
	return make('button', { id, type: 'button', class: 'round', title: name, 'aria-label': name }, icon(shown));
}
