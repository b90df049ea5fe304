/**
 * One file's row on the upload page: name, meter, words and buttons.
 * @module
 */

import { make } from '../page/elements.js';
import { isFinal, size } from './progress.js';

/** @typedef {import('./progress.js').Progress} Progress */

/** @typedef {{ label: string, act: () => void }} Action */

export class Meter {
	#name;
	#bar = make('progress', { max: '1', value: '0' });
	#text = make('p', { class: 'meter-text' });
	#buttons = make('div', { class: 'meter-buttons' });
	/** labels of the buttons: rebuilt only when they change, so that focus stays */
	#labels = '';
	#announce;
	#announced = '';
	element;

	/**
	 * @param {File} file
	 * @param {(sentence: string) => void} announce  tells those who do not see the meter
	 */
	constructor(file, announce) {
		this.#name = file.name;
		this.#announce = announce;
		this.#bar.setAttribute('aria-label', `Progress of ${file.name}`);
		this.element = make('li', { class: 'meter' },
			make('span', { class: 'meter-name', title: file.name }, file.name),
			make('span', { class: 'meter-size' }, size(file.size)),
			this.#bar, make('div', { class: 'meter-foot' }, this.#text, this.#buttons));
	}

	/**
	 * @param {Progress} progress
	 * @param {string} track      "" while it has no id
	 * @param {Action[]} actions  what may be done now
	 */
	show(progress, track, actions) {
		this.#bar.value = progress.part;
		this.#text.textContent = progress.text;
		this.element.dataset.stage = progress.stage;
		this.element.classList.toggle('failed', progress.stage === 'failed');
		const heard = progress.stored || (progress.part > 0 && progress.stage !== 'failed'); /* while it arrives, too */

		this.#showButtons(heard ? track : '', progress.stored, actions);
		if (progress.stage !== this.#announced)
			this.#announce(`${this.#name}: ${progress.text}`);
		this.#announced = progress.stage;
		if (isFinal(progress) && track)
			this.element.dataset.track = track;
	}

	/**
	 * @param {string} track  "" for no link
	 * @param {boolean} stored  this page can be left
	 * @param {Action[]} actions
	 */
	#showButtons(track, stored, actions) {
		const labels = [track, stored, ...actions.map(({ label }) => label)].join();
		if (labels === this.#labels)
			return;

		this.#labels = labels;
		this.#buttons.replaceChildren(...actions.map(({ label, act }) => {
			const button = make('button', { type: 'button', class: 'button' }, label);

			button.setAttribute('aria-label', `${label} ${this.#name}`);
			button.addEventListener('click', act);
			return button;
		}));
		if (track)
			this.#buttons.prepend(make('a', { href: `./?${new URLSearchParams({ track })}`, 'aria-label': `Listen to ${this.#name}`,
				...(stored ? { class: 'button main' } : { class: 'button', target: '_blank' }) }, 'Listen'));
	}
}
