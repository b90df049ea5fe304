/**
 * Bytes of one file by range requests, whatever the network does meanwhile.
 *
 * One request is read on as a stream for as long as the reads follow each other,
 * so that the first bytes are used while the next ones are under way. What is cut,
 * late, refused for a while or comes from another place is asked for again from
 * where it ended.
 *
 * Source: RFC 9110 sections 14 (Range, Content-Range) and 10.2.3 (Retry-After).
 * @module
 */

import { Backoff } from './backoff.js';
import { SourceGone } from './source.js';

/** Milliseconds before the same bytes are asked for again. */
const AGAIN_FIRST = 60;
const AGAIN_LONGEST = 8000;
/** Milliseconds without a byte after which a request is given up; twice as long after each in a row. */
const PATIENCE_FIRST = 1200;
const PATIENCE_LONGEST = 20000;
/** Answers after which the same question may succeed. */
const PASSING = [408, 425, 429, 500, 502, 503, 504];

/** Content-Range: first byte, last, and bytes of the file. */
const SPAN = /^bytes (\d+)-(\d+)\/(\d+|\*)$/;

/** A connection is slow below so many bytes in a millisecond, measured over so many bytes. */
const SLOW = 400;
const MEASURED = 1 << 14;

/** A break that another request may mend. */
class Broken extends Error {
	/**
	 * @param {string} message
	 * @param {number} [waitSeconds]  as the server wishes
	 */
	constructor(message, waitSeconds = 0) {
		super(message);
		this.waitSeconds = waitSeconds;
	}
}

/**
 * An answer that is being read.
 * @typedef {object} Flow
 * @property {ReadableStreamDefaultReader<Uint8Array>} reader
 * @property {Uint8Array} rest     came, and was not asked for yet
 * @property {number} at           where rest begins in the file
 * @property {number} end          of the answer
 * @property {AbortSignal} signal  of whom it is read for
 * @property {AbortController} request
 */

export class RangeReader {
	#url;
	#fetch;
	/** strong or weak, without the mark; "" before the first answer */
	#etag = '';
	/** @type {number} bytes of the file; 0 while unknown */
	#bytes;
	/** @type {Flow | null} */
	#flow = null;
	#patience = PATIENCE_FIRST;
	/** bytes that came of late, and the milliseconds that were spent waiting for them */
	#came = { bytes: 0, ms: 0 };

	/**
	 * @param {string} url
	 * @param {number} bytes  of the file; 0 when unknown
	 * @param {typeof fetch} [fetchIt]
	 */
	constructor(url, bytes, fetchIt = (...request) => fetch(...request)) {
		this.#url = url;
		this.#bytes = bytes;
		this.#fetch = fetchIt;
	}

	/** Whether bytes are better spared. */
	get slow() {
		const { bytes, ms } = this.#came;

		return bytes >= MEASURED && bytes < SLOW * ms;
	}

	/**
	 * @param {number} from
	 * @param {number} to     one past the last byte
	 * @param {number} ahead  bytes up to there will be read next; to or more
	 * @param {AbortSignal} signal
	 * @param {RequestCache} [cache]  "reload" where what is kept is not trusted
	 * @returns {Promise<Uint8Array<ArrayBuffer>>}
	 * @throws {SourceGone} also for bytes that do not exist
	 */
	async read(from, to, ahead, signal, cache = 'default') {
		const out = new Uint8Array(to - from);
		const backoff = new Backoff(AGAIN_FIRST, AGAIN_LONGEST);
		let got = 0;

		while (got < out.length) {
			try {
				const flow = await this.#flowAt(from + got, Math.max(to, ahead), signal, cache);
				const more = await this.#take(flow, out, got);

				got += more;
				this.#patience = PATIENCE_FIRST;
				backoff.reset();
			} catch (error) {
				this.#drop();
				signal.throwIfAborted();
				if (error instanceof SourceGone)
					throw error;
				await this.#rest(/** @type {Error} */ (error), backoff, signal);
			}
		}
		return out;
	}

	/**
	 * @param {number} from
	 * @param {number} to
	 * @param {AbortSignal} signal
	 * @param {RequestCache} cache
	 * @returns {Promise<Flow>}
	 */
	async #flowAt(from, to, signal, cache) {
		const flow = this.#flow;

		if (flow && flow.at === from && from < flow.end && flow.signal === signal && cache === 'default')
			return flow;
		this.#drop();
		return (this.#flow = await this.#ask(from, to, signal, cache));
	}

	/**
	 * @param {number} from
	 * @param {number} to
	 * @param {AbortSignal} signal
	 * @param {RequestCache} cache
	 * @returns {Promise<Flow>}
	 */
	async #ask(from, to, signal, cache) {
		const request = new AbortController();
		const stop = () => request.abort();

