/**
 * The running stacks the browser tests are made against, as tests/http has
 * them: folders in DRIFT_VARS, separated by colons.
 * @module
 */

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** @typedef {{ name: string, url: string, key: string }} Stack  url ends in "/" */

/** @returns {Stack[]} */
export function stacks() {
	return (process.env.DRIFT_VARS ?? 'var').split(':').map((folder) => {
		const read = (/** @type {string} */ file) => readFileSync(`${folder}/${file}`, 'utf8').trim();

		return { name: basename(folder), url: read('url').replace(/\/*$/, '/'), key: read('api-key') };
	});
}
