/**
 * What the transcoder does, waits with and failed at, for who has an administrator's key.
 * @module
 */

import { ApiError, call, callJson } from './api.js';
import { byId, make } from './elements.js';
import { getKey } from './key.js';

/**
 * @typedef {object} Queue
 * @property {number} queued
 * @property {number} running
 * @property {number} failed
 * @property {number} missing
 * @property {{ track: string, title: string, kind: string, state: string, progress: number }[]} jobs
 * @property {{ track: string, title: string, kind: string, error: string | null }[]} failures
 */

/** Between two questions, milliseconds; a page that nobody sees asks none. */
const EVERY = 3000;

export class QueueView {
	#section = byId('queue-view', HTMLElement);
	#summary = byId('queue-summary', HTMLElement);
	#rows = byId('queue-rows', HTMLTableSectionElement);
	#backfill = byId('backfill', HTMLButtonElement);
	#announce;
	#allowed = true;

	/** @param {(sentence: string) => void} announce */
	constructor(announce) {
		this.#announce = announce;
		this.#backfill.addEventListener('click', () => this.#post('backfill', 'What is missing will be made.'));
		setInterval(() => this.#allowed && !document.hidden && this.show(), EVERY);
	}

	/** Another key is used now. */
	tryKey() {
		this.#allowed = true;
		return this.show();
	}

	async show() {
		this.#section.hidden ||= !getKey();
		if (!getKey())
			return;
		try {
			this.#fill(await callJson('upload.fcgi/queue', request('GET')));
			this.#section.hidden = false;
		} catch (error) {
			if (!(error instanceof ApiError) || ![401, 403].includes(error.status))
				return; /* away for a moment: what is shown stays */
			this.#allowed = false;
			this.#section.hidden = true;
		}
	}

	/** @param {Queue} queue */
	#fill({ queued, running, failed, missing, jobs, failures }) {
		this.#summary.textContent = `${running} running · ${queued} waiting · ${failed} failed · ${missing} missing`;
		this.#backfill.disabled = missing === 0;
		this.#rows.replaceChildren(
			...jobs.map(({ title, kind, state, progress }) =>
				row(title, kind, state === 'running' ? `${Math.floor(100 * progress)}\u00a0%` : 'waiting', '')),
			...failures.map(({ track, title, kind, error }) => row(title, kind, error ?? 'failed',
				kind === 'upload' ? '' : this.#retry(track, title, kind))));
	}

	/**
	 * @param {string} track
	 * @param {string} title
	 * @param {string} kind
	 */
	#retry(track, title, kind) {
		const button = make('button', { type: 'button', class: 'button', 'aria-label': `Retry ${kind} of ${title}` }, 'Retry');

		button.addEventListener('click', () =>
			this.#post(`track/${track}/regenerate?${new URLSearchParams({ kind })}`, `${title} is tried again.`));
		return button;
	}

	/**
	 * @param {string} path
	 * @param {string} sentence  said when it is done
	 */
	async #post(path, sentence) {
		try {
			await call(`upload.fcgi/${path}`, request('POST'));
			this.#announce(sentence);
			await this.show();
		} catch (error) {
			this.#announce(`Not done. ${/** @type {Error} */ (error).message}`);
		}
	}
}

/** @param {string} method */
function request(method) {
	return { method, headers: { 'X-Api-Key': getKey() } };
}

/**
 * @param {string} title
 * @param {string} kind
 * @param {string} state
 * @param {HTMLElement | string} action
 */
function row(title, kind, state, action) {
	return make('tr', {}, make('th', { scope: 'row' }, title), make('td', {}, kind), make('td', {}, state), make('td', {}, action));
}
