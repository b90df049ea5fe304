/**
 * Plays sources window by window on an output's tape, exact to the sample.
 *
 * A window is read whole, laid behind the one before, and the next one is read
 * while it sounds; three are held at most, or as many short ones as last a few
 * seconds. What follows a track is asked for when its last window lies, and laid
 * where that ends. The tape is the only clock.
 *
 * Events: "item" (another item is heard), "wait" (it waits for bytes, or does no
 * longer), "end" (the last item has been heard), "error", whose detail is a
 * WindowFailure: what lies still sounds, and resume() goes on behind it.
 * @module
 */

/** @typedef {import('./audio-output.js').Output} Output */
/** @typedef {import('./audio-output.js').Bus} Bus */
/** @typedef {import('./audio-output.js').Placed} Placed */
/** @typedef {import('./source.js').Source} Source */
/** @typedef {import('./source.js').Pcm} Pcm */

/**
 * One track in one rendition.
 * @typedef {object} Item
 * @property {Source} source  at the rate of the output
 * @property {number} gain    1: as it is
 */

/** @typedef {{ item: Item, error: Error }} WindowFailure */

/**
 * A part of an item that lies on the tape.
 * @typedef {object} Window
 * @property {Item} item
 * @property {number} from   sample of the item
 * @property {number} to     one past the last
 * @property {number} frame  of the tape, for sample from
 * @property {Placed} placed
 * @property {AbortController} lying  ended when it is taken back
 */

/** Seconds of the windows after a start: sound comes at once, and soon there is a reserve. */
const LENGTHS = [0.2, 0.5, 1, 2, 5, 10];
/** So many of them are asked for at once, seconds: they come as one answer. */
const TOGETHER = 1.75;
/** Windows that lie while another is read; more where they are so short that they end within some seconds. */
const LYING = 2;
const RESERVE = 3;
/** Seconds from laying a window to hearing it: the output fetches its frames ahead. */
const LEAD = 0.03;
/** A window that would begin sooner than this, in seconds, is late: an output renders some frames at once. */
const LATE = 0.02;
/** Seconds of the new rendition that are read before the old one is left. */
const SWITCH = 1;
/** Seconds from there to hearing it: nobody waits, and the page may be held up just then. */
const SWITCH_LEAD = 0.15;

export class WindowEngine extends EventTarget {
	#output;
	#next;
	/** @type {Window[]} in the order of the tape */
	#windows = [];
	/** @type {WeakMap<Item, Bus>} */
	#buses = new WeakMap();
	#run = new AbortController();
	/** what was asked for, until a window of it is heard @type {{ item: Item, at: number } | null} */
	#wanted = null;
	/** @type {Item | null} the one heard last */
	#heard = null;
	#waiting = false;
	/** on the way to be heard in mid-track @type {Item | null} */
	#crossing = null;

	/**
	 * @param {Output} output
	 * @param {(item: Item, signal: AbortSignal) => Promise<Item | null>} next
	 *     what follows an item; null: nothing does. Never rejects
	 */
	constructor(output, next) {
		super();
		this.#output = output;
		this.#next = next;
	}

	/** @returns {Item | null} the one that is heard, or will be */
	get item() {
		return this.#wanted?.item ?? this.#at(this.#output.frame)?.item ?? null;
	}

