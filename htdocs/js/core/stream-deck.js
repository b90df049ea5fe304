/**
 * The deck of Media Source Extensions: moving pictures, and sound where windows of decoded
 * samples would be too much or are not to be had.
 * @module
 */

import { MediaDeck } from './media-deck.js';
import { StreamFeed } from './stream-feed.js';

/** @typedef {import('./deck.js').Load} Load */

export class StreamDeck extends MediaDeck {
	name = 'stream';
	/** @type {StreamFeed | null} */
	#feed = null;

	/**
	 * @param {Load} load      with segments
	 * @param {number} position seconds
	 */
	start(load, position) {
		this.#feed?.end();
		this.load = load;
		this.#feed = new StreamFeed(this.media, segmentsOf(load), (error) => this.fail(error));
		this.media.currentTime = position;
		this.resume();
	}

	/** @param {Load} load  the same track: a preset, or another quality */
	change(load) {
		this.load = load;
		this.#feed?.change(segmentsOf(load));
	}

	/** @param {Load} load */
	mend(load) {
		this.start(load, this.position);
	}

	stop() {
		this.#feed?.end();
		this.#feed = null;
		if (this.load) {
			this.media.pause();
			this.media.removeAttribute('src');
			this.media.load();
		}
		this.load = null;
	}
}

/** @param {Load} load */
function segmentsOf({ segments }) {
	if (!segments)
		throw new TypeError('a stream needs segments');
	return segments;
}
