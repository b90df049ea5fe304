/**
 * What stands over the list: what it is a list of, and for an artist or an album the picture, a
 * button that plays it, and its feed.
 * @module
 */

import { programUrl } from '../core/api.js';
import { pictureOf } from '../page/cover.js';
import { byId, icon, make } from '../page/elements.js';
import { clock } from '../page/time.js';
import { artistLinks } from './artist-links.js';

/** @typedef {import('./track-list.js').Card} Card */

/** Tracks by artist, by album or both; "" for any. @typedef {{ artist: string, album: string }} Collection */

/**
 * @param {Collection} collection
 * @param {Card[]} tracks
 * @param {() => void} play
 */
export function showHead(collection, tracks, play) {
	const { artist, album } = collection;
	const whole = !album && !artist;
	const art = byId('list-cover', HTMLElement);
	const by = byId('list-by', HTMLElement);
	const actions = byId('list-actions', HTMLElement);
	const pictured = tracks.find(({ cover }) => cover);

	byId('list-title', HTMLElement).textContent = album || artist || 'Tracks';
	by.hidden = actions.hidden = whole;
	art.hidden = whole || !pictured;
	if (whole)
		return;
	art.replaceChildren(pictured ? pictureOf(pictured, 'large') : '');
	by.replaceChildren(...(album && artist ? [...artistLinks(artist), ' · '] : []), lengthOf(tracks));
	actions.replaceChildren(...(tracks.length ? [playButton(play)] : []),
		make('a', { class: 'button', href: programUrl(`catalogue.fcgi/feed.rss?${collectionQuery(collection)}`) }, icon('feed'), 'Podcast feed'),
		make('a', { class: 'button quiet', href: './' }, 'All tracks'));
}

/** @param {Collection} collection */
export function collectionQuery(collection) {
	return new URLSearchParams(Object.entries(collection).filter(([, value]) => value));
}

/** @param {() => void} play */
function playButton(play) {
	const button = make('button', { type: 'button', class: 'button main' }, icon('play'), 'Play');

	button.addEventListener('click', play);
	return button;
}

/** @param {Card[]} tracks */
function lengthOf(tracks) {
	const seconds = tracks.reduce((sum, card) => sum + card.seconds, 0);

	return `${tracks.length} track${tracks.length === 1 ? '' : 's'} · ${clock(seconds)}`;
}
