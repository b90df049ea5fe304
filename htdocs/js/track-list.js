/**
 * The list of tracks: searched and continued by the catalogue's keyset.
 *
 * Event: "choose", whose detail is a track's id.
 * @module
 */

import { callJson } from './api.js';
import { byId, icon, make } from './elements.js';
import { clock, spoken } from './time.js';

/**
 * @typedef {object} Card
 * @property {string} track
 * @property {string} title
 * @property {string | null} artist
 * @property {string | null} album
 * @property {number} seconds
 * @property {number} plays
 */

/** @typedef {{ tracks: Card[], after: string | null }} Page */

const PAGE_TRACKS = 50;
/** From the last key to the question, milliseconds. */
const TYPING_PAUSE = 250;

export class TrackList extends EventTarget {
	#list = byId('tracks', HTMLOListElement);
	#search = byId('search', HTMLInputElement);
	#more = byId('more', HTMLButtonElement);
	#status = byId('list-status', HTMLElement);
	/** @type {string | null} */
	#after = null;
	#asking = new AbortController();
	/** the track in the player, and whether it is heard */
	#current = '';
	#playing = false;

	constructor() {
		super();
		let typing = 0;

		this.#search.addEventListener('input', () => {
			clearTimeout(typing);
			typing = setTimeout(() => this.load(), TYPING_PAUSE);
		});
		byId('search-form', HTMLFormElement).addEventListener('submit', (event) => {
			event.preventDefault();
			clearTimeout(typing);
			this.load();
		});
		this.#more.addEventListener('click', () => this.#ask(this.#after));
	}

	/** @returns {string[]} ids, as listed */
	get tracks() {
		return [...this.#list.querySelectorAll('li')].map((row) => row.dataset.track ?? '');
	}

	/** The first page of what is searched for. */
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

	/** @param {string | null} after  null: from the start, in place of what is shown */
	async #ask(after) {
		this.#asking.abort();
		const { signal } = (this.#asking = new AbortController());
		const query = new URLSearchParams({ limit: String(PAGE_TRACKS) });
		const wanted = this.#search.value.trim();

		if (wanted)
			query.set('q', wanted);
		if (after)
			query.set('after', after);
		try {
			const page = await callJson(`catalogue.fcgi/tracks?${query}`, { signal });

			this.#show(page, after !== null, wanted);
		} catch (error) {
			if (!signal.aborted)
				this.#status.textContent =
					`The tracks cannot be listed. ${/** @type {Error} */ (error).message}`;
		}
	}

	/**
	 * @param {Page} page
	 * @param {boolean} further  goes below what is shown
	 * @param {string} wanted    what was searched for
	 */
	#show(page, further, wanted) {
		const rows = page.tracks.map((card) => this.#row(card));

		this.#list[further ? 'append' : 'replaceChildren'](...rows);
		this.#after = page.after;
		this.#more.hidden = page.after === null;
		this.#status.textContent = this.#list.children.length ? '' : nothing(wanted);
		if (further)
			rows[0]?.querySelector('button')?.focus();
	}

	/** @param {Card} card */
	#row(card) {
		const by = [card.artist, card.album].filter(Boolean).join(' · ');
		const button = make('button', { type: 'button', class: 'row' },
			make('span', { class: 'row-icon' }),
			make('span', { class: 'row-text' },
				make('span', { class: 'row-title' }, card.title), make('span', { class: 'row-by' }, by)),
			make('span', { class: 'row-plays' }, plays(card.plays)),
			make('span', { class: 'row-time' },
				make('span', { 'aria-hidden': 'true' }, clock(card.seconds)),
				make('span', { class: 'said' }, spoken(card.seconds))));
		const row = make('li', { 'data-track': card.track }, button);

		button.addEventListener('click', () =>
			this.dispatchEvent(new CustomEvent('choose', { detail: card.track })));
		this.#markRow(row);
		return row;
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
}

/** @param {number} count */
function plays(count) {
	return count ? `${count} play${count === 1 ? '' : 's'}` : '';
}

/** @param {string} wanted */
function nothing(wanted) {
	return wanted ? `Nothing is called “${wanted}”. Try fewer letters.`
		: 'There are no tracks yet. Upload the first one.';
}
