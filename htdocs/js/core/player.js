/**
 * The player: a queue of tracks, the one of them that is in hand, and the deck
 * that plays it.
 *
 * Events: "track" (another track is in hand), "manifest" (more is known of it),
 * "change" (state, position or rendition), "queue".
 * @module
 */

import { Backoff } from './backoff.js';

/** @typedef {import('./deck.js').Deck} Deck */
/** @typedef {import('./deck.js').DeckFailure} DeckFailure */
/** @typedef {import('./deck.js').Entry} Entry */
/** @typedef {import('./deck.js').Load} Load */
/** @typedef {import('./loader.js').Loader} Loader */
/** @typedef {import('./window-deck.js').WindowDeck} WindowDeck */

/** When to look again for what is still being made, milliseconds. */
const LATER_FIRST = 4000;
const LATER_LONGEST = 60000;
/** "Previous" begins the track again when it has played for longer than this, seconds. */
const AGAIN_AFTER = 3;

export class Player extends EventTarget {
	#loader;
	#windows;
	#decks;
	/** @type {Entry[]} */
	#queue = [];
	/** @type {Entry | null} in hand */
	#entry = null;
	/** @type {Load | null} */
	#load = null;
	/** @type {Deck | null} */
	#deck = null;
	/** Seconds at which it will begin; null once a deck has it. @type {number | null} */
	#cue = 0;
	/** the listener wants to hear it */
	#wanted = false;
	#problem = '';
	#opening = new AbortController();
	#watching = new AbortController();

	/**
	 * @param {Loader} loader
	 * @param {{ windows: WindowDeck, stream: Deck, element: Deck }} decks
	 */
	constructor(loader, decks) {
		super();
		this.#loader = loader;
		this.#windows = decks.windows;
		this.#decks = decks;
		decks.windows.next = (load) => this.#loadAfter(load.entry);
		for (const deck of Object.values(decks))
			this.#listen(deck);
	}

	/** @returns {readonly Entry[]} */
	get queue() {
		return this.#queue;
	}

	get entry() {
		return this.#entry;
	}

	get manifest() {
		return this.#load?.manifest ?? (this.#entry && this.#loader.manifestOf(this.#entry));
	}

	/** The rendition that is heard, null before a track is open. */
	get rendition() {
		return this.#load?.choice.name ?? null;
	}

	/** "windows", "stream", "element", or null while nothing plays. */
	get engine() {
		return this.#deck?.name ?? null;
	}

	/** Whether there is something to be seen. */
	get pictures() {
		return this.#load?.segments?.pictures ?? false;
	}

	/** One sentence for the listener: a failure, or why it is this rendition; "" when all is well. */
	get notice() {
		return this.#problem || this.#load?.choice.note || '';
	}

	/** Whether notice tells of a failure. */
	get failed() {
		return this.#problem !== '';
	}

	get paused() {
		return this.#cue === null ? this.#deck?.paused ?? true : !this.#wanted;
	}

