/**
 * Plays a URL with the browser's own <audio> element.
 *
 * The player drives an engine by load, swap, play, pause and seek and hears
 * from it by events: "change" (playing, paused, waiting, position jumped),
 * "ended", and "error", whose detail is an EngineFailure.
 * @module
 */

/** @typedef {'network' | 'unplayable'} EngineFailure */

/** How long a new URL may take to become playable before the swap just cuts over. */
const PREPARE_MS = 8000;
/** Playback of the new element starts a moment after its seek. */
const LEAD_SECONDS = 0.03;

export class ElementEngine extends EventTarget {
	#audio;
	/** @type {AbortController} ends what is under way for an earlier URL */
	#load = new AbortController();

	/** @param {HTMLAudioElement} audio  in the page; replaced there by swap() */
	constructor(audio) {
		super();
		this.#audio = audio;
		this.#listen(audio);
	}

	/** seconds */
	get position() {
		return this.#audio.currentTime;
	}

	get paused() {
		return this.#audio.paused;
	}

	/** Wants to play but has no data. */
	get waiting() {
		return !this.#audio.paused && this.#audio.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
	}

	/** 0 to 1 */
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
	 * Takes another URL and stands still at a position.
	 * @param {string} url
	 * @param {number} position  seconds
	 */
	load(url, position) {
		this.#begin();
		this.#audio.pause();
		cue(this.#audio, url, position);
	}

	/**
	 * Goes on from the present position with another URL of the same track. The
	 * old one plays until the new one can.
	 * @param {string} url
	 */
	async swap(url) {
		const signal = this.#begin();
		const next = /** @type {HTMLAudioElement} */ (this.#audio.cloneNode());

		next.volume = this.#audio.volume;
		next.preload = 'auto'; /* or "canplay" may never come */
		cue(next, url, this.position);
		const ready = await settled(next, 'canplay', signal);
		if (signal.aborted)
			return silence(next);
		if (ready)
			await this.#takeOver(next, signal);
		else
			this.#reuse(url);
	}

	/** @returns {Promise<void>} rejected when the browser wants a gesture first */
	play() {
		return this.#audio.play();
	}

	pause() {
		this.#audio.pause();
	}

	/** @param {number} position  seconds */
	seek(position) {
		this.#audio.currentTime = position;
	}

	#begin() {
		this.#load.abort();
		this.#load = new AbortController();
		return this.#load.signal;
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
		audio.addEventListener('ended', mine(() => this.#tell('ended')));
		audio.addEventListener('error', mine(() => this.#fail()));
	}

	#fail() {
		/** @type {EngineFailure} */
		const detail = this.#audio.error?.code === MediaError.MEDIA_ERR_NETWORK ? 'network' : 'unplayable';

		this.dispatchEvent(new CustomEvent('error', { detail }));
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
