/**
 * Calls to Drift's programs, which stand beside the page in cgi-bin/.
 * @module
 */

import { getKey } from './key.js';

/** What a program refused, in its own words. */
export class ApiError extends Error {
	/**
	 * @param {number} status       of HTTP; 0 when no answer came
	 * @param {string} message      one sentence
	 * @param {number} retrySeconds when to ask again; 0 when it does not say
	 */
	constructor(status, message, retrySeconds = 0) {
		super(message);
		this.name = 'ApiError';
		this.status = status;
		this.retrySeconds = retrySeconds;
	}
}

/**
 * The URL of a program of this site, wherever the site stands.
 * @param {string} path  "catalogue.fcgi/tracks?q=x"
 */
export function programUrl(path) {
	return new URL(`cgi-bin/${path}`, document.baseURI).href;
}

/**
 * Asks, and takes any answer that is not a refusal (304 is none).
 *
 * The key goes along only where the program asked for one, so that a key which
 * is no longer valid cannot shut out what needs none.
 * @param {string} path  as for programUrl()
 * @param {RequestInit} [init]
 * @returns {Promise<Response>}
 * @throws {ApiError}
 */
export async function call(path, init = {}) {
	let answer = await send(path, init);

	if (answer.status === 401 && getKey())
		answer = await send(path, withKey(init));
	if (!answer.ok && answer.status !== 304)
		throw await refusal(answer);
	return answer;
}

/**
 * @param {string} path
 * @param {RequestInit} [init]
 * @returns {Promise<any>} the JSON of the answer
 */
export async function callJson(path, init) {
	return (await call(path, init)).json();
}

/**
 * @param {string} method
 * @param {unknown} body  sent as JSON
 * @returns {RequestInit}
 */
export function jsonRequest(method, body) {
	return { method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
}

/**
 * The sentence of an application/problem+json (RFC 9457).
 * @param {string} body  of the answer, whatever it is
 * @returns {string} "" when it is something else
 */
export function problemDetail(body) {
	try {
		const problem = JSON.parse(body);
		const said = problem.detail ?? problem.title;

		return typeof said === 'string' ? said : '';
	} catch {
		return '';
	}
}

/**
 * @param {string} path
 * @param {RequestInit} init
 */
async function send(path, init) {
	try {
		return await fetch(programUrl(path), init);
	} catch (error) {
		if (init.signal?.aborted)
			throw error;
		throw new ApiError(0, 'The server cannot be reached.');
	}
}

/** @param {RequestInit} init */
function withKey(init) {
	const headers = new Headers(init.headers);

	headers.set('X-Api-Key', getKey());
	return { ...init, headers };
}

/** @param {Response} answer */
async function refusal(answer) {
	const said = problemDetail(await answer.text().catch(() => ''));
	const retry = Number(answer.headers.get('Retry-After'));

	return new ApiError(answer.status, said || `The server answered with status ${answer.status}.`,
		Number.isFinite(retry) ? retry : 0);
}
