/**
 * The whole way of one file, from the picker to its last artifact.
 * @module
 */

import { call } from '../core/api.js';
import { getKey } from '../core/key.js';
import { Meter } from './meter.js';
import { WAITING, failedProgress, isFinal, pausedProgress, sendingProgress, statusProgress } from './progress.js';
import { followStatus } from './status.js';
import { Transfer, TransferError } from './transfer.js';

/** @typedef {import('./progress.js').Progress} Progress */

export class FileUpload {
	#meter;
	#transfer;
	#progress = WAITING;
	#following = new AbortController();
	#cancelled = false;
	/** after a failure: sending may go on */
	#resumable = false;

	/**
	 * @param {File} file
	 * @param {string} replaced  id of the track whose audio it becomes; "" for a new track
	 * @param {(sentence: string) => void} announce
	 */
	constructor(file, replaced, announce) {
		this.#meter = new Meter(file, announce);
		this.#transfer = new Transfer(file, replaced, (sent, total) => {
			if (this.#progress.stage !== 'paused')
				this.#show(sendingProgress(sent, total));
		});
		this.#show(WAITING);
	}

	get element() {
		return this.#meter.element;
	}

	/** Sends the file; ends when it is stored, stopped or failed. Never rejects. */
	async send() {
		if (this.#cancelled || this.#progress.stage !== 'waiting')
			return;
		try {
			this.#show(sendingProgress(0, Infinity));
			if (await this.#transfer.run())
				this.#follow();
		} catch (error) {
			this.#resumable = error instanceof TransferError && error.resumable;
			this.#show(failedProgress(this.#progress, /** @type {Error} */ (error).message));
		}
	}

	/** Shows Post-Processing until it ends. */
	async #follow() {
		const { signal } = this.#following;

		try {
			for await (const status of followStatus(this.#transfer.track, signal)) {
				this.#show(statusProgress(status));
				if (isFinal(this.#progress))
					return;
			}
		} catch (error) {
			if (signal.aborted)
				return;
			this.#show(failedProgress(this.#progress, /** @type {Error} */ (error).message));
		}
	}

	#pause() {
		this.#show(pausedProgress(this.#progress));
		this.#transfer.pause();
	}

	#resume() {
		this.#show({ ...this.#progress, stage: 'waiting', text: 'Resuming' });
		this.send();
	}

	async #cancel() {
		this.#cancelled = true;
		this.#following.abort();
		this.element.remove();
		await this.#transfer.cancel().catch((error) =>
			console.warn('cancel:', error.message)); /* it expires by itself */
	}

	/** Has what failed made anew. */
	async #again() {
		const path = `upload.fcgi/track/${this.#transfer.track}/regenerate`;

		try {
			await call(path, { method: 'POST', headers: { 'X-Api-Key': getKey() } });
			await this.#follow();
		} catch (error) {
			this.#show(failedProgress(this.#progress, /** @type {Error} */ (error).message));
		}
	}

	/** @param {Progress} progress */
	#show(progress) {
		this.#progress = progress;
		this.#meter.show(progress, this.#transfer.track, this.#actions());
	}

	#actions() {
		const { stage, stored } = this.#progress;
		const cancel = { label: 'Cancel', act: () => this.#cancel() };
		const resume = { label: 'Resume', act: () => this.#resume() };

		if (stage === 'sending')
			return [{ label: 'Pause', act: () => this.#pause() }, cancel];
		if (stage === 'paused')
			return [resume, cancel];
		if (stage === 'failed' && !stored)
			return this.#resumable ? [resume, cancel] : [{ ...cancel, label: 'Remove' }];
		if (stage === 'failed')
			return [{ label: 'Try again', act: () => this.#again() }];
		return stage === 'waiting' ? [cancel] : [];
	}
}
