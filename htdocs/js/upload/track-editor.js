/**
 * One stored track on the upload page: what is said of it, its picture, other audio for it, and
 * its removal, which waits a while for second thoughts.
 * @module
 */

import { call, callJson, jsonRequest } from '../core/api.js';
import { getKey } from '../core/key.js';
import { pictureOf } from '../page/cover.js';
import { icon, make } from '../page/elements.js';
import { clock } from '../page/time.js';
import { CoverEditor } from './cover-editor.js';

/**
 * @typedef {object} Card
 * @property {string} track
 * @property {string} title
 * @property {string} artist
 * @property {string} album
 * @property {number} seconds
 * @property {boolean} private
 * @property {number} version
 * @property {string | null} cover  name of its picture
 */

/** How long a removal can be taken back, milliseconds. */
const UNDO = 8000;
/** @type {['title' | 'artist' | 'album', string][]} */
const FIELDS = [['title', 'Title'], ['artist', 'Artist'], ['album', 'Album']];

/** Event: "rest" when nothing is being edited any more. */
export class TrackEditor extends EventTarget {
	#card;
	#announce;
	#replace;
	#art = make('div', { class: 'art', 'aria-hidden': 'true' });
	#title = make('span', { class: 'meter-name' });
	#by = make('span', { class: 'track-by' });
	#actions = make('div', { class: 'track-actions' });
	/** @type {HTMLElement} */
	#body = make('div');
	#problem = make('p', { class: 'meter-text bad', role: 'alert' });
	#busy = false;
	element = make('li', { class: 'track' }, this.#art,
		make('div', { class: 'track-text' }, this.#title, this.#by), this.#actions, this.#body, this.#problem);

	/**
	 * @param {Card} card
	 * @param {(sentence: string) => void} announce
	 * @param {(track: string, file: File) => void} replace  sends other audio
	 */
	constructor(card, announce, replace) {
		super();
		this.#card = card;
		this.#announce = announce;
		this.#replace = replace;
		this.element.dataset.track = card.track;
		this.#rest();
	}

	/** Its form is open, or its removal can still be undone. */
	get busy() {
		return this.#busy;
	}

	#rest() {
		this.#showCard();
		this.#actions.replaceChildren(
			this.#listen('round', icon('play')),
			this.#round('Edit', 'edit', () => this.#showForm()),
			this.#round('Delete', 'delete', () => this.#remove()));
		this.#body.replaceWith(this.#body = make('div', { hidden: '' }));
		this.#problem.textContent = '';
		this.#busy = false;
		this.dispatchEvent(new Event('rest'));
	}

	#showCard() {
		const { title, artist, album, seconds, private: hidden } = this.#card;
		const by = [artist, album, clock(seconds)].filter(Boolean).join(' · ');

		this.#art.replaceChildren(pictureOf(this.#card, 'small'));
		this.#title.textContent = this.#title.title = title;
		this.#by.replaceChildren(...(hidden ? [icon('lock'), make('span', { class: 'said' }, 'private')] : []), make('span', {}, by));
	}

	/**
	 * @param {string} look
	 * @param {Node | string} shown
	 */
	#listen(look, shown) {
		const { track, title } = this.#card;

