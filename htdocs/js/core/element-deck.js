/**
 * The deck of last resort: a URL in the browser's own <audio> element. No join is
 * exact, and nothing is held back that it could play.
 * @module
 */

import { MediaDeck } from './media-deck.js';

/** @typedef {import('./deck.js').Load} Load */

/** How long a new URL may take to become playable before the change just cuts over. */
const PREPARE_MS = 8000;
/** Playback of the new element starts a moment after its seek. */
const LEAD_SECONDS = 0.03;

export class ElementDeck extends MediaDeck {
	name = 'element';
	/** ends what is under way for an earlier URL */
	#preparing = new AbortController();

	/** @param {string} mime */
	canPlay(mime) {
		return this.media.canPlayType(mime) !== '';
	}

	/**
	 * @param {Load} load
	 * @param {number} position  seconds
	 */
	start(load, position) {
		this.#begin();
		this.load = load;
		cue(this.media, load.choice.url, position);
		this.resume();
	}

	/**
	 * The old URL plays until the new one can.
	 * @param {Load} load
	 */
	async change(load) {
		const signal = this.#begin();
		const next = /** @type {HTMLMediaElement} */ (this.media.cloneNode());

		this.load = load;
		next.volume = this.media.volume;
		next.preload = 'auto'; /* or "canplay" may never come */
		cue(next, load.choice.url, this.position);
		const ready = await settled(next, 'canplay', signal);
		if (signal.aborted)
			return silence(next);
		if (ready)
			await this.#takeOver(next, signal);
		else
			this.#reuse(load.choice.url);
	}

	/** @param {Load} load */
	mend(load) {
		this.start(load, this.position);
	}

	stop() {
		this.#begin();
		if (this.load)
			silence(this.media);
		this.load = null;
	}

	#begin() {
		this.#preparing.abort();
		this.#preparing = new AbortController();
		return this.#preparing.signal;
	}

	/**
	 * @param {HTMLMediaElement} next
	 * @param {AbortSignal} signal
	 */
	async #takeOver(next, signal) {
		const old = this.media;

		next.currentTime = old.currentTime + (old.paused ? 0 : LEAD_SECONDS);
		await settled(next, 'seeked', signal);
		if (signal.aborted)
			return silence(next);
		if (!old.paused && !(await next.play().then(() => true, () => false)))
			/* a browser that lets only the element play which was clicked */
			return this.#reuse(next.src);
		this.media = next;
		this.listen(next);
		old.replaceWith(next);
		silence(old);
		this.tell('change');
	}

	/**
	 * The same element with the other URL: a gap, but it always works.
	 * @param {string} url
	 */
	#reuse(url) {
		const playing = !this.media.paused;

		cue(this.media, url, this.position);
		if (playing)
			this.media.play().catch(() => this.tell('change'));
	}
}

/**
 * @param {HTMLMediaElement} audio
 * @param {string} url
 * @param {number} position  seconds
 */
function cue(audio, url, position) {
	audio.src = url;
	/* before the metadata is there, this sets where playback will start */
	audio.currentTime = position;
}

/** @param {HTMLMediaElement} audio */
function silence(audio) {
	audio.pause();
	audio.removeAttribute('src');
	audio.load();
}

/**
 * Waits for an event of an element.
 * @param {HTMLMediaElement} audio
 * @param {string} name
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>} false: an error, too long, or ended by the signal
 */
function settled(audio, name, signal) {
	return new Promise((resolve) => {
		const listening = new AbortController();
		const end = (/** @type {boolean} */ came) => {
			clearTimeout(timer);
			listening.abort();
			resolve(came);
		};
		const timer = setTimeout(() => end(false), PREPARE_MS);

		audio.addEventListener(name, () => end(true), { signal: listening.signal });
		audio.addEventListener('error', () => end(false), { signal: listening.signal });
		signal.addEventListener('abort', () => end(false), { signal: listening.signal });
	});
}