		signal.addEventListener('abort', stop, { once: true, signal: request.signal });
		signal.throwIfAborted();
		const answer = await this.#patiently(request, this.#fetch(this.#url,
			{ headers: { Range: `bytes=${from}-${to - 1}` }, signal: request.signal, cache }));
		const skip = this.#check(answer, from);
		if (!answer.body)
			throw new Broken('the answer is empty');
		const flow = { reader: answer.body.getReader(), rest: new Uint8Array(0), at: from - skip, end: endOf(answer),
			signal, request };

		await this.#skip(flow, skip);
		return flow;
	}

	/**
	 * @param {Response} answer
	 * @param {number} from
	 * @returns {number} bytes that come before those which were asked for
	 */
	#check(answer, from) {
		const { status, headers } = answer;
		const etag = (headers.get('ETag') ?? '').replace(/^W\//, '');

		if (PASSING.includes(status))
			throw new Broken(`status ${status}`, Number(headers.get('Retry-After')) || 0);
		if (status !== 206 && status !== 200)
			throw new SourceGone(`status ${status}`);
		if (this.#etag && etag && etag !== this.#etag)
			throw new SourceGone('the file is another one now');
		const span = SPAN.exec(headers.get('Content-Range') ?? '');
		if (status === 206 && Number(span?.[1] ?? NaN) !== from)
			throw new Broken('the answer is of another place');
		if (span && this.#bytes && span[3] !== '*' && Number(span[3]) !== this.#bytes)
			throw new SourceGone('the file has another length now');
		this.#etag = etag;
		return status === 200 ? from : 0; /* the server knows no ranges */
	}

	/**
	 * @param {Flow} flow
	 * @param {number} bytes
	 */
	async #skip(flow, bytes) {
		while (bytes > 0)
			bytes -= await this.#take(flow, new Uint8Array(Math.min(bytes, 1 << 16)), 0);
	}

	/**
	 * Moves what has come into out.
	 * @param {Flow} flow
	 * @param {Uint8Array} out
	 * @param {number} at
	 * @returns {Promise<number>} bytes, 1 or more
	 */
	async #take(flow, out, at) {
		if (flow.rest.length === 0) {
			const asked = performance.now();
			const { done, value } = await this.#patiently(flow.request, flow.reader.read());

			if (done)
				throw new Broken('the answer ended early');
			this.#measure(value.length, performance.now() - asked);
			flow.rest = value;
		}
		const piece = flow.rest.subarray(0, out.length - at);

		out.set(piece, at);
		flow.rest = flow.rest.subarray(piece.length);
		flow.at += piece.length;
		return piece.length;
	}

	/**
	 * What is older counts for less.
	 * @param {number} bytes
	 * @param {number} ms
	 */
	#measure(bytes, ms) {
		const fade = 1 - Math.min(0.5, bytes / (1 << 18));

		this.#came = { bytes: fade * this.#came.bytes + bytes, ms: fade * this.#came.ms + ms };
	}

	/**
	 * @template T
	 * @param {AbortController} request  ended when it takes too long
	 * @param {Promise<T>} what
	 * @returns {Promise<T>}
	 */
	async #patiently(request, what) {
		const timer = setTimeout(() => {
			this.#patience = Math.min(2 * this.#patience, PATIENCE_LONGEST);
			request.abort();
		}, this.#patience);

		return what.finally(() => clearTimeout(timer));
	}

	/**
	 * @param {Error} error
	 * @param {Backoff} backoff
	 * @param {AbortSignal} signal
	 */
	async #rest(error, backoff, signal) {
		if (error instanceof Broken && error.waitSeconds)
			await new Backoff(1000 * error.waitSeconds, Infinity).wait(signal);
		else
			await backoff.wait(signal);
		await online(signal);
		signal.throwIfAborted();
	}

	#drop() {
		this.#flow?.request.abort();
		this.#flow?.reader.cancel().catch(() => {}); /* it has gone already */
		this.#flow = null;
	}
}

/**
 * Behind the last byte of an answer that has been checked: of what grows it may be less than was asked for.
 * @param {Response} answer
 */
function endOf({ headers }) {
	const span = SPAN.exec(headers.get('Content-Range') ?? '');

	return span ? Number(span[2]) + 1 : Infinity;
}

/**
 * Waits until the browser says that there is a network.
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function online(signal) {
	return new Promise((resolve) => {
		if (globalThis.navigator?.onLine !== false || signal.aborted)
			return resolve();
		const listening = new AbortController();
		const end = () => {
			listening.abort();
			resolve();
		};

		addEventListener('online', end, { signal: listening.signal });
		signal.addEventListener('abort', end, { signal: listening.signal });
	});
}
