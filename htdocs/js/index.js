/**
 * The player's page: list, player bar and settings put together.
 * @module
 */

import { byId } from './elements.js';
import { Drift } from './core/drift.js';
import { ElementDeck } from './core/element-deck.js';
import { gainOf } from './core/gain.js';
import { Loader } from './core/loader.js';
import { Player } from './core/player.js';
import { WindowDeck } from './core/window-deck.js';
import { countPlays } from './play-count.js';
import { PlayerBar } from './player-bar.js';
import { Settings } from './settings.js';
import { showSettingsMenu } from './settings-menu.js';
import { parsePosition } from './time.js';
import { TrackList } from './track-list.js';

const settings = new Settings();
const element = new ElementDeck(byId('audio', HTMLAudioElement));
const windows = new WindowDeck(({ manifest }) => gainOf(manifest.gain, settings.get('normalisation')));
const loader = new Loader(() => settings.get('streamQuality'), () => true, (mime) => element.canPlay(mime));
const player = new Player(loader, windows, element);
const list = new TrackList();

/**
 * Plays what is listed, from the chosen track on.
 * @param {string} track
 */
function choose(track) {
	if (track === player.entry?.track && !player.failed)
		return player.toggle();
	const queue = list.tracks.map((id) => ({ track: id, format: '' }));

	history.replaceState(null, '', `?${new URLSearchParams({ track })}`);
	return player.open(queue, list.tracks.indexOf(track), 0, true);
}

function openLinked() {
	const link = new URLSearchParams(location.search);
	const track = link.get('track');

	if (track)
		player.open([{ track, format: '' }], 0, parsePosition(link.get('t')), false);
}

/** @param {string} sentence */
function complain(sentence) {
	byId('list-status', HTMLElement).textContent = sentence;
}

new PlayerBar(player);
countPlays(player);
showSettingsMenu(settings, byId('settings-button', HTMLButtonElement),
	byId('settings', HTMLElement), complain);
settings.addEventListener('change', (event) => {
	const { detail } = /** @type {CustomEvent<string>} */ (event);

	if (detail === 'streamQuality')
		player.requality();
	if (detail === 'normalisation')
		player.regain();
});
list.addEventListener('choose', (event) => choose(/** @type {CustomEvent<string>} */ (event).detail));
for (const name of ['track', 'change'])
	player.addEventListener(name, () => list.mark(player.entry?.track ?? '', !player.paused));
Object.assign(globalThis, { drift: new Drift(player, windows) });
list.load();
openLinked();
