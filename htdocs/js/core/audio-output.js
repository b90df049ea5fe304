/**
 * Where sound goes: an AudioContext as a tape whose frames are numbered (edge: the
 * only user of its nodes and its clock).
 * @module
 */

/** @typedef {import('./source.js').Pcm} Pcm */

/**
 * A piece that lies on the tape.
 * @typedef {object} Placed
 * @property {(frame: number) => void} stopAt  it sounds up to there; one in the past: at once
 */

/**
 * What the window engine needs of an output: a test has one without a sound card.
 * @typedef {object} Output
 * @property {number} rate   frames per second
 * @property {number} frame  that is heard next; stands still while paused
 * @property {(gain: number) => Bus} bus
 * @property {(pcm: Pcm, frame: number, bus: Bus) => Placed} place
 * @property {(frame: number, signal: AbortSignal) => Promise<boolean>} reach
 *     waits until the frame is heard; false when the signal came first
 */

/** Where the pieces of one track go: its own loudness, 1 for as it is. @typedef {{ gain: number }} Bus */

/** The longest sleep on the way to a frame, milliseconds: the tape may have stood still. */
const NAP = 1000;

export class AudioOutput {
	/** @type {AudioContext} */
	context;
	/** @type {GainNode} the last node before the destination */
	node;

	/** @param {number} rate  samples per second */
	constructor(rate) {
		this.context = new AudioContext({ sampleRate: rate });
		this.node = new GainNode(this.context);
		this.node.connect(this.context.destination);
	}

	get rate() {
		return this.context.sampleRate;
	}

	get frame() {
		return Math.round(this.context.currentTime * this.rate);
	}

	/** 0 to 1 */
	get volume() {
		return this.node.gain.value;
	}

	set volume(value) {
		this.node.gain.value = value;
	}

	/**
	 * @param {number} gain
	 * @returns {Bus}
	 */
	bus(gain) {
		return new ContextBus(this.context, this.node, gain);
	}

	/**
	 * A whole frame and the buffer's own length: anything else is rounded or interpolated.
	 * @param {Pcm} pcm
	 * @param {number} frame
	 * @param {Bus} bus
	 * @returns {Placed}
	 */
	place(pcm, frame, bus) {
		const buffer = new AudioBuffer({ numberOfChannels: pcm.length, length: pcm[0].length, sampleRate: this.rate });
		const node = new AudioBufferSourceNode(this.context);

		pcm.forEach((channel, i) => buffer.copyToChannel(channel, i));
		node.buffer = buffer;
		node.connect(/** @type {ContextBus} */ (bus).node);
		node.start(frame / this.rate);
		node.addEventListener('ended', () => {
			node.disconnect();
			node.buffer = null;
		});
		return { stopAt: (end) => node.stop(Math.max(0, end / this.rate)) };
	}

	/**
	 * @param {number} frame
	 * @param {AbortSignal} signal
	 * @returns {Promise<boolean>}
	 */
	async reach(frame, signal) {
		while (!signal.aborted && this.frame < frame)
			await nap(Math.min(NAP, (1000 * (frame - this.frame)) / this.rate + 1), this.context, signal);
		return !signal.aborted;
	}
}

class ContextBus {
	/**
	 * @param {AudioContext} context
	 * @param {AudioNode} into
	 * @param {number} gain
	 */
	constructor(context, into, gain) {
		this.node = new GainNode(context, { gain });
		this.node.connect(into);
	}

	get gain() {
		return this.node.gain.value;
	}

	set gain(value) {
		this.node.gain.value = value;
	}
}

/**
 * @param {number} ms
 * @param {AudioContext} context  wakes when it stops or goes on
 * @param {AbortSignal} signal    and by this one
 * @returns {Promise<void>}
 */
function nap(ms, context, signal) {
	return new Promise((resolve) => {
		const listening = new AbortController();
		const end = () => {
			clearTimeout(timer);
			listening.abort();
			resolve();
		};
		const timer = setTimeout(end, ms);

		context.addEventListener('statechange', end, { signal: listening.signal });
		signal.addEventListener('abort', end, { signal: listening.signal });
	});
}
