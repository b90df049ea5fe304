/**
 * The player alone, for a frame in somebody else's page: embed.html?track=ID&t=SECONDS,
 * with a track for each that is to follow.
 * @module
 */

import { buildBar } from './listen/bar.js';
import { makePlayer } from './listen/make-player.js';
import { joinMediaSession } from './listen/media-session.js';
import { countPlays } from './listen/play-count.js';
import { PlayerBar } from './listen/player-bar.js';
import { Settings } from './listen/settings.js';
import { shareBy } from './listen/share.js';
import { takeKeys } from './listen/shortcuts.js';
import { byId } from './page/elements.js';
import { parsePosition } from './page/time.js';

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