	/** Sample of the item that is heard. */
	get position() {
		const { frame } = this.#output;
		const window = this.#at(frame);

		if (this.#wanted || !window)
			return this.#wanted?.at ?? 0;
		return Math.min(window.to, window.from + Math.max(0, frame - window.frame));
	}

	/** One past the last sample of the item that lies in wait. */
	get bufferedTo() {
		const { item } = this;

		return this.#windows.findLast((window) => window.item === item)?.to ?? this.position;
	}

	/** Wants to sound, and has nothing to. */
	get waiting() {
		return this.#waiting;
	}

	/** Has sounded, and has run dry. */
	get stalled() {
		return this.#waiting && this.#wanted === null;
	}

	/**
	 * Plays from a sample on, in place of what lies.
	 * @param {Item} item
	 * @param {number} at
	 */
	play(item, at) {
		this.stop();
		this.#wanted = { item, at };
		this.#begin(item, at, null);
	}

	/**
	 * Goes on in another rendition of the track that is heard, at the very sample.
	 * @param {Item} item
	 */
	async switchTo(item) {
		const signal = this.#renew();
		const old = this.#at(this.#output.frame);
		if (this.#wanted || !old)
			return this.play(item, this.position);
		this.#crossing = item;
		const seam = this.#seam(old, this.#output.frame + SWITCH_LEAD * this.#output.rate);
		const to = item.source.windowEnd(seam.at, SWITCH * this.#output.rate);

		try {
			const pcm = await item.source.read(seam.at, to, to, signal);
			if (!signal.aborted)
				this.#cross(item, seam, pcm);
		} catch (error) {
			this.#fail(item, error, signal);
		}
	}

	/**
	 * After an error: goes on behind what lies.
	 * @param {Item} item  the same track, from elsewhere
	 */
	resume(item) {
		const last = this.#windows.at(-1);

		if (this.#wanted)
			this.play(item, this.#wanted.at);
		else if (last)
			this.#begin(item, last.to, endOf(last));
	}

	/** What follows the item that is heard is another one now: takes back what lies of the old. */
	follow() {
		const { item } = this;
		const last = this.#windows.findLast((window) => window.item === item);

		if (this.#crossing)
			return void this.switchTo(this.#crossing);
		if (this.#wanted || !item || !last)
			return;
		this.#cut(endOf(last));
		this.#begin(item, last.to, endOf(last));
	}

	/** Silence, at once. */
	stop() {
		this.#renew();
		this.#cut(0);
		this.#wanted = null;
		this.#heard = null;
		this.#wait(false);
	}

	/**
	 * @param {Item} item
	 * @param {number} gain
	 */
	setGain(item, gain) {
		item.gain = gain;
		this.#bus(item).gain = gain;
	}

	/* --- laying windows ------------------------------------------------------- */

	/**
	 * @param {Item} item
	 * @param {number} at            sample
	 * @param {number | null} frame  of the tape; null: as soon as it has come
	 */
	#begin(item, at, frame) {
		const signal = this.#renew();

		this.#lay(item, at, frame, signal).catch((error) => this.#fail(item, error, signal));
	}

	/**
	 * @param {Item | null} item
	 * @param {number} at
	 * @param {number | null} frame
	 * @param {AbortSignal} signal
	 */
	async #lay(item, at, frame, signal) {
		const rate = this.#output.rate;
		const together = at + TOGETHER * rate;
		const lengths = LENGTHS.map((seconds) => Math.round(seconds * rate));
		let length = lengths[0];

		while (item) {
			for (; at < item.source.length; length = lengths.shift() ?? length) {
				if (this.#windows.length >= LYING) /* or it is asked for at once, before the page draws */
					await this.#room(signal);
				const to = endOfWindow(item.source, at, Math.min(length, item.source.longest * rate));
				const ahead = Math.min(item.source.length, Math.max(to, together));
				const pcm = await this.#awaited(item.source.read(at, to, ahead, signal), frame, signal);

				if (pcm[0].length === 0)
					break; /* it ended sooner than was told */
				frame = this.#put({ item, from: at, to: at + pcm[0].length, frame: this.#onTime(frame) }, pcm, signal);
				at += pcm[0].length;
			}
			const next = await this.#awaited(this.#next(item, signal), frame, signal);

			signal.throwIfAborted();
			item = next;
			at = 0;
		}
		if (await this.#output.reach(frame ?? 0, signal))
			this.#finish();
	}

	/** @param {AbortSignal} signal */
	async #room(signal) {
		this.#forget();
		while (this.#windows.length >= LYING) {
			const end = endOf(this.#windows[this.#windows.length - 1]) - RESERVE * this.#output.rate;

			if (end <= this.#output.frame)
				return;
			await this.#output.reach(Math.min(end, endOf(this.#windows[0])), signal);
			signal.throwIfAborted();
			this.#forget();
		}
	}

	/**
	 * Says so when what is awaited has not come by the frame where it is due.
	 * @template T
	 * @param {Promise<T>} what
	 * @param {number | null} frame
	 * @param {AbortSignal} signal
	 */
	async #awaited(what, frame, signal) {
		const watch = new AbortController();
		const end = () => watch.abort();

		signal.addEventListener('abort', end, { signal: watch.signal });
		this.#output.reach(frame ?? 0, watch.signal).then((due) => due && this.#wait(true));
		try {
			return await what;
		} finally {
			end();
			if (!signal.aborted)
				this.#wait(false);
		}
	}

	/** @param {number | null} frame  wanted; that one, or a later one that can be kept */
	#onTime(frame) {
		const { frame: now, rate } = this.#output;

		return frame !== null && frame >= now + LATE * rate ? frame : now + Math.round(LEAD * rate);
	}

	/**
	 * @param {Omit<Window, 'placed' | 'lying'>} window
	 * @param {Pcm} pcm
	 * @param {AbortSignal} signal  of those who wanted it
	 * @returns {number} the frame behind it
	 */
	#put(window, pcm, signal) {
		signal.throwIfAborted();
		const whole = { ...window, ...this.#place(window.item, pcm, window.frame), lying: new AbortController() };

		this.#windows.push(whole);
		this.#announce(whole);
		return endOf(whole);
	}

	/**
	 * The page may be held up just then: what came too late is taken back, and laid anew.
	 * @param {Item} item
	 * @param {Pcm} pcm
	 * @param {number} frame
	 */
	#place(item, pcm, frame) {
		for (;;) {
			const placed = this.#output.place(pcm, frame, this.#bus(item));

			if (frame >= this.#output.frame + (LATE / 2) * this.#output.rate)
				return { placed, frame };
			placed.stopAt(0);
			frame = this.#onTime(null);
		}
	}

	/**
	 * Tells when the first window of an item is heard.
	 * @param {Window} window
	 */
	async #announce({ item, frame, lying }) {
		if (!(await this.#output.reach(frame, lying.signal)) || this.#heard === item)
			return;
		this.#wanted = null;
		this.#heard = item;
		this.#tell('item');
	}

	#finish() {
		this.#windows = [];
		this.#heard = null;
		this.#tell('end');
	}

	/* --- another rendition ---------------------------------------------------- */

	/**
	 * Where the old rendition may be left, at a frame or where its last window ends.
	 * @param {Window} old
	 * @param {number} frame
	 */
	#seam(old, frame) {
		const last = this.#windows.findLast((window) => window.item === old.item) ?? old;
		const whole = Math.min(Math.round(frame), endOf(last));

		return { frame: whole, at: last.from + whole - last.frame, end: endOf(last) };
	}

	/**
	 * @param {Item} item
	 * @param {{ frame: number, at: number, end: number }} seam  where pcm begins, and where the old ends
	 * @param {Pcm} pcm
	 */
	#cross(item, seam, pcm) {
		const length = pcm[0].length;
		const soonest = this.#output.frame + Math.round(SWITCH_LEAD * this.#output.rate);
		/* as far behind the seam as the bytes were late, while the old one still sounds */
		const late = Math.max(0, Math.min(soonest, seam.end) - seam.frame);

		if (late >= length)
			return void this.switchTo(item);
		const from = seam.at + late;
		const frame = Math.max(soonest, seam.frame + late);
		const signal = this.#renew();

		this.#cut(frame);
		this.#heard = item;
		this.#put({ item, from, to: seam.at + length, frame }, pcm.map((channel) => channel.subarray(late)), signal);
		this.#lay(item, seam.at + length, frame + length - late, signal)
			.catch((error) => this.#fail(item, error, signal));
	}

	/* --- what lies -------------------------------------------------------------- */

	/** @param {number} frame  the window that is heard then, else the next, else the last */
	#at(frame) {
		return this.#windows.find((window) => endOf(window) > frame) ?? this.#windows.at(-1);
	}

	/** Forgets what has been heard, but for the last window: it says where it stands. */
	#forget() {
		const { frame } = this.#output;

		this.#windows = this.#windows.filter((window, i) =>
			endOf(window) > frame || i === this.#windows.length - 1);
	}

	/**
	 * Nothing sounds from a frame on.
	 * @param {number} frame
	 */
	#cut(frame) {
		const [staying, leaving] = [this.#windows.filter((window) => window.frame < frame),
			this.#windows.filter((window) => window.frame >= frame)];

		for (const window of this.#windows)
			if (endOf(window) > frame)
				window.placed.stopAt(frame);
		for (const window of staying)
			window.to = Math.min(window.to, window.from + frame - window.frame);
		for (const { lying } of leaving)
			lying.abort();
		this.#windows = staying;
	}

	/** @param {Item} item */
	#bus(item) {
		const bus = this.#buses.get(item) ?? this.#output.bus(item.gain);

		this.#buses.set(item, bus);
		return bus;
	}

	#renew() {
		this.#crossing = null;
		this.#run.abort();
		this.#run = new AbortController();
		return this.#run.signal;
	}

	/** @param {boolean} waiting */
	#wait(waiting) {
		if (waiting === this.#waiting)
			return;
		this.#waiting = waiting;
		this.#tell('wait');
	}

	/**
	 * @param {Item} item
	 * @param {unknown} error
	 * @param {AbortSignal} signal  when it was set, the error is its own doing
	 */
	#fail(item, error, signal) {
		if (signal.aborted)
			return;
		this.#crossing = null;
		this.dispatchEvent(new CustomEvent('error', { detail: { item, error } }));
	}

	/** @param {string} name */
	#tell(name) {
		this.dispatchEvent(new Event(name));
	}
}

/** @param {Window} window */
function endOf(window) {
	return window.frame + window.to - window.from;
}

/**
 * A tail that would be shorter than half a window goes along with it: what follows
 * a track has a whole window's time to come.
 * @param {Source} source
 * @param {number} at
 * @param {number} length  samples
 */
function endOfWindow(source, at, length) {
	const end = source.windowEnd(at, length);

	return source.length - end < length / 2 ? source.length : end;
}
