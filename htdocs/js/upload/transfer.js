/**
 * Sends one file by tus (edge: the only user of tus-js-client), and goes on
 * with an upload that broke off, in this page or in an earlier one.
 * @module
 */

import { problemDetail, programUrl } from '../core/api.js';
import { getKey } from '../core/key.js';
import { sendWanted } from './wanted.js';

/** @typedef {import('tus-js-client').Upload} TusUpload */
/** @typedef {import('tus-js-client').DetailedError} DetailedError */

/** The classic script lib/tus.min.js leaves its names there. */
const { tus } = /** @type {{ tus: typeof import('tus-js-client') }} */ (/** @type {unknown} */ (globalThis));

/** Bytes in one request: what a proxy usually lets through, and what always gets through (mod_fcgid's limit). */
const CHUNK = 8 << 20;
const CHUNK_SMALL = 128 << 10;
/** The first one, and how long one may take: between two of them is heard what is wanted. */
const CHUNK_FIRST = 1 << 20;
const CHUNK_SECONDS = 2;
const RETRY_DELAYS = [0, 1000, 3000, 5000, 10000, 20000];

/** Why a transfer stopped, and what to do: a sentence for the uploader. */
export class TransferError extends Error {
	/**
	 * @param {string} message
	 * @param {boolean} resumable  run() may go on from there
	 */
	constructor(message, resumable) {
		super(message);
		this.name = 'TransferError';
		this.resumable = resumable;
	}
}

export class Transfer {
	#file;
	#replaced;
	#onProgress;
	/** @type {TusUpload | null} */
	#upload = null;
	#track = '';
	#largest = CHUNK;
	#begun = 0;
	/** counts pauses: what was prepared before one is not sent after it */
	#pauses = 0;
	/** @type {() => void} */
	#paused = () => {};

	/**
	 * @param {File} file
	 * @param {string} replaced  id of the track whose audio it becomes; "" for a new track
	 * @param {(sent: number, total: number) => void} onProgress  bytes
	 */
	constructor(file, replaced, onProgress) {
		this.#file = file;
		this.#replaced = replaced;
		this.#onProgress = onProgress;
	}

	/** Id of the track that it becomes; "" until the server has told it. */
	get track() {
		return this.#track;
	}

