/**
 * One track being listened to: opens it, chooses the rendition, keeps the
 * position through changes of rendition, and gets over failures.
 *
 * Events: "track" (another track), "manifest" (more is known of it), "change"
 * (state, position or rendition).
 * @module
 */

import { callJson } from './api.js';
import { Backoff } from './backoff.js';
import { chooseRendition } from './rendition.js';

/** @typedef {import('./element-engine.js').ElementEngine} ElementEngine */
/** @typedef {import('./element-engine.js').EngineFailure} EngineFailure */
/** @typedef {import('./rendition.js').Manifest} Manifest */
/** @typedef {import('./rendition.js').RenditionName} RenditionName */

/** When to look again for what is still being made, milliseconds. */
const LATER_FIRST = 4000;
const LATER_LONGEST = 60000;
/** A failure this soon after the last one, in seconds of sound, is the same one. */
const SAME_FAILURE_SECONDS = 2;

export class Player extends EventTarget {
	#engine;
	#quality;
	/** @type {Manifest | null} */
	#manifest = null;
	/** @type {import('./rendition.js').Choice | null} */
	#choice = null;
	/** @type {RenditionName[]} */
	#refused = [];
	#problem = '';
	#track = '';
	#opened = new AbortController();
	#watching = new AbortController();
	/** Where the last network failure was; another at the same place is not tried again. */
	#failedAt = -Infinity;

	/**
	 * @param {ElementEngine} engine
	 * @param {() => string} quality  the listener's streamQuality
	 */
	constructor(engine, quality) {
		super();
		this.#engine = engine;
		this.#quality = quality;
		engine.addEventListener('change', () => this.#tell('change'));
		engine.addEventListener('ended', () => this.#tell('change'));
		engine.addEventListener('error', (event) =>
			this.#recover(/** @type {CustomEvent<EngineFailure>} */ (event).detail));
	}

	get manifest() {
		return this.#manifest;
	}

	/** The rendition that is heard, null before a track is open. */
	get rendition() {
		return this.#choice?.name ?? null;
	}

	/** One sentence for the listener: a failure, or why it is this rendition; "" when all is well. */
	get notice() {
		return this.#problem || this.#choice?.note || '';
	}

	/** Whether notice tells of a failure. */
	get failed() {
		return this.#problem !== '';
	}

	get paused() {
		return this.#engine.paused;
	}

	get waiting() {
		return this.#engine.waiting;
	}

	/** seconds */
	get position() {
		return this.#engine.position;
	}

	/** seconds; 0 before a track is open */
	get duration() {
		return this.#manifest ? this.#manifest.duration / this.#manifest.timescale : 0;
	}

	/** 0 to 1 */
	get volume() {
		return this.#engine.volume;
	}

	set volume(value) {
		this.#engine.volume = Math.min(1, Math.max(0, value));
	}

	/**
	 * @param {string} track    id
	 * @param {number} position seconds
	 */
	async open(track, position = 0) {
		this.#opened.abort();
		this.#watching.abort();
		const { signal } = (this.#opened = new AbortController());

		this.#engine.pause();
		this.#track = track;
		this.#problem = '';
		this.#refused = [];
		this.#failedAt = -Infinity;
		try {
			this.#manifest = await fetchManifest(track, signal);
			this.#engine.load(this.#choose().url, Math.min(position, this.duration));
			this.#tell('track');
			this.#watch();
		} catch (error) {
			this.#report(error, signal);
		}
	}

	/** After a failure: tries once more from where it stopped. */
	async play() {
		if (this.#problem)
			await this.open(this.#track, this.position);
		if (!this.#choice || this.#problem)
			return;
		try {
			await this.#engine.play();
		} catch {
			/* the browser wants a click first, or the source failed, which comes
			   as an event too: the button still says "Play" */
			this.#tell('change');
		}
	}

	pause() {
		this.#engine.pause();
	}

	toggle() {
		return this.paused ? this.play() : this.pause();
	}

	/** @param {number} position seconds; held inside the track */
	seek(position) {
		if (!this.#choice)
			return;
		this.#engine.seek(Math.min(this.duration, Math.max(0, position)));
		this.#tell('change');
	}

	/** The listener wants another quality: goes on in it where it is. */
	async requality() {
		const before = this.#choice;
		if (!this.#manifest || !before)
			return;

		this.#refused = [];
		const now = this.#choose();
		this.#tell('change');
		if (now.url !== before.url)
			await this.#engine.swap(now.url);
		this.#watch();
	}

	/** @throws {Error} when the browser can play nothing of it */
	#choose() {
		const manifest = /** @type {Manifest} */ (this.#manifest);
		const choice = chooseRendition(manifest, this.#quality(), (mime) => this.#engine.canPlay(mime),
			this.#refused);
		if (!choice)
			throw new Error(nothingPlays(manifest));

		this.#choice = choice;
		return choice;
	}

	/**
	 * Looks again, with growing pauses, while something is still being made, and
	 * takes it up.
	 */
	async #watch() {
		this.#watching.abort();
		const { signal } = (this.#watching = new AbortController());
		const backoff = new Backoff(LATER_FIRST, LATER_LONGEST);

		while (this.#incomplete() && (await backoff.wait(signal)))
			await this.#refresh(signal).catch(() => {}); /* as well the next time */
	}

	#incomplete() {
		return this.#choice?.pending || this.#manifest?.waveform === null;
	}

	/** @param {AbortSignal} signal */
	async #refresh(signal) {
		const before = this.#choice;
		const manifest = await fetchManifest(this.#track, signal);
		if (signal.aborted)
			return;

		this.#manifest = manifest;
		const now = this.#choose();
		this.#tell('manifest');
		if (now.name !== before?.name)
			await this.#engine.swap(now.url);
	}

	/**
	 * The direct URL may have expired, so the manifest is asked for anew. What
	 * fails at the same URL is not tried again, but for a network that failed
	 * further on than the last time.
	 * @param {EngineFailure} failure
	 */
	async #recover(failure) {
		const { signal } = this.#opened;
		const choice = this.#choice;
		const position = this.position;
		const playing = !this.paused;
		const further = failure === 'network' && Math.abs(position - this.#failedAt) > SAME_FAILURE_SECONDS;

		if (!choice)
			return;
		this.#failedAt = position;
		try {
			this.#manifest = await fetchManifest(this.#track, signal);
			if (!further && this.#manifest.renditions[choice.name].url === choice.url)
				this.#refused.push(choice.name);
			this.#engine.load(this.#choose().url, position);
			this.#tell('change');
			if (playing)
				await this.play();
		} catch (error) {
			this.#report(error, signal);
		}
	}

	/**
	 * @param {unknown} error
	 * @param {AbortSignal} signal
	 */
	#report(error, signal) {
		if (signal.aborted)
			return;
		this.#problem = error instanceof Error ? error.message : String(error);
		this.#engine.pause();
		this.#tell('change');
	}

	/** @param {string} name */
	#tell(name) {
		this.dispatchEvent(new Event(name));
	}
}

/** @param {Manifest} manifest */
function nothingPlays({ renditions }) {
	return renditions.opus.state === 'missing'
		? 'This browser cannot play the original, and the Opus version is still being made. Press Play in a moment.'
		: 'Neither version of this track can be played here. Press Play to try again, or try another browser.';
}

/**
 * @param {string} track
 * @param {AbortSignal} signal
 * @returns {Promise<Manifest>}
 */
function fetchManifest(track, signal) {
	return callJson(`stream.fcgi/${encodeURIComponent(track)}/manifest.json`, { signal });
}
