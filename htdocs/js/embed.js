/**
 * The player alone, for a frame in somebody else's page: embed.html?track=ID&t=SECONDS,
 * with a track for each that is to follow.
 * @module
 */

import { buildBar } from './bar.js';
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
const elements = buildBar(byId('player', HTMLElement));
const player = makePlayer(new Settings(), elements.audio);
const bar = new PlayerBar(player, elements);
const queue = link.getAll('track').map((track) => ({ track, format: '' }));

countPlays(player);
joinMediaSession(player);
takeKeys(player, elements.root, null);
shareBy(elements.share, player, (sentence) => bar.say(sentence));
if (queue.length)
	player.open(queue, 0, parsePosition(link.get('t')), false);
