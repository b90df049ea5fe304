/**
 * What the transcoder does, waits with and failed at, for who has an administrator's key.
 * @module
 */

import { ApiError, call, callJson } from '../core/api.js';
import { getKey } from '../core/key.js';
import { byId, make } from '../page/elements.js';

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

/** What is made of a file, by the kind of the job; an upload can fail as they do. */
const NAMES = /** @type {Record<string, string>} */ ({ opus: 'Opus', waveform: 'Waveform', remux: 'MP4', upload: 'Upload' });

export class QueueView {
	#section = byId('queue-view', HTMLElement);
	#summary = byId('queue-summary', HTMLElement);
	#rows = byId('queue-rows', HTMLUListElement);
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
			...jobs.map(({ title, kind, state, progress }) => (state === 'running'
				? row(title, kind, `${Math.floor(100 * progress)}\u00a0%`, meter(title, kind, progress)) : row(title, kind, 'waiting'))),
			...failures.map(({ track, title, kind, error }) => markFailed(row(title, kind, error ?? 'failed',
				...(kind === 'upload' ? [] : [this.#retry(track, title, kind)])))));
	}

	/**
	 * @param {string} track
	 * @param {string} title
	 * @param {string} kind
	 */
	#retry(track, title, kind) {
		const button = make('button', { type: 'button', class: 'button', 'aria-label': `Retry ${nameOf(kind)} of ${title}` }, 'Retry');

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
 * @param {...HTMLElement} action
 */
function row(title, kind, state, ...action) {
	for (const element of action)
		element.classList.add('job-action');
	return make('li', {}, make('span', { class: 'job-title' }, title), make('span', { class: 'job-state' }, `${nameOf(kind)} · ${state}`), ...action);
}

/** @param {HTMLElement} made */
function markFailed(made) {
	made.classList.add('failed');
	return made;
}

/**
 * @param {string} title
 * @param {string} kind
 * @param {number} progress  0 to 1
 */
function meter(title, kind, progress) {
	return make('progress', { max: '1', value: String(progress), 'aria-label': `${nameOf(kind)} of ${title}` });
}

/** @param {string} kind */
function nameOf(kind) {
	return NAMES[kind] ?? kind;
}
