/**
 * The player's page: list, player bar and settings put together.
 * @module
 */

import { byId } from './elements.js';
import { ElementEngine } from './element-engine.js';
import { countPlays } from './play-count.js';
import { PlayerBar } from './player-bar.js';
import { Player } from './player.js';
import { Settings } from './settings.js';
import { showSettingsMenu } from './settings-menu.js';
import { parsePosition } from './time.js';
import { TrackList } from './track-list.js';

const settings = new Settings();
const engine = new ElementEngine(byId('audio', HTMLAudioElement));
const player = new Player(engine, () => settings.get('streamQuality'));
const list = new TrackList();

/** @param {string} track */
async function choose(track) {
	if (track === player.manifest?.track && !player.failed)
		return player.toggle();
	history.replaceState(null, '', `?${new URLSearchParams({ track })}`);
	await player.open(track);
	await player.play();
}

function openLinked() {
	const link = new URLSearchParams(location.search);
	const track = link.get('track');

	if (track)
		player.open(track, parsePosition(link.get('t')));
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
	if (/** @type {CustomEvent<string>} */ (event).detail === 'streamQuality')
		player.requality();
});
list.addEventListener('choose', (event) => choose(/** @type {CustomEvent<string>} */ (event).detail));
for (const name of ['track', 'change'])
	player.addEventListener(name, () => list.mark(player.manifest?.track ?? '', !player.paused));
list.load();
openLinked();