	/**
	 * Sends, or goes on sending.
	 * @returns {Promise<boolean>} true: all is stored; false: paused or cancelled
	 * @throws {TransferError}
	 */
	async run() {
		const upload = (this.#upload ??= await this.#begin());

		upload.options.headers = { 'X-Api-Key': getKey() };
		for (;;) {
			try {
				return await this.#attempt(upload);
			} catch (error) {
				if (!this.#shrinks(/** @type {DetailedError} */ (error)))
					throw refusal(/** @type {DetailedError} */ (error));
				upload.options.chunkSize = this.#largest = CHUNK_SMALL;
			}
		}
	}

	/** What was sent is kept by the server for a while. */
	async pause() {
		this.#pauses++;
		this.#paused();
		await this.#upload?.abort();
	}

	/** The server forgets what was sent. */
	async cancel() {
		this.#pauses++;
		this.#paused();
		await this.#upload?.abort(true);
	}

	async #begin() {
		/** @type {TusUpload} */
		const upload = new tus.Upload(this.#file, {
			endpoint: programUrl('upload.fcgi/'),
			chunkSize: CHUNK_FIRST,
			retryDelays: RETRY_DELAYS,
			removeFingerprintOnSuccess: true,
			metadata: { filename: this.#file.name, filetype: this.#file.type,
				...(this.#replaced && { track: this.#replaced }) },
			onProgress: this.#onProgress,
			onShouldRetry: (error) => !this.#shrinks(error) && passes(statusOf(error)),
			onBeforeRequest: (request) => this.#prepare(request),
			onChunkComplete: (bytes) => {
				upload.options.chunkSize = this.#chunkAfter(bytes);
			},
			onAfterResponse: (_request, answer) => {
				this.#track = answer.getHeader('Drift-Track') ?? this.#track;
			},
		});
		const previous = (await upload.findPreviousUploads())
			.find(({ metadata }) => (metadata.track ?? '') === this.#replaced);

		if (previous)
			upload.resumeFromPreviousUpload(previous);
		return upload;
	}

	/** @param {import('tus-js-client').HttpRequest} request */
	async #prepare(request) {
		const pauses = this.#pauses;

		if (request.getMethod() !== 'PATCH')
			return;
		if (this.#track)
			await sendWanted(this.#file, request.getURL(), this.#track, Number(request.getHeader('Upload-Offset')),
				Math.min(this.#largest, CHUNK_FIRST));
		/* tus would send what it has aborted, without its headers, which an aborted request has lost */
		if (pauses !== this.#pauses)
			await new Promise(() => {});
		this.#begun = performance.now();
	}

	/** @param {number} bytes  of the one before */
	#chunkAfter(bytes) {
		const seconds = Math.max(0.001, (performance.now() - this.#begun) / 1000);
		const fitting = Math.round(bytes / seconds * CHUNK_SECONDS);

		return Math.min(this.#largest, Math.max(CHUNK_SMALL, fitting));
	}

	/**
	 * Whether a smaller piece may get through where this one did not.
	 * @param {DetailedError} error
	 */
	#shrinks(error) {
		const sending = error.originalRequest?.getMethod() === 'PATCH';

		return sending && [413, 500].includes(statusOf(error)) && this.#largest !== CHUNK_SMALL;
	}

	/**
	 * @param {TusUpload} upload
	 * @returns {Promise<boolean>}
	 */
	#attempt(upload) {
		return new Promise((resolve, reject) => {
			this.#paused = () => resolve(false);
			upload.options.onSuccess = () => resolve(true);
			upload.options.onError = reject;
			upload.start();
		});
	}
}

/** @typedef {import('tus-js-client').PreviousUpload} PreviousUpload */

/** @returns {Promise<PreviousUpload[]>} those of earlier visits that were not finished */
export function unfinishedUploads() {
	return tus.defaultOptions.urlStorage.findAllUploads();
}

/**
 * The server forgets it too.
 * @param {PreviousUpload} upload
 */
export async function forgetUpload(upload) {
	await tus.defaultOptions.urlStorage.removeUpload(upload.urlStorageKey);
	if (upload.uploadUrl)
		await tus.Upload.terminate(upload.uploadUrl, { headers: { 'X-Api-Key': getKey() } })
			.catch((/** @type {Error} */ error) => console.warn('forget:', error.message)); /* it expires by itself */
}

/**
 * @param {DetailedError} error
 * @returns {number} 0 when no answer came
 */
function statusOf(error) {
	return error.originalResponse?.getStatus() ?? 0;
}

/**
 * Whether the same request may succeed a little later.
 * @param {number} status
 */
function passes(status) {
	return [0, 409, 423, 500, 502, 503, 504].includes(status);
}

/** What to do, by the answer's status. */
const ADVICE = /** @type {Record<number, string>} */ ({
	0: 'The connection was lost. Press Resume to go on from there.',
	401: 'Enter a valid API key above, then press Resume.',
	403: 'This key may not upload. Use one that may, then press Resume.',
	413: 'The file is larger than this site takes.',
	415: 'Try another file.',
	503: 'Press Resume in a moment.',
	507: 'The store is full. Tell whoever runs this site; what was sent is kept.',
});

/** Answers that will not change, however often the file is sent. */
const FINAL = [413, 415];

/** @param {DetailedError} error */
function refusal(error) {
	const status = statusOf(error);
	const said = problemDetail(error.originalResponse?.getBody() ?? '') ||
		(status ? `The server answered with status ${status}.` : '');
	const advice = ADVICE[status] ?? 'Press Resume to try again.';

	return new TransferError([said, advice].filter(Boolean).join(' '), !FINAL.includes(status));
}
