/**
 * What decks have in common that play by a media element of the browser.
 * @module
 */

import { SourceDamaged, SourceGone } from './source.js';

/** @typedef {import('./deck.js').Load} Load */

export class MediaDeck extends EventTarget {
	/** @type {Load | null} */
	load = null;
	/** @type {HTMLMediaElement} the one that sounds */
	media;

	/** @param {HTMLMediaElement} media */
	constructor(media) {
		super();
		this.media = media;
		this.listen(media);
	}

	get position() {
		return this.media.currentTime;
	}

	get paused() {
		return this.media.paused;
	}

	get waiting() {
		return !this.media.paused && this.media.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
	}

	get stalled() {
		return this.waiting && this.position > 0;
	}

	get bufferedTo() {
		const { buffered, currentTime } = this.media;

		return bufferedEnd(buffered, currentTime) ?? currentTime;
	}

	get volume() {
		return this.media.volume;
	}

	set volume(value) {
		this.media.volume = value;
	}

	/** @param {number} position  seconds */
	seek(position) {
		this.media.currentTime = position;
	}

	resume() {
		/* the browser wants a gesture first, or the source failed, which comes as an
		   event too: it is paused then, and says so */
		this.media.play().catch(() => this.tell('change'));
	}

	pause() {
		this.media.pause();
	}

	/** What follows a load begins when it has ended. */
	follow() {}

	/** An element plays as loud as the file is. */
	regain() {}

	/**
	 * Follows an element for as long as it is the one that sounds.
	 * @param {HTMLMediaElement} media
	 */
	listen(media) {
		const mine = (/** @type {() => void} */ act) => () => {
			if (media === this.media)
				act();
		};

		for (const name of ['play', 'playing', 'pause', 'waiting', 'seeked', 'canplay', 'timeupdate'])
			media.addEventListener(name, mine(() => this.tell('change')));
		media.addEventListener('ended', mine(() => this.tell('end')));
		media.addEventListener('error', mine(() => this.fail(media.error?.code === MediaError.MEDIA_ERR_NETWORK
			? new SourceGone('The connection was lost.') : new SourceDamaged('It cannot be played.'))));
	}

	/** @param {Error} error */
	fail(error) {
		if (this.load)
			this.dispatchEvent(new CustomEvent('error', { detail: { load: this.load, error } }));
	}

	/** @param {string} name */
	tell(name) {
		this.dispatchEvent(new Event(name));
	}
}

/**
 * @param {TimeRanges} ranges
 * @param {number} t          seconds
 * @param {number} [slack]    of its beginning, seconds
 * @returns {number | null}   where the range of t ends; null: it is in none
 */
export function bufferedEnd(ranges, t, slack = 0) {
	const ends = Array.from({ length: ranges.length }, (_, i) => i)
		.filter((i) => ranges.start(i) <= t + slack && t <= ranges.end(i))
		.map((i) => ranges.end(i));

	return ends[0] ?? null;
}
