/**
 * The list of tracks: all of them, searched and continued by the catalogue's keyset,
 * or those of one artist or album.
 *
 * Events: "choose", "add" (plays next) and "near" (is about to be chosen), whose detail is a track's id.
 * @module
 */

import { callJson } from '../core/api.js';
import { pictureOf } from '../page/cover.js';
import { byId, icon, make } from '../page/elements.js';
import { clock, spoken } from '../page/time.js';
import { collectionQuery, showHead } from './collection-head.js';

/**
 * @typedef {object} Card
 * @property {string} track
 * @property {string} title
 * @property {string} artist  "" when unknown, as the next
 * @property {string} album
 * @property {number} seconds
 * @property {number} plays
 * @property {number} version
 * @property {string | null} cover  name of its picture
 */

/** @typedef {{ tracks: Card[], after: string | null }} Page */

/** @typedef {import('./collection-head.js').Collection} Collection */

const PAGE_TRACKS = 50;
/** From the last key to the question, milliseconds. */
const TYPING_PAUSE = 250;
/** How long a pointer rests on a row that it does not just cross, milliseconds. */
const RESTING = 60;

export class TrackList extends EventTarget {
	#list = byId('tracks', HTMLOListElement);
	#search = byId('search', HTMLInputElement);
	#more = byId('more', HTMLButtonElement);
	#status = byId('list-status', HTMLElement);
	/** @type {Collection} */
	#collection;
	/** @type {string | null} */
	#after = null;
	#asking = new AbortController();
	#resting = 0;
	/** the track in the player, and whether it is heard */
	#current = '';
	#playing = false;
	/** by track @type {Map<string, { title: string, artist: string }>} */
	names = new Map();

	/** @param {Collection} collection  both "" for all tracks */
	constructor(collection) {
		super();
		let typing = 0;

		this.#collection = collection;
		this.#search.addEventListener('input', () => {
			clearTimeout(typing);
			typing = setTimeout(() => this.#searchAll(), TYPING_PAUSE);
		});
		byId('search-form', HTMLFormElement).addEventListener('submit', (event) => {
			event.preventDefault();
			clearTimeout(typing);
			this.#searchAll();
		});
		this.#more.addEventListener('click', () => this.#ask(this.#after));
	}

	/** @returns {string[]} ids, as listed */
	get tracks() {
		return [...this.#list.querySelectorAll('li')].map((row) => row.dataset.track ?? '');
	}

	/** The first page of what is searched for, or the collection. */
	load() {
		return this.#ask(null);
	}

	/**
	 * Marks the row of the track that is in the player.
	 * @param {string} track
	 * @param {boolean} playing
	 */
	mark(track, playing) {
		if (track === this.#current && playing === this.#playing)
			return;
		this.#current = track;
		this.#playing = playing;
		for (const row of this.#list.querySelectorAll('li'))
			this.#markRow(row);
	}

	/** A search is among all tracks. */
	#searchAll() {
		this.#collection = { artist: '', album: '' };
		return this.load();
	}

	/** @param {string | null} after  null: from the start, in place of what is shown */
	async #ask(after) {
		this.#asking.abort();
		const { signal } = (this.#asking = new AbortController());
		const wanted = this.#search.value.trim();

		try {
			const page = await callJson(`catalogue.fcgi/${this.#path(wanted, after)}`, { signal });

			showHead(this.#collection, page.tracks, () => this.#tell('choose', this.tracks[0]));
			this.#show(page, after !== null, wanted);
		} catch (error) {
			if (!signal.aborted)
				this.#status.textContent =
					`The tracks cannot be listed. ${/** @type {Error} */ (error).message}`;
		}
	}

	/**
	 * @param {string} wanted
	 * @param {string | null} after
	 */
	#path(wanted, after) {
		const query = collectionQuery(this.#collection);

		if (query.size)
			return `collection?${query}`;
		query.set('limit', String(PAGE_TRACKS));
		if (wanted)
			query.set('q', wanted);
		if (after)
			query.set('after', after);
		return `tracks?${query}`;
	}

	/**
	 * @param {Page} page
	 * @param {boolean} further  goes below what is shown
	 * @param {string} wanted    what was searched for
	 */
	#show(page, further, wanted) {
		const rows = page.tracks.map((card) => this.#row(card));

		for (const { track, title, artist } of page.tracks)
			this.names.set(track, { title, artist });
		this.#list.classList.toggle('album', this.#collection.album !== '');
		this.#list[further ? 'append' : 'replaceChildren'](...rows);
		this.#after = page.after;
		this.#more.hidden = page.after === null;
		this.#status.textContent = this.#list.children.length ? '' : nothing(wanted);
		if (further)
			rows[0]?.querySelector('button')?.focus();
	}

	/** @param {Card} card */
	#row(card) {
		const { track, title, artist, album, seconds, plays } = card;
		const play = make('button', { type: 'button', class: 'row' },
			make('span', { class: 'art' }, pictureOf(card, 'small'), make('span', { class: 'row-icon' })),
			make('span', { class: 'row-text' },
				make('span', { class: 'row-title' }, title), make('span', { class: 'row-by' }, artist)));
		const add = make('button', { type: 'button', class: 'round', title: 'Play next',
			'aria-label': `Play ${title} next` }, icon('add'));
		const row = make('li', { 'data-track': track }, play,
			make('span', { class: 'row-album' }, album && !this.#collection.album ? albumLink(artist, album) : ''),
			make('span', { class: 'row-plays' }, playCount(plays)),
			make('span', { class: 'row-time' },
				make('span', { 'aria-hidden': 'true' }, clock(seconds)),
				make('span', { class: 'said' }, spoken(seconds))), add);

		play.addEventListener('click', () => this.#tell('choose', track));
		play.addEventListener('pointerenter', () => this.#near(track, RESTING));
		play.addEventListener('pointerleave', () => clearTimeout(this.#resting));
		for (const name of ['focus', 'touchstart'])
			play.addEventListener(name, () => this.#near(track, 0), { passive: true });
		add.addEventListener('click', () => this.#tell('add', track));
		this.#markRow(row);
		return row;
	}

	/**
	 * @param {string} track
	 * @param {number} delay  milliseconds
	 */
	#near(track, delay) {
		clearTimeout(this.#resting);
		this.#resting = setTimeout(() => this.#tell('near', track), delay);
	}

	/** @param {HTMLLIElement} row */
	#markRow(row) {
		const current = row.dataset.track === this.#current;
		const button = row.querySelector('button');

		row.classList.toggle('current', current);
		row.querySelector('.row-icon')?.replaceChildren(icon(current && this.#playing ? 'pause' : 'play'));
		if (current)
			button?.setAttribute('aria-current', 'true');
		else
			button?.removeAttribute('aria-current');
	}

	/**
	 * @param {string} name
	 * @param {string} detail
	 */
	#tell(name, detail) {
		this.dispatchEvent(new CustomEvent(name, { detail }));
	}
}

/**
 * @param {string} artist
 * @param {string} album
 */
function albumLink(artist, album) {
	return make('a', { href: `./?${collectionQuery({ artist, album })}` }, album);
}

/** @param {number} count */
function playCount(count) {
	return count ? `${count} play${count === 1 ? '' : 's'}` : '';
}

/** @param {string} wanted */
function nothing(wanted) {
	return wanted ? `Nothing is called “${wanted}”. Try fewer letters.`
		: 'There are no tracks yet. Upload the first one.';
}
