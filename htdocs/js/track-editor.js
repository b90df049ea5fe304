/**
 * One stored track on the upload page: what is said of it, other audio for it, and
 * its removal, which waits a while for second thoughts.
 * @module
 */

import { call, callJson, jsonRequest } from './api.js';
import { make } from './elements.js';
import { getKey } from './key.js';
import { clock } from './time.js';

/**
 * @typedef {object} Card
 * @property {string} track
 * @property {string} title
 * @property {string} artist
 * @property {string} album
 * @property {number} seconds
 * @property {boolean} private
 */

/** How long a removal can be taken back, milliseconds. */
const UNDO = 8000;
/** @type {['title' | 'artist' | 'album', string][]} */
const FIELDS = [['title', 'Title'], ['artist', 'Artist'], ['album', 'Album']];

export class TrackEditor {
	#card;
	#announce;
	#replace;
	#title = make('span', { class: 'meter-name' });
	#by = make('span', { class: 'meter-size' });
	#body = make('div', { class: 'editor' });
	#problem = make('p', { class: 'meter-text bad', role: 'alert' });
	element = make('li', { class: 'card meter' }, this.#title, this.#by, this.#body, this.#problem);

	/**
	 * @param {Card} card
	 * @param {(sentence: string) => void} announce
	 * @param {(track: string, file: File) => void} replace  sends other audio
	 */
	constructor(card, announce, replace) {
		this.#card = card;
		this.#announce = announce;
		this.#replace = replace;
		this.element.dataset.track = card.track;
		this.#showActions();
	}

	#showActions() {
		const { track, title, artist, seconds } = this.#card;
		const file = make('input', { type: 'file', class: 'said', tabindex: '-1', 'aria-hidden': 'true', accept: 'audio/*' });

		this.#title.textContent = title;
		this.#by.textContent = [artist, clock(seconds), this.#card.private ? 'private' : ''].filter(Boolean).join(' · ');
		file.addEventListener('change', () => file.files?.[0] && this.#replace(track, file.files[0]));
		this.#body.replaceChildren(make('div', { class: 'meter-buttons' },
			make('a', { class: 'button', href: `./?${new URLSearchParams({ track })}`, 'aria-label': `Listen to ${title}` }, 'Listen'),
			this.#button('Edit', () => this.#showForm()),
			this.#button('Replace audio', () => file.click()),
			this.#button('Delete', () => this.#remove()), file));
		this.#problem.textContent = '';
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
		const form = make('form', { class: 'editor-form' });
		const hidden = make('input', { type: 'checkbox', name: 'private' });

		hidden.checked = this.#card.private;
		form.append(...FIELDS.map(([name, label]) => make('label', { class: 'field' }, label,
			make('input', { type: 'text', name, value: this.#card[name], maxlength: '1000' }))),
			make('label', { class: 'choice' }, hidden, make('span', {}, 'Private: only who has a key can listen')),
			make('div', { class: 'meter-buttons' }, make('button', { type: 'submit', class: 'button main' }, 'Save'),
				this.#button('Cancel', () => this.#showActions())));
		form.addEventListener('submit', (event) => {
			event.preventDefault();
			this.#save(new FormData(form), hidden.checked);
		});
		this.#body.replaceChildren(form);
		form.querySelector('input')?.focus();
	}

	/**
	 * @param {FormData} fields
	 * @param {boolean} hidden
	 */
	async #save(fields, hidden) {
		const patch = { ...Object.fromEntries(FIELDS.map(([name]) => [name, String(fields.get(name)).trim()])), private: hidden };

		try {
			this.#card = await callJson(`upload.fcgi/track/${this.#card.track}`, withKey(jsonRequest('PATCH', patch)));
			this.#showActions();
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
			this.#showActions();
			this.#announce(`${title} stays.`);
		});

		this.#body.replaceChildren(make('p', {}, 'Deleted, with its plays and shares.'), make('div', { class: 'meter-buttons' }, undo));
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
		} catch (error) {
			this.#showActions();
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
