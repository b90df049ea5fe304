/**
 * The deck of last resort: a URL in the browser's own <audio> element. No join is
 * exact, and nothing is held back that it could play.
 * @module
 */

import { SourceDamaged, SourceGone } from './source.js';

/** @typedef {import('./deck.js').Load} Load */

/** How long a new URL may take to become playable before the change just cuts over. */
const PREPARE_MS = 8000;
/** Playback of the new element starts a moment after its seek. */
const LEAD_SECONDS = 0.03;

export class ElementDeck extends EventTarget {
	name = 'element';
	#audio;
	/** @type {Load | null} */
	#load = null;
	/** ends what is under way for an earlier URL */
	#preparing = new AbortController();

	/** @param {HTMLAudioElement} audio  in the page; replaced there by change() */
	constructor(audio) {
		super();
		this.#audio = audio;
		this.#listen(audio);
	}

	get load() {
		return this.#load;
	}

	get position() {
		return this.#audio.currentTime;
	}

	get paused() {
		return this.#audio.paused;
	}

	get waiting() {
		return !this.#audio.paused && this.#audio.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
	}

	get stalled() {
		return this.waiting && this.position > 0;
	}

	get bufferedTo() {
		const { buffered, currentTime } = this.#audio;
		const ends = Array.from({ length: buffered.length }, (_, i) => i)
			.filter((i) => buffered.start(i) <= currentTime && currentTime <= buffered.end(i))
			.map((i) => buffered.end(i));

		return ends[0] ?? currentTime;
	}

	get volume() {
		return this.#audio.volume;
	}

	set volume(value) {
		this.#audio.volume = value;
	}

	/** @param {string} mime */
	canPlay(mime) {
		return this.#audio.canPlayType(mime) !== '';
	}

	/**
	 * @param {Load} load
	 * @param {number} position  seconds
	 */
	start(load, position) {
		this.#begin();
		this.#load = load;
		cue(this.#audio, load.choice.url, position);
		this.resume();
	}

	/**
	 * The old URL plays until the new one can.
	 * @param {Load} load
	 */
	async change(load) {
		const signal = this.#begin();
		const next = /** @type {HTMLAudioElement} */ (this.#audio.cloneNode());

		this.#load = load;
		next.volume = this.#audio.volume;
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

	/** @param {number} position  seconds */
	seek(position) {
		this.#audio.currentTime = position;
	}

	resume() {
		/* the browser wants a gesture first, or the source failed, which comes as an
		   event too: it is paused then, and says so */
		this.#audio.play().catch(() => this.#tell('change'));
	}

	pause() {
		this.#audio.pause();
	}

	stop() {
		this.#begin();
		if (this.#load)
			silence(this.#audio);
		this.#load = null;
	}

	/** What follows a load begins when it has ended. */
	follow() {}

	/** The element plays as loud as the file is. */
	regain() {}

	#begin() {
		this.#preparing.abort();
		this.#preparing = new AbortController();
		return this.#preparing.signal;
	}

	/**
	 * @param {HTMLAudioElement} next
	 * @param {AbortSignal} signal
	 */
	async #takeOver(next, signal) {
		const old = this.#audio;

		next.currentTime = old.currentTime + (old.paused ? 0 : LEAD_SECONDS);
		await settled(next, 'seeked', signal);
		if (signal.aborted)
			return silence(next);
		if (!old.paused && !(await next.play().then(() => true, () => false)))
			/* a browser that lets only the element play which was clicked */
			return this.#reuse(next.src);
		this.#audio = next;
		this.#listen(next);
		old.replaceWith(next);
		silence(old);
		this.#tell('change');
	}

	/**
	 * The same element with the other URL: a gap, but it always works.
	 * @param {string} url
	 */
	#reuse(url) {
		const playing = !this.#audio.paused;

		cue(this.#audio, url, this.position);
		if (playing)
			this.#audio.play().catch(() => this.#tell('change'));
	}

	/** @param {HTMLAudioElement} audio */
	#listen(audio) {
		const mine = (/** @type {() => void} */ act) => () => {
			if (audio === this.#audio)
				act();
		};

		for (const name of ['play', 'playing', 'pause', 'waiting', 'seeked', 'canplay', 'timeupdate'])
			audio.addEventListener(name, mine(() => this.#tell('change')));
		audio.addEventListener('ended', mine(() => this.#tell('end')));
		audio.addEventListener('error', mine(() => this.#fail()));
	}

	#fail() {
		if (!this.#load)
			return;
		const network = this.#audio.error?.code === MediaError.MEDIA_ERR_NETWORK;
		const error = network ? new SourceGone('The connection was lost.') : new SourceDamaged('It cannot be played.');

		this.dispatchEvent(new CustomEvent('error', { detail: { load: this.#load, error } }));
	}

	/** @param {string} name */
	#tell(name) {
		this.dispatchEvent(new Event(name));
	}
}

/**
 * @param {HTMLAudioElement} audio
 * @param {string} url
 * @param {number} position  seconds
 */
function cue(audio, url, position) {
	audio.src = url;
	/* before the metadata is there, this sets where playback will start */
	audio.currentTime = position;
}

/** @param {HTMLAudioElement} audio */
function silence(audio) {
	audio.pause();
	audio.removeAttribute('src');
	audio.load();
}

/**
 * Waits for an event of an element.
 * @param {HTMLAudioElement} audio
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
