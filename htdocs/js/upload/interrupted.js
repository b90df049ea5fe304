/**
 * Uploads that an earlier visit has left behind: a page cannot open a file by itself, so
 * it asks for it.
 * @module
 */

import { make } from '../page/elements.js';
import { size } from './progress.js';
import { forgetUpload, unfinishedUploads } from './transfer.js';

/**
 * @param {HTMLUListElement} list
 * @returns {Promise<void>}
 */
export async function showInterrupted(list) {
	const uploads = await unfinishedUploads();

	list.replaceChildren(...uploads.map((upload) => {
		const name = upload.metadata.filename ?? 'A file';
		const forget = make('button', { type: 'button', class: 'button', 'aria-label': `Forget ${name}` }, 'Forget');

		forget.addEventListener('click', async () => {
			await forgetUpload(upload);
			await showInterrupted(list);
		});
		return make('li', { class: 'meter', 'data-file': nameOf(name, upload.size ?? 0) }, make('span', { class: 'meter-name' }, name),
			make('span', { class: 'meter-size' }, size(upload.size ?? 0)),
			make('div', { class: 'meter-foot' },
				make('p', { class: 'meter-text' }, 'Interrupted. Choose this file again, and it goes on where it stopped.'),
				make('div', { class: 'meter-buttons' }, forget)));
	}));
}

/**
 * One of them goes on.
 * @param {HTMLUListElement} list
 * @param {File} file
 */
export function hideInterrupted(list, file) {
	for (const row of list.querySelectorAll('li'))
		if (row.dataset.file === nameOf(file.name, file.size))
			row.remove();
}

/**
 * @param {string} name
 * @param {number} bytes
 */
function nameOf(name, bytes) {
	return `${bytes} ${name}`;
}
