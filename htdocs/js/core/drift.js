/**
 * The player as other scripts drive it: window.drift. Described in doc/player-api.md.
 *
 * Events, whose detail is the state: "statechange", "trackchange", "stalled"; and
 * "error", whose detail has a message.
 * @module
 */

/** @typedef {import('./player.js').Player} Player */
/** @typedef {import('./window-deck.js').WindowDeck} WindowDeck */
/** @typedef {import('./deck.js').Entry} Entry */

/**
 * @typedef {object} State
 * @property {string | null} track  id
 * @property {number} place         of it in the queue, from 0; -1 before there is one
 * @property {number} t             seconds
 * @property {number} duration      seconds
 * @property {boolean} playing      it sounds, or will as soon as there are bytes
 * @property {string | null} engine "windows", "stream" or "element"
 * @property {string | null} rendition "lossless" or "opus"
 * @property {number} buffered      seconds from t on that lie ready
 * @property {boolean} stalled      it has run dry, and goes on by itself
 */

/** @typedef {{ t?: number, format?: string, preset?: string, intensity?: number }} PlayOptions */
/** @typedef {{ track: string, format?: string, preset?: string, intensity?: number }} Place */

const FORMATS = ['', 'lossless', 'opus'];

export class Drift extends EventTarget {
	#player;
	#windows;
	/** as far as "statechange" tells of it */
	#told = '';
	#stalled = false;
	#problem = '';

	/**
	 * @param {Player} player
	 * @param {WindowDeck} windows
	 */
	constructor(player, windows) {
		super();
		this.#player = player;
		this.#windows = windows;
		player.addEventListener('track', () => this.#tell('trackchange', this.state));
		for (const name of ['track', 'manifest', 'change'])
			player.addEventListener(name, () => this.#compare());
	}

	/**
	 * Plays a track of the queue, or one in place of the one in hand.
	 * @param {string} track  id
	 * @param {PlayOptions} [options]
	 * @returns {Promise<void>} once it has been opened
	 * @throws {Error} when it cannot be played
	 */
	async play(track, { t = 0, ...how } = {}) {
		const { queue, entry } = this.#player;
		const wanted = entryOf({ track, ...how });
		const known = queue.findIndex((place) => place.track === track && !wanted.preset &&
			(!wanted.format || place.format === wanted.format));
		const at = known >= 0 ? known : entry ? queue.indexOf(entry) : 0;
		const next = known >= 0 ? queue : [...queue.slice(0, at), wanted,
			...queue.slice(this.#untouched() ? at : at + 1)];

		await this.#player.open([...next], at, t, true);
		if (this.#player.failed)
			throw new Error(this.#player.notice);
	}

	/**
	 * The track will probably be played in a moment: its sound comes sooner then.
	 * @param {string} track  id
	 */
	expect(track) {
		this.#player.expect(track);
	}

	/**
	 * What is played, in this order. The track in hand plays on, at its place in it or in front.
	 * @param {(string | Place)[]} tracks  ids
	 */
	queue(tracks) {
		const entries = tracks.map(entryOf);
		const { entry } = this.#player;

		if (!entry || this.#untouched())
			return void this.#player.open(entries, 0, 0, false);
		const place = entries.findIndex(({ track }) => track === entry.track);

		if (place >= 0)
			entries[place] = entry;
		else
			entries.unshift(entry);
		this.#player.enqueue(entries);
	}

	/** @param {number} t  seconds */
	seek(t) {
		this.#player.seek(t);
	}

	pause() {
		this.#player.pause();
	}

	resume() {
		return this.#player.play();
	}

	/** The track behind the one in hand. */
	next() {
		return this.#player.next();
	}

	/** The track before it, or its beginning. */
	previous() {
		return this.#player.previous();
	}

	/** 0 to 1 */
	get volume() {
		return this.#player.volume;
	}

	set volume(value) {
		this.#player.volume = value;
	}

	/** @returns {State} */
	get state() {
		const { queue, entry, position, duration, paused, engine, rendition, bufferedTo, stalled } = this.#player;

		return { track: entry?.track ?? null, place: entry ? queue.indexOf(entry) : -1, t: position, duration, playing: !paused, engine, rendition,
			buffered: Math.max(0, bufferedTo - position), stalled };
	}

	/** The AudioContext of the window engine. */
	get context() {
		return this.#windows.output.context;
	}

	/** The last node before its destination. */
	get output() {
		return this.#windows.output.node;
	}

	/** In hand, but not begun. */
	#untouched() {
		return this.#player.engine === null;
	}

	#compare() {
		const { place, track, playing, engine, rendition, stalled } = this.state;
		const now = JSON.stringify([place, track, playing, engine, rendition, stalled]);
		const problem = this.#player.failed ? this.#player.notice : '';

		if (now !== this.#told)
			this.#tell('statechange', this.state);
		if (stalled && !this.#stalled)
			this.#tell('stalled', this.state);
		if (problem && problem !== this.#problem)
			this.#tell('error', { message: problem });
		this.#told = now;
		this.#stalled = stalled;
		this.#problem = problem;
	}

	/**
	 * @param {string} name
	 * @param {unknown} detail
	 */
	#tell(name, detail) {
		this.dispatchEvent(new CustomEvent(name, { detail }));
	}
}

/**
 * A preset is one of Opus.
 * @param {string | Place} place
 * @returns {Entry}
 */
function entryOf(place) {
	const { track, preset, intensity = 1, format = preset ? 'opus' : '' } = typeof place === 'string' ? { track: place } : place;

	if (!FORMATS.includes(format))
		throw new TypeError(`There is no format “${format}”.`);
	if (!(intensity >= 0 && intensity <= 1))
		throw new RangeError('An intensity is a number from 0 to 1.');
	return { track, format, ...(preset && { preset: { name: preset, intensity } }) };
}
