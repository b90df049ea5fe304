/**
 * A track's picture in its form: shown, replaced, removed. What is done here is done at once.
 * @module
 */

import { callJson } from '../core/api.js';
import { getKey } from '../core/key.js';
import { icon, make } from '../page/elements.js';

/** @typedef {import('./track-editor.js').Card} Card */

export class CoverEditor {
	#card;
	#take;
	#fail;
	#announce;
	#art = make('div', { class: 'art', 'aria-hidden': 'true' }, icon('picture'));
	#file = make('input', { type: 'file', class: 'said', name: 'cover', tabindex: '-1', 'aria-hidden': 'true', accept: 'image/jpeg,image/png' });
	#choose = make('button', { type: 'button', class: 'button' });
	#remove = make('button', { type: 'button', class: 'button' }, 'Remove picture');
	element = make('div', { class: 'editor-cover' }, this.#art,
		make('div', { class: 'editor-buttons' }, this.#choose, this.#remove), this.#file);

	/**
	 * @param {Card} card
	 * @param {(card: Card) => void} take       gets what the track is by then
	 * @param {(error: unknown) => void} fail   tells of what was not done
	 * @param {(sentence: string) => void} announce
	 */
	constructor(card, take, fail, announce) {
		this.#card = card;
		this.#take = take;
		this.#fail = fail;
		this.#announce = announce;
		this.#choose.addEventListener('click', () => this.#file.click());
		this.#file.addEventListener('change', () => this.#file.files?.[0] && this.#send('PUT', this.#file.files[0]));
		this.#remove.addEventListener('click', () => this.#send('DELETE'));
		this.#show();
	}

	#show() {
		this.#choose.textContent = this.#card.cover ? 'Replace picture' : 'Add a picture';
		this.#remove.hidden = !this.#card.cover;
		this.#showArt();
	}

	/** By the manifest, whose addresses need no key: a private track has a picture too. */
	async #showArt() {
		const { cover } = this.#card.cover ? await callJson(`stream.fcgi/${this.#card.track}/manifest.json`).catch(() => ({ cover: null }))
			: { cover: null };

		this.#art.replaceChildren(cover ? make('img', { src: cover, alt: '' }) : icon('picture'));
	}

	/**
	 * @param {string} method
	 * @param {File} [file]
	 */
	async #send(method, file) {
		try {
			const card = await callJson(`upload.fcgi/track/${this.#card.track}/cover`, { method, headers: { 'X-Api-Key': getKey() }, ...(file && { body: file }) });

			this.#card = card;
			this.#take(card);
			this.#announce(file ? `${card.title} has a new picture.` : `${card.title} has no picture any more.`);
			this.#show();
			this.#choose.focus();
		} catch (error) {
			this.#fail(error);
		}
		this.#file.value = '';
	}
}