	/** It should sound, and there is nothing yet. */
	get waiting() {
		return !this.paused && (this.#cue !== null || (this.#deck?.waiting ?? false));
	}

	/** It sounded, and has run dry. */
	get stalled() {
		return this.#cue === null && !this.paused && (this.#deck?.stalled ?? false);
	}

	/** seconds */
	get position() {
		return this.#cue ?? this.#deck?.position ?? 0;
	}

	/** seconds; what lies ready from the position on ends there */
	get bufferedTo() {
		return this.#cue ?? this.#deck?.bufferedTo ?? 0;
	}

	/** seconds; 0 before a track is open */
	get duration() {
		return this.manifest ? this.manifest.duration / this.manifest.timescale : 0;
	}

	/** 0 to 1 */
	get volume() {
		return this.#windows.volume;
	}

	set volume(value) {
		const within = Math.min(1, Math.max(0, value));

		for (const deck of Object.values(this.#decks))
			deck.volume = within;
		this.#tell('change');
	}

	/**
	 * Takes another queue, and one of its tracks in hand.
	 * @param {Entry[]} queue
	 * @param {number} index
	 * @param {number} position  seconds
	 * @param {boolean} playing  at once
	 */
	open(queue, index, position, playing) {
		this.#queue = [...queue];
		this.#tell('queue');
		return this.#open(this.#queue[index], position, playing);
	}

	/**
	 * Somebody is about to choose a track: what comes before its sound is asked for.
	 * @param {string} track
	 */
	expect(track) {
		if (track !== this.#entry?.track)
			this.#loader.expect(track).catch(() => {}); /* who chooses it is told */
	}

	/**
	 * What comes after the track in hand, and before it, becomes another; it plays on.
	 * @param {Entry[]} queue  should hold it
	 */
	enqueue(queue) {
		this.#queue = [...queue];
		this.#deck?.follow();
		this.#tell('queue');
	}

	/** After a failure: tries once more from where it stopped. */
	async play() {
		this.#wanted = true;
		if (this.#entry && this.#problem)
			return this.#open(this.#entry, this.position, true);
		if (this.#load && this.#cue !== null)
			this.#start(this.#load, this.#cue);
		else
			this.#deck?.resume();
		this.#tell('change');
	}

	pause() {
		this.#wanted = false;
		this.#deck?.pause();
		this.#tell('change');
	}

	toggle() {
		return this.paused ? this.play() : this.pause();
	}

	/** @param {number} position seconds; held inside the track */
	seek(position) {
		const within = Math.min(this.duration, Math.max(0, position));

		if (this.#cue === null)
			this.#deck?.seek(within);
		else
			this.#cue = within;
		this.#tell('change');
	}

	/** The track behind the one in hand. */
	next() {
		return this.#step(1);
	}

	/** The track before it, or its beginning. */
	previous() {
		if (this.position > AGAIN_AFTER || !this.#neighbour(this.#entry, -1))
			return this.seek(0);
		return this.#step(-1);
	}

	/** @param {number} offset  in the queue, -1 or 1 */
	canStep(offset) {
		return this.#neighbour(this.#entry, offset) !== null;
	}

	/** @param {Entry} entry  of the queue */
	jump(entry) {
		return this.#open(entry, 0, true);
	}

	/** The listener wants another quality: goes on in it where it is. */
	async requality() {
		if (!this.#entry || !this.#load)
			return;
		this.#loader.forgive(this.#entry);
		await this.#change(this.#entry, this.#opening.signal);
		this.#deck?.follow(); /* what lies in wait has the old quality */
		this.#watch();
	}

	/** The listener wants another loudness. */
	regain() {
		this.#windows.regain();
		this.#windows.follow();
	}

	/* --- from entry to sound ---------------------------------------------------- */

	/**
	 * @param {Entry | undefined} entry
	 * @param {number} position  seconds
	 * @param {boolean} playing
	 */
	async #open(entry, position, playing) {
		this.#opening.abort();
		this.#watching.abort();
		const { signal } = (this.#opening = new AbortController());

		this.#deck?.stop();
		if (!playing)
			this.#deck?.pause();
		this.#entry = entry ?? null;
		this.#load = null;
		this.#cue = position;
		this.#wanted = playing;
		this.#problem = '';
		this.#tell('change');
		if (!entry)
			return;
		try {
			this.#loader.forgive(entry);
			if (playing)
				this.#windows.warm(this.#loader.likelyRate(entry));
			const load = await this.#loader.load(entry, signal);
			if (!signal.aborted)
				this.#hand(load);
		} catch (error) {
			this.#report(error, signal);
		}
	}

	/** @param {Load} load */
	#hand(load) {
		this.#load = load;
		this.#cue = Math.min(this.#cue ?? 0, this.duration);
		if (this.#wanted)
			this.#start(load, this.#cue); /* before the page draws what it is */
		this.#tell('track');
		this.#watch();
	}

	/**
	 * @param {Load} load
	 * @param {number} position  seconds
	 */
	#start(load, position) {
		const deck = this.#decks[load.way];

		if (this.#deck !== deck) {
			this.#deck?.stop();
			this.#deck?.pause();
		}
		this.#deck = deck;
		this.#cue = null;
		deck.start(load, position);
	}

	/**
	 * The track in hand in another rendition, or by another deck.
	 * @param {Entry} entry
	 * @param {AbortSignal} signal
	 */
	async #change(entry, signal) {
		try {
			const before = this.#load;
			const load = await this.#loader.load(entry, signal);
			if (signal.aborted || this.#load !== before)
				return;

			this.#load = load;
			if (this.#cue === null && before && sounds(before) !== sounds(load))
				this.#exchange(load);
			this.#tell('manifest');
		} catch (error) {
			this.#report(error, signal);
		}
	}

	/** @param {Load} load */
	#exchange(load) {
		if (this.#deck === this.#decks[load.way])
			this.#deck?.change(load);
		else if (this.paused)
			this.#cue = this.position;
		else
			this.#start(load, this.position);
	}

	/* --- what follows ----------------------------------------------------------- */

	/**
	 * @param {Entry | null} entry
	 * @param {number} offset
	 */
	#neighbour(entry, offset) {
		const at = entry ? this.#queue.indexOf(entry) : -1;

		return at < 0 ? null : this.#queue[at + offset] ?? null;
	}

	/** @param {number} offset */
	#step(offset) {
		const entry = this.#neighbour(this.#entry, offset);

		if (entry)
			return this.#open(entry, 0, this.#wanted);
	}

	/**
	 * @param {Entry} entry
	 * @returns {Promise<Load | null>} null: nothing follows, or not by itself
	 */
	async #loadAfter(entry) {
		const next = this.#neighbour(entry, 1);

		return next && this.#loader.load(next, this.#opening.signal).catch(() => null);
	}

	/** @param {Deck} deck */
	#listen(deck) {
		const mine = (/** @type {(event: any) => void} */ act) => (/** @type {Event} */ event) => {
			if (deck === this.#deck && this.#cue === null)
				act(event);
		};

		deck.addEventListener('change', mine(() => this.#tell('change')));
		deck.addEventListener('load', mine(() => this.#heard(/** @type {Load} */ (deck.load))));
		deck.addEventListener('end', mine(() => this.#ended()));
		deck.addEventListener('error', mine(({ detail }) => this.#recover(detail)));
	}

	/** A deck went on to another track by itself. @param {Load} load */
	#heard(load) {
		this.#entry = load.entry;
		this.#load = load;
		this.#tell('track');
		this.#tell('change');
		this.#watch();
	}

	/** What no deck could join begins now; at the end of the queue its last track can be played again. */
	#ended() {
		const next = this.#neighbour(this.#entry, 1);

		if (next)
			return void this.#open(next, 0, true);
		this.#deck?.pause();
		this.#wanted = false;
		this.#cue = 0;
		this.#tell('change');
	}

	/* --- what goes wrong, and what comes later ------------------------------------ */

	/** @param {DeckFailure} failure */
	async #recover({ load, error }) {
		const { signal } = this.#opening;
		const current = load.entry === this.#entry;
		const { position } = this;

		try {
			const mended = await this.#loader.another(load, error, position, signal);
			if (signal.aborted)
				return;
			if (!current && !mended.source)
				return; /* it begins when this one has ended */
			if (current)
				this.#load = mended;
			if (mended.way === load.way)
				this.#deck?.mend(mended);
			else
				this.#start(mended, position);
			this.#tell('change');
		} catch (problem) {
			if (current)
				this.#report(problem, signal);
		}
	}

	/** Looks again, with growing pauses, while something is still being made, and takes it up. */
	async #watch() {
		this.#watching.abort();
		const { signal } = (this.#watching = new AbortController());
		const backoff = new Backoff(LATER_FIRST, LATER_LONGEST);
		const entry = this.#entry;

		while (entry && this.#incomplete() && (await backoff.wait(signal))) {
			const known = await this.#loader.refresh(entry, signal).then(() => true, () => false);

			if (known && !signal.aborted)
				await this.#change(entry, signal);
		}
	}

	#incomplete() {
		return this.#load?.choice.pending || this.manifest?.waveform === null;
	}

	/**
	 * @param {unknown} error
	 * @param {AbortSignal} signal
	 */
	#report(error, signal) {
		if (signal.aborted)
			return;
		const { position } = this;

		this.#problem = error instanceof Error ? error.message : String(error);
		this.#deck?.pause();
		this.#wanted = false;
		this.#cue = position;
		this.#tell('change');
	}

	/** @param {string} name */
	#tell(name) {
		this.dispatchEvent(new Event(name));
	}
}

/**
 * By what a listener tells two loads of a track apart: the same sound in another file is none.
 * @param {Load} load
 */
function sounds({ choice, segments }) {
	return `${choice.file} ${segments?.pictures ?? false}`;
}
