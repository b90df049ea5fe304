/**
 * The API key of whoever uploads: kept for this tab's session, and sent in a
 * header only, never in a URL.
 * @module
 */

const ITEM = 'drift.key';

/** @returns {string} "" when none was given */
export function getKey() {
	try {
		return sessionStorage.getItem(ITEM) ?? '';
	} catch {
		return ''; /* storage is switched off: asked for on each visit */
	}
}

/** @param {string} key  "" forgets it */
export function setKey(key) {
	try {
		if (key)
			sessionStorage.setItem(ITEM, key);
		else
			sessionStorage.removeItem(ITEM);
	} catch {
		/* as above; the caller keeps what was typed */
	}
}
