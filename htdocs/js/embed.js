/**
 * The player alone, for a frame in somebody else's page: embed.html?track=ID&t=SECONDS,
 * with a track for each that is to follow.
 * @module
 */

import { byId } from './elements.js';
import { makePlayer } from './make-player.js';
import { joinMediaSession } from './media-session.js';
import { countPlays } from './play-count.js';
import { PlayerBar } from './player-bar.js';
import { Settings } from './settings.js';
import { shareBy } from './share.js';
import { takeKeys } from './shortcuts.js';
import { parsePosition } from './time.js';

const link = new URLSearchParams(location.search);
const player = makePlayer(new Settings(), byId('audio', HTMLAudioElement));
const bar = new PlayerBar(player);
const queue = link.getAll('track').map((track) => ({ track, format: '' }));

countPlays(player);
joinMediaSession(player);
takeKeys(player, byId('player', HTMLElement), null);
shareBy(byId('share', HTMLButtonElement), player, (sentence) => bar.say(sentence));
if (queue.length)
	player.open(queue, 0, parsePosition(link.get('t')), false);
