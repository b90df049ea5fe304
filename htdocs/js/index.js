/**
 * The player's page: list, queue, player bar and settings put together.
 * @module
 */

import { decodesOggOpus } from './core/probe.js';
import { OPUS_MIME } from './core/rendition.js';
import { buildBar, roundButton } from './listen/bar.js';
import { makePlayer } from './listen/make-player.js';
import { joinMediaSession } from './listen/media-session.js';
import { openBy } from './listen/panel.js';
import { countPlays } from './listen/play-count.js';
import { PlayerBar } from './listen/player-bar.js';
import { QueuePanel } from './listen/queue-panel.js';
import { showSettingsMenu } from './listen/settings-menu.js';
import { Settings } from './listen/settings.js';
import { shareBy } from './listen/share.js';
import { takeKeys } from './listen/shortcuts.js';
import { TrackList } from './listen/track-list.js';
import { byId } from './page/elements.js';
import { parsePosition } from './page/time.js';

const link = new URLSearchParams(location.search);
const settings = new Settings();
const elements = buildBar(byId('player', HTMLElement));
const player = makePlayer(settings, elements.audio);
const list = new TrackList({ artist: link.get('artist') ?? '', album: link.get('album') ?? '' });

/**
 * Plays what is listed, from the chosen track on.
 * @param {string} track
 */
function choose(track) {
	if (track === player.entry?.track && !player.failed)
		return player.toggle();
	const queue = list.tracks.map((id) => ({ track: id, format: '' }));

	link.set('track', track);
	link.delete('t');
	history.replaceState(null, '', `?${link}`);
	return player.open(queue, list.tracks.indexOf(track), 0, true);
}

/** @param {string} track */
function playNext(track) {
	const place = player.entry ? player.queue.indexOf(player.entry) : -1;

	if (place < 0)
		return player.open([{ track, format: '' }], 0, 0, false);
	player.enqueue([...player.queue.slice(0, place + 1), { track, format: '' }, ...player.queue.slice(place + 1)]);
	say(`${list.names.get(track)?.title} plays next.`);
}

function openLinked() {
	const track = link.get('track');

	if (track)
		player.open([{ track, format: '' }], 0, parsePosition(link.get('t')), false);
}

/**
 * What this browser makes of the settings, where it is not what they say.
 * @returns {Promise<Record<string, string>>}
 */
async function caveats() {
	const plays = elements.audio.canPlayType(OPUS_MIME) !== '' || (await decodesOggOpus());

	return plays ? {} : { streamQuality: 'This browser cannot play Ogg Opus: you hear lossless, whatever is chosen here.' };
}

/** @param {string} sentence */
function say(sentence) {
	byId('list-status', HTMLElement).textContent = sentence;
}

const detailOf = (/** @type {Event} */ event) => /** @type {CustomEvent<string>} */ (event).detail;
const bar = new PlayerBar(player, elements);
const queueButton = roundButton('queue-button', 'Queue', 'queue');

queueButton.setAttribute('aria-controls', 'queue');
elements.share.after(queueButton);

countPlays(player);
joinMediaSession(player);
takeKeys(player, elements.root, byId('search', HTMLInputElement));
shareBy(elements.share, player, (sentence) => bar.say(sentence));
showSettingsMenu(settings, byId('settings-button', HTMLButtonElement), byId('settings', HTMLElement), caveats(), say);
openBy(queueButton, byId('queue', HTMLElement));
new QueuePanel(player, list.names, queueButton);
list.addEventListener('choose', (event) => choose(detailOf(event)));
list.addEventListener('near', (event) => player.expect(detailOf(event)));
list.addEventListener('add', (event) => playNext(detailOf(event)));
for (const name of ['track', 'change'])
	player.addEventListener(name, () => list.mark(player.entry?.track ?? '', !player.paused));
list.load();
openLinked();
