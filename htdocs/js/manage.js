/**
 * The tracks that are there, to be described, replaced and removed.
 * @module
 */

import { callJson } from './api.js';
import { byId } from './elements.js';
import { getKey } from './key.js';
import { TrackEditor } from './track-editor.js';

/** @typedef {import('./track-editor.js').Card} Card */

/** From the last key to the question, milliseconds. */
const TYPING_PAUSE = 250;

/**
 * @param {(sentence: string) => void} announce
 * @param {(track: string, file: File) => void} replace
 * @returns {() => Promise<void>} shows them anew
 */
export function manageTracks(announce, replace) {
	const search = byId('manage-search', HTMLInputElement);
	const list = byId('manage-list', HTMLUListElement);
	const status = byId('manage-status', HTMLElement);
	let typing = 0;
	let asking = new AbortController();

	const show = async () => {
		const query = new URLSearchParams({ q: search.value.trim() });

		asking.abort();
		const { signal } = (asking = new AbortController());
		try {
			const { tracks } = /** @type {{ tracks: Card[] }} */ (
				await callJson(`upload.fcgi/tracks?${query}`, { signal, headers: { 'X-Api-Key': getKey() } }));

			list.replaceChildren(...tracks.map((card) => new TrackEditor(card, announce, replace).element));
			status.textContent = tracks.length ? '' : 'There is nothing of that name.';
		} catch (error) {
			if (!signal.aborted)
				status.textContent = `The tracks cannot be listed. ${/** @type {Error} */ (error).message}`;
		}
	};

	search.addEventListener('input', () => {
		clearTimeout(typing);
		typing = setTimeout(show, TYPING_PAUSE);
	});
	return show;
}
