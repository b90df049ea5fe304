/**
 * The upload page: key, files, and a meter for each.
 * @module
 */

import { programUrl } from './core/api.js';
import { getKey, setKey } from './core/key.js';
import { byId } from './page/elements.js';
import { FileUpload } from './upload/file-upload.js';
import { hideInterrupted, showInterrupted } from './upload/interrupted.js';
import { manageTracks } from './upload/manage.js';
import { QueueView } from './upload/queue-view.js';

const keyForm = byId('key-form', HTMLFormElement);
const keyField = byId('key', HTMLInputElement);
const files = byId('files', HTMLInputElement);
const drop = byId('drop', HTMLElement);
const announcer = byId('announce', HTMLElement);
const interrupted = byId('interrupted', HTMLUListElement);
const queueView = new QueueView(announce);
const showTracks = manageTracks(announce, (track, file) => queueUpload(new FileUpload(file, track, announce)));

function showKey() {
	const known = getKey() !== '';

	keyForm.hidden = known;
	byId('key-set', HTMLElement).hidden = !known;
	byId('manage', HTMLElement).hidden = !known;
	if (known)
		showTracks();
	queueView.tryKey();
}

/** So many files are sent at once; Post-Processing of the earlier ones goes on beside them. */
const AT_ONCE = 2;
const turns = Array.from({ length: AT_ONCE }, () => Promise.resolve());

/**
 * In the turn that is likely to come first.
 * @param {FileUpload} upload
 */
function queueUpload(upload) {
	const turn = /** @type {Promise<void>} */ (turns.shift());

	byId('meters', HTMLUListElement).append(upload.element);
	turns.push(turn.then(() => upload.send()).then(() => showTracks()));
}

/** @param {FileList} chosen */
function take(chosen) {
	if (!getKey()) {
		announce('Enter an API key first, then choose the files again.');
		keyField.focus();
		keyField.reportValidity();
		return;
	}
	for (const file of chosen) {
		hideInterrupted(interrupted, file);
		queueUpload(new FileUpload(file, '', announce));
	}
}

/** @param {string} sentence */
function announce(sentence) {
	announcer.textContent = sentence;
}

function takeDrops() {
	const over = (/** @type {boolean} */ is) => drop.classList.toggle('over', is);

	/* a file dropped beside the field would replace the page */
	for (const name of ['dragover', 'drop'])
		document.addEventListener(name, (event) => event.preventDefault());
	drop.addEventListener('dragover', () => over(true));
	drop.addEventListener('dragleave', () => over(false));
	drop.addEventListener('drop', (event) => {
		over(false);
		if (event.dataTransfer)
			take(event.dataTransfer.files);
	});
}

keyForm.addEventListener('submit', (event) => {
	event.preventDefault();
	setKey(keyField.value.trim());
	keyField.value = '';
	showKey();
	files.focus();
});
byId('key-forget', HTMLButtonElement).addEventListener('click', () => {
	setKey('');
	showKey();
	keyField.focus();
});
files.addEventListener('change', () => {
	if (files.files)
		take(files.files);
	files.value = '';
});
byId('curl', HTMLElement).textContent =
	`curl -T mix.wav -H 'X-Api-Key: YOUR-KEY' '${programUrl('upload.fcgi/?name=mix.wav')}'`;
takeDrops();
showKey();
showInterrupted(interrupted);
