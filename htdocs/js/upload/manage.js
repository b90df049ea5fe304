/**
 * The tracks that are there, to be described, replaced and removed.
 * @module
 */

import { callJson } from '../core/api.js';
import { getKey } from '../core/key.js';
import { byId } from '../page/elements.js';
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
	/** by track @type {Map<string, TrackEditor>} */
	let editors = new Map();
	let typing = 0;
	let stale = false;
	let asking = new AbortController();

	const editorOf = (/** @type {Card} */ card) => {
		const open = editors.get(card.track);
		if (open?.busy)
			return open;
		const editor = new TrackEditor(card, announce, replace);

		editor.addEventListener('rest', () => stale && refresh());
		return editor;
	};
	const fill = (/** @type {Card[]} */ tracks) => {
		const shown = new Map(tracks.map((card) => [card.track, editorOf(card)]));
		const open = [...editors].filter(([track, { busy }]) => busy && !shown.has(track));

		editors = new Map([...open, ...shown]);
		list.replaceChildren(...[...editors.values()].map(({ element }) => element));
		status.textContent = tracks.length ? '' : 'There is nothing of that name.';
	};
	const ask = async () => {
		const query = new URLSearchParams({ q: search.value.trim() });

		asking.abort();
		const { signal } = (asking = new AbortController());
		try {
			const { tracks } = /** @type {{ tracks: Card[] }} */ (
				await callJson(`upload.fcgi/tracks?${query}`, { signal, headers: { 'X-Api-Key': getKey() } }));

			fill(tracks);
		} catch (error) {
			if (!signal.aborted)
				status.textContent = `The tracks cannot be listed. ${/** @type {Error} */ (error).message}`;
		}
	};
	/** Not under the hands of who edits: then it waits for the end of that. */
	const refresh = async () => {
		stale = [...editors.values()].some(({ busy }) => busy);
		if (!stale)
			await ask();
	};

	search.addEventListener('input', () => {
		clearTimeout(typing);
		typing = setTimeout(ask, TYPING_PAUSE);
	});
	return refresh;
}
