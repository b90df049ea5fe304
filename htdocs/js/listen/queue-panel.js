/**
 * The queue as a list: what plays, what comes, and what has been.
 * @module
 */

import { callJson } from '../core/api.js';
import { byId, icon, make } from '../page/elements.js';

/** @typedef {import('../core/player.js').Player} Player */
/** @typedef {import('../core/deck.js').Entry} Entry */
/** @typedef {{ title: string, artist: string }} Name */

export class QueuePanel {
	#player;
	#list = byId('queue-list', HTMLOListElement);
	/** by track; what the page knows already is not asked for @type {Map<string, Name>} */
	#names;

	/**
	 * @param {Player} player
	 * @param {Map<string, Name>} names  of the tracks that are listed; added to
	 * @param {HTMLButtonElement} button   shows it
	 */
	constructor(player, names, button) {
		this.#player = player;
		this.#names = names;
		player.addEventListener('queue', () => this.#show());
		player.addEventListener('track', () => this.#mark());
		button.addEventListener('click', () => this.#mark());
		this.#show();
	}

	#show() {
		const { queue } = this.#player;
		const rows = queue.map((entry) => this.#row(entry));

		this.#list.replaceChildren(...(rows.length ? rows : [make('li', { class: 'soft' }, 'Nothing yet.')]));
		this.#mark();
	}

	#mark() {
		const place = this.#player.entry ? this.#player.queue.indexOf(this.#player.entry) : -1;

		[...this.#list.children].forEach((row, i) => {
			row.classList.toggle('current', i === place);
			row.querySelector('.queue-place')?.setAttribute('aria-current', String(i === place));
		});
		/* in the panel alone: scrollIntoView would move the page too */
		const current = this.#list.querySelector('.current');
		if (current instanceof HTMLElement && this.#list.parentElement)
			this.#list.parentElement.scrollTop = current.offsetTop - current.offsetHeight;
	}

	/** @param {Entry} entry */
	#row(entry) {
		const title = make('span', { class: 'queue-title' }, '…');
		const by = make('span', { class: 'queue-by' });
		const place = make('button', { type: 'button', class: 'queue-place' }, title, by);
		const remove = make('button', { type: 'button', class: 'round' }, icon('remove'));

		place.addEventListener('click', () => this.#player.jump(entry));
		remove.addEventListener('click', () => this.#remove(entry));
		this.#name(entry.track).then(({ title: name, artist }) => {
			title.textContent = name;
			by.textContent = artist;
			remove.setAttribute('aria-label', `Remove ${name} from the queue`);
		});
		return make('li', {}, place, remove);
	}

	/** @param {Entry} entry */
	#remove(entry) {
		if (entry !== this.#player.entry)
			this.#player.enqueue(this.#player.queue.filter((other) => other !== entry));
	}

	/**
	 * @param {string} track
	 * @returns {Promise<Name>}
	 */
	async #name(track) {
		const known = this.#names.get(track) ??
			await callJson(`catalogue.fcgi/tracks/${encodeURIComponent(track)}`).catch(() => ({ title: 'Not to be had', artist: '' }));

		this.#names.set(track, known);
		return known;
	}
}