		return make('a', { class: look, href: `./?${new URLSearchParams({ track })}`, title: 'Listen', 'aria-label': `Listen to ${title}` }, shown);
	}

	/**
	 * @param {string} label
	 * @param {string} shown  an icon's name
	 * @param {() => void} act
	 */
	#round(label, shown, act) {
		const button = make('button', { type: 'button', class: 'round', title: label, 'aria-label': `${label} ${this.#card.title}` }, icon(shown));

		button.addEventListener('click', act);
		return button;
	}

	/**
	 * @param {string} label
	 * @param {() => void} act
	 */
	#button(label, act) {
		const button = make('button', { type: 'button', class: 'button', 'aria-label': `${label} ${this.#card.title}` }, label);

		button.addEventListener('click', act);
		return button;
	}

	#showForm() {
		const form = make('form', { class: 'editor' });
		const hidden = make('input', { type: 'checkbox', name: 'private' });
		const audio = make('input', { type: 'file', class: 'said', name: 'audio', tabindex: '-1', 'aria-hidden': 'true', accept: 'audio/*,video/*' });
		const cover = new CoverEditor(this.#card, (card) => this.#take(card), (error) => this.#fail(error), this.#announce);

		hidden.checked = this.#card.private;
		audio.addEventListener('change', () => audio.files?.[0] && this.#replace(this.#card.track, audio.files[0]));
		form.append(cover.element, make('div', { class: 'editor-fields' },
			...FIELDS.map(([name, label]) => make('label', { class: 'field' }, label,
				make('input', { type: 'text', name, value: this.#card[name], maxlength: '1000' }))),
			make('label', { class: 'choice' }, hidden, make('span', {}, 'Private: only who has a key can listen'))),
		make('div', { class: 'editor-buttons' }, make('button', { type: 'submit', class: 'button main' }, 'Save'),
			this.#button('Cancel', () => this.#leave()), this.#listen('button', 'Listen'), this.#button('Replace audio', () => audio.click())), audio);
		form.addEventListener('submit', (event) => {
			event.preventDefault();
			this.#save(new FormData(form), hidden.checked);
		});
		this.#open(form);
		form.querySelector('input')?.focus();
	}

	/** @param {HTMLElement} body  in place of the buttons */
	#open(body) {
		this.#busy = true;
		this.#actions.replaceChildren();
		this.#body.replaceWith(this.#body = body);
	}

	/** The focus stays at what was left. */
	#leave() {
		this.#rest();
		this.#actions.querySelector('button')?.focus();
	}

	/** @param {Card} card */
	#take(card) {
		this.#card = { ...this.#card, ...card };
		this.#problem.textContent = '';
		this.#showCard();
	}

	/**
	 * @param {FormData} fields
	 * @param {boolean} hidden
	 */
	async #save(fields, hidden) {
		const said = FIELDS.map(([name]) => /** @type {const} */ ([name, String(fields.get(name)).trim()]));
		const patch = { ...Object.fromEntries(said.filter(([name, value]) => value !== this.#card[name])), private: hidden };

		try {
			this.#take(await callJson(`upload.fcgi/track/${this.#card.track}`, withKey(jsonRequest('PATCH', patch))));
			this.#leave();
			this.#announce(`${this.#card.title} is saved.`);
		} catch (error) {
			this.#fail(error);
		}
	}

	/** A page that is left does not take it back. */
	#remove() {
		const { title } = this.#card;
		const leave = new AbortController();
		const timer = setTimeout(() => this.#removeNow(leave, false), UNDO);

		addEventListener('pagehide', () => this.#removeNow(leave, true), { signal: leave.signal });
		const undo = this.#button('Undo', () => {
			clearTimeout(timer);
			leave.abort();
			this.#leave();
			this.#announce(`${title} stays.`);
		});

		this.#open(make('div', { hidden: '' }));
		this.#by.replaceChildren(make('span', {}, 'Deleted, with its plays and shares.'));
		this.#actions.replaceChildren(undo);
		this.#announce(`${title} is deleted. You can undo it for ${UNDO / 1000} seconds.`);
		undo.focus();
	}

	/**
	 * @param {AbortController} leave
	 * @param {boolean} keepalive  the page is going
	 */
	async #removeNow(leave, keepalive) {
		leave.abort();
		try {
			await call(`upload.fcgi/track/${this.#card.track}`, { ...withKey({ method: 'DELETE' }), keepalive });
			this.element.remove();
			this.#busy = false;
			this.dispatchEvent(new Event('rest'));
		} catch (error) {
			this.#rest();
			this.#fail(error);
		}
	}

	/** @param {unknown} error */
	#fail(error) {
		this.#problem.textContent = `Not done. ${/** @type {Error} */ (error).message}`;
	}
}

/** @param {RequestInit} init */
function withKey(init) {
	return { ...init, headers: { ...init.headers, 'X-Api-Key': getKey() } };
}
