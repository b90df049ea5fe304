/**
 * The deck of windows: keeps a context, an output and a window engine for each
 * sample rate, and plays a load at its own rate where it begins from silence. What
 * follows by itself, or takes over in mid-track, is converted to the rate that
 * sounds, so that no join waits for another clock.
 * @module
 */

import { AudioOutput } from './audio-output.js';
import { atRate } from './resampled-source.js';
import { WindowEngine } from './window-engine.js';

/** @typedef {import('./deck.js').Load} Load */
/** @typedef {import('./window-engine.js').Item} Item */
/** @typedef {import('./window-engine.js').WindowFailure} WindowFailure */

/** @typedef {Item & { load: Load }} LoadedItem */
/** @typedef {{ output: AudioOutput, engine: WindowEngine }} Stage */

/** The rate of a context that is wanted before there is anything to play, Hz. */
const RATE = 48000;
/** Milliseconds between two notes of the position. */
const TICK = 250;

export class WindowDeck extends EventTarget {
	name = 'windows';
	/** What follows a load; never rejects. @type {(load: Load) => Promise<Load | null>} */
	next = async () => null;
	#gain;
	/** @type {Map<number, Stage>} by rate, kept */
	#stages = new Map();
	/** @type {Stage | null} */
	#stage = null;
	/** somebody outside holds the context: it stays */
	#pinned = false;
	#playing = false;
	#volume = 1;
	/** @type {LoadedItem | null} */
	#item = null;

	/** @param {(load: Load) => number} gain  what it is multiplied by */
	constructor(gain) {
		super();
		this.#gain = gain;
		setInterval(() => this.paused || this.#tell('change'), TICK);
	}

	/** The output that sounds. Who asks before anything has sounded holds one of 48 kHz, whatever is played. */
	get output() {
		if (!this.#stage) {
			this.#pinned = true;
			this.#stage = this.#stageOf(RATE);
		}
		return this.#stage.output;
	}

	get load() {
		return this.#item?.load ?? null;
	}

	get paused() {
		return !this.#playing || this.#stage?.output.context.state !== 'running';
	}

	get waiting() {
		return this.#playing && (this.#stage?.engine.waiting ?? false);
	}

	get stalled() {
		return this.#playing && (this.#stage?.engine.stalled ?? false);
	}

	get position() {
		return this.#seconds(this.#stage?.engine.position);
	}

	get bufferedTo() {
		return this.#seconds(this.#stage?.engine.bufferedTo);
	}

	get volume() {
		return this.#volume;
	}

	set volume(value) {
		this.#volume = value;
		for (const { output } of this.#stages.values())
			output.volume = value;
	}

	/**
	 * Somebody has pressed Play: the sound card wakes while the track is being asked for.
	 * @param {number} rate  that it probably has
	 */
	warm(rate) {
		if (!this.#stage && typeof AudioContext !== 'undefined')
			this.#stageOf(rate).output.context.resume().catch(() => {}); /* start() asks again */
	}

	/**
	 * @param {Load} load      with a source
	 * @param {number} position seconds
	 */
	start(load, position) {
		this.#enter(this.#pinned ? this.output.rate : sourceOf(load).rate);
		const item = this.#take(load);

		this.#stage?.engine.play(item, Math.min(item.source.length, Math.round(position * item.source.rate)));
		this.resume();
	}

	/** @param {Load} load */
	change(load) {
		this.#stage?.engine.switchTo(this.#take(load));
		this.#tell('change');
	}

	/** @param {Load} load  also one that lies in wait behind what is heard */
	mend(load) {
		const heard = load.entry === this.#item?.load.entry;

		this.#stage?.engine.resume(heard ? this.#take(load) : this.#itemOf(load, this.output.rate));
	}

	/** @param {number} position  seconds */
	seek(position) {
		const item = this.#item;

		if (item)
			this.#stage?.engine.play(item, Math.min(item.source.length, Math.round(position * item.source.rate)));
		this.#tell('change');
	}

	resume() {
		this.#playing = true;
		this.#stage?.output.context.resume().catch(() => {}); /* paused then, and says so */
		this.#tell('change');
	}

	pause() {
		this.#playing = false;
		this.#stage?.output.context.suspend().catch(() => {});
		this.#tell('change');
	}

	stop() {
		this.#item = null;
		this.#playing = false;
		this.#stage?.engine.stop();
	}

	follow() {
		this.#stage?.engine.follow();
	}

	regain() {
		if (this.#item)
			this.#stage?.engine.setGain(this.#item, this.#gain(this.#item.load));
	}

	/** @param {number} rate */
	#enter(rate) {
		const stage = this.#stageOf(rate);

		for (const other of this.#stages.values())
			if (other !== stage) {
				other.engine.stop();
				other.output.context.suspend().catch(() => {});
			}
		this.#stage = stage;
	}

	/**
	 * @param {number} rate
	 * @returns {Stage}
	 */
	#stageOf(rate) {
		const before = this.#stages.get(rate);
		if (before)
			return before;
		const output = new AudioOutput(rate);
		const engine = new WindowEngine(output, async (item) => {
			const load = await this.next(/** @type {LoadedItem} */ (item).load);

			return load?.source ? this.#itemOf(load, output.rate) : null;
		});
		const stage = { output, engine };

		output.volume = this.#volume;
		this.#stages.set(rate, stage);
		this.#listen(stage);
		return stage;
	}

	/** @param {Stage} stage */
	#listen(stage) {
		const { output, engine } = stage;
		const mine = (/** @type {(event: any) => void} */ act) => (/** @type {Event} */ event) => {
			if (stage === this.#stage)
				act(event);
		};

		output.context.addEventListener('statechange', mine(() => this.#tell('change')));
		engine.addEventListener('wait', mine(() => this.#tell('change')));
		engine.addEventListener('item', mine(() => this.#heard(/** @type {LoadedItem} */ (engine.item))));
		engine.addEventListener('end', mine(() => this.#tell('end')));
		engine.addEventListener('error', mine(({ detail }) => {
			const { item, error } = /** @type {WindowFailure} */ (detail);

			this.dispatchEvent(new CustomEvent('error', { detail: { load: /** @type {LoadedItem} */ (item).load, error } }));
		}));
	}

	/** @param {LoadedItem} item */
	#heard(item) {
		const another = item.load.entry !== this.#item?.load.entry;

		this.#item = item;
		this.#tell(another ? 'load' : 'change');
	}

	/**
	 * @param {Load} load
	 * @returns {LoadedItem}
	 */
	#take(load) {
		return (this.#item = this.#itemOf(load, this.output.rate));
	}

	/**
	 * @param {Load} load
	 * @param {number} rate
	 * @returns {LoadedItem}
	 */
	#itemOf(load, rate) {
		return { load, source: atRate(sourceOf(load), rate), gain: this.#gain(load) };
	}

	/** @param {number | undefined} frames */
	#seconds(frames) {
		return this.#stage && this.#item ? (frames ?? 0) / this.#stage.output.rate : 0;
	}

	/** @param {string} name */
	#tell(name) {
		this.dispatchEvent(new Event(name));
	}
}

/** @param {Load} load */
function sourceOf({ source }) {
	if (!source)
		throw new TypeError('windows need a source');
	return source;
}
