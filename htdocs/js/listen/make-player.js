/**
 * The player with its decks, following the listener's settings, and window.drift.
 * @module
 */

import { Drift } from '../core/drift.js';
import { ElementDeck } from '../core/element-deck.js';
import { gainOf } from '../core/gain.js';
import { Loader } from '../core/loader.js';
import { Player } from '../core/player.js';
import { StreamDeck } from '../core/stream-deck.js';
import { WindowDeck } from '../core/window-deck.js';
import { showPictures } from './pictures.js';

/** @typedef {import('./settings.js').Settings} Settings */

/** Gigabytes of memory below which decoded windows are too much. */
const LITTLE = 1;
/** A number of this browser's, 0 to 100: which of those who try something first it is among. */
const LOT = 'drift.lot';

/**
 * @param {Settings} settings
 * @param {HTMLAudioElement} audio  in the page
 */
export function makePlayer(settings, audio) {
	const element = new ElementDeck(audio);
	const windows = new WindowDeck(({ manifest }) => gainOf(manifest.gain, settings.get('normalisation')));
	const among = drawLot() < Number(settings.get('windowShare') || 100);
	const preset = () => ({ name: settings.get('preset'), intensity: Number(settings.get('intensity')) });
	const loader = new Loader(() => settings.get('streamQuality'), preset, () => among, (mime) => element.canPlay(mime),
		isSparing());
	const stream = new StreamDeck(document.createElement('video'));
	const player = new Player(loader, { windows, stream, element });

	showPictures(player, /** @type {HTMLVideoElement} */ (stream.media));
	settings.addEventListener('change', (event) => {
		const { detail } = /** @type {CustomEvent<string>} */ (event);

		if (['streamQuality', 'preset', 'intensity'].includes(detail))
			player.requality();
		if (detail === 'normalisation')
			player.regain();
	});
	Object.assign(globalThis, { drift: new Drift(player, windows) });
	return player;
}

/** Where the browser tells. */
function isSparing() {
	const { deviceMemory = LITTLE } = /** @type {{ deviceMemory?: number }} */ (navigator);

	return deviceMemory < LITTLE;
}

/** Drawn once, or the engine would change from visit to visit. */
function drawLot() {
	try {
		const lot = localStorage.getItem(LOT) ?? String(100 * Math.random());

		localStorage.setItem(LOT, lot);
		return parseFloat(lot);
	} catch {
		return 0; /* no store, no lot: the usual engine */
	}
}
