/**
 * Hears what a page really plays: every frame that leaves drift.output, by its number.
 * @module
 */

/** Runs in the audio thread. Frames are posted in larger pieces, silence too. */
const WORKLET = `
const PIECE = 32 * 128;

registerProcessor('capture', class extends AudioWorkletProcessor {
	/** @type {number | undefined} */
	#next;
	#filled = 0;
	#channels = [new Float32Array(PIECE), new Float32Array(PIECE)];

	constructor() {
		super();
		this.port.onmessage = () => this.#post();
	}

	process([input]) {
		/* counted here: on a busy machine Chromium's currentFrame is an older block's now and then */
		this.#next = (this.#next ?? currentFrame) + 128;
		for (const [i, channel] of this.#channels.entries())
			channel.set(input[i] ?? input[0] ?? new Float32Array(128), this.#filled);
		this.#filled += 128;
		if (this.#filled === PIECE)
			this.#post();
		return true;
	}

	#post() {
		this.port.postMessage({ frame: this.#next - this.#filled, channels: this.#channels.map((all) => all.slice(0, this.#filled)) });
		this.#filled = 0;
	}
});
`;

/** Runs in the page. */
function prepare(worklet) {
	globalThis.capture = {
		pieces: [],

		/** Begins to hear a context's node, and waits until it is heard without a hole. */
		async start(context, node) {
			await context.audioWorklet.addModule(URL.createObjectURL(new Blob([worklet], { type: 'text/javascript' })));
			this.context = context;
			this.node = new AudioWorkletNode(context, 'capture', { channelCount: 2, channelCountMode: 'explicit' });
			this.node.port.onmessage = ({ data }) => this.pieces.push(data);
			/* its silence goes on, or it would be left out of the first frames after a change of the graph */
			node.connect(this.node).connect(context.destination);
			await context.resume();
			await new Promise((resolve) => setTimeout(resolve, 300));
			this.clear();
		},

		/** Forgets what was heard. */
		clear() {
			this.pieces = [];
		},

		/** What was heard, as one: number of its first frame, and both channels without a hole. */
		async take() {
			this.node.port.postMessage('now');
			await new Promise((resolve) => setTimeout(resolve, 100));
			const pieces = this.pieces.filter(({ channels }) => channels[0].length > 0);
			const first = pieces[0].frame;
			const last = pieces.at(-1);
			const length = last.frame + last.channels[0].length - first;
			const channels = [new Float32Array(length).fill(NaN), new Float32Array(length).fill(NaN)];

			for (const { frame, channels: heard } of pieces)
				heard.forEach((part, i) => channels[i].set(part, frame - first));
			return { first, channels };
		},
	};

	/** Resolves once it is so; rejects after half a minute. */
	globalThis.until = async (is) => {
		const end = performance.now() + 30000;

		while (!is()) {
			if (performance.now() > end)
				throw new Error(`never: ${is}, at ${JSON.stringify(drift.state)}`);
			await new Promise((resolve) => setTimeout(resolve, 10));
		}
	};

	globalThis.untilSounding = () => until(() => drift.state.playing && !drift.state.stalled && drift.state.buffered > 0);

	/**
	 * Both channels of a whole rendition, decoded by the browser in one piece, at a rate; a
	 * mono one twice. What is appended to the address spares it faults.
	 */
	globalThis.reference = async (track, format, rate, appendix = '') => {
		const { Resampler } = await import('/js/core/resampler.js');
		const manifest = await (await fetch(`/cgi-bin/stream.fcgi/${track}/manifest.json`)).json();
		const native = format === 'opus' ? 48000 : manifest.sample_rate;
		const { url, codec, fmp4 } = manifest.renditions[format];
		/* no browser decodes ALAC, and Firefox takes the beginning of any ADTS for priming */
		const odd = codec === 'alac' || url.endsWith('.aac');
		const data = await (await fetch((odd ? fmp4.url : url) + appendix)).arrayBuffer();
		const buffer = await new OfflineAudioContext(2, 1, native).decodeAudioData(data);
		const channels = [0, 1].map((i) => buffer.getChannelData(Math.min(i, buffer.numberOfChannels - 1)));
		const resampler = new Resampler(native, rate);

		return native === rate ? channels : resampler.run(channels, 0, 0, resampler.outputLength(buffer.length));
	};

	const loud = (channels, i) => channels[0][i] !== 0 || channels[1][i] !== 0;

	/** First frame with sound, from one on. */
	const firstSound = (channels, from = 0) => {
		for (let i = from; i < channels[0].length; i++)
			if (loud(channels, i))
				return i;
		throw new Error('nothing sounds');
	};

	/** First frame behind the first silence of more than a few milliseconds. */
	const afterSilence = (channels) => {
		for (let i = 0, quiet = 0; i < channels[0].length; i++) {
			if (loud(channels, i) && quiet > 400)
				return i;
			quiet = loud(channels, i) ? 0 : quiet + 1;
		}
		throw new Error('there is no silence followed by sound');
	};

	/** The largest difference of heard[at + k] and whole[from + k], k below count. */
	globalThis.difference = (heard, at, whole, from, count) => {
		let most = 0;

		for (const i of [0, 1])
			for (let k = 0; k < count; k++) {
				const apart = Math.abs(heard[i][at + k] - whole[i][from + k]);

				if (!(apart <= most))
					most = Number.isNaN(apart) ? Infinity : apart;
			}
		return most;
	};

	/** What was heard behind a silence, against a whole from a sample on. */
	globalThis.compareFrom = ({ channels }, whole, from) => {
		/* a sample that is zero cannot be told from the silence in front of it */
		const start = afterSilence(channels) - (firstSound(whole, from) - from);
		const count = Math.min(channels[0].length - start, whole[0].length - from);

		return { error: difference(channels, start, whole, from, count), seconds: count / drift.context.sampleRate };
	};

	/** Seeks, listens, and compares. */
	globalThis.hearSeek = async (whole, t, listen = 0.8) => {
		const at = Math.round(t * drift.context.sampleRate);

		capture.clear();
		drift.seek(at / drift.context.sampleRate);
		await new Promise((resolve) => setTimeout(resolve, 1000 * listen));
		return { at, ...compareFrom(await capture.take(), whole, at) };
	};

	/** All that was heard, against several wholes one behind the other. */
	globalThis.compareSequence = ({ channels }, wholes) => {
		let at = firstSound(channels) - firstSound(wholes[0]);
		const errors = wholes.map((whole) => {
			const count = Math.min(whole[0].length, channels[0].length - at);
			const error = difference(channels, at, whole, 0, count);

			at += count;
			return error;
		});
		const rest = channels.map((channel) => channel.subarray(at));

		return { errors, error: Math.max(...errors), heard: at, silentAfter: rest.every((one) => one.every((x) => x === 0)) };
	};

	/** All that was heard, without the silences of stalls, against a whole. */
	globalThis.compareHeard = ({ channels }, whole) => {
		const frames = [];

		for (let i = 0, quiet = 0; i < channels[0].length; i++) {
			quiet = loud(channels, i) ? 0 : quiet + 1;
			if (quiet < 200)
				frames.push(i);
			else if (quiet === 200)
				frames.splice(-199); /* it was no part of the music */
		}
		const heard = channels.map((channel) => Float32Array.from(frames, (i) => channel[i]));
		const start = firstSound(heard) - firstSound(whole);
		const count = Math.min(whole[0].length, heard[0].length - start);

		return { error: difference(heard, start, whole, 0, count), heard: count };
	};

	/** A stretch of one whole, then of the other at the same place, at any frame. */
	globalThis.compareSwitch = ({ channels }, before, after) => {
		const from = place(channels, before);
		if (from < 0)
			return { found: false };
		const length = channels[0].length;
		let seam = 0;

		/* a buffer that begins between two frames is interpolated, by less than can be told */
		while (seam < length && [0, 1].every((c) => Math.abs(channels[c][seam] - before[c][from + seam]) <= 1e-6))
			seam++;
		return { found: true, before: seam, after: length - seam,
			error: difference(channels, seam, after, from + seam, length - seam) };
	};

	/** Where what is heard first stands in a whole; -1: nowhere. */
	const place = (channels, whole) => {
		const probe = channels[0].subarray(0, 512);

		for (let from = 0; from + 512 < whole[0].length; from++)
			if (probe.every((value, k) => value === whole[0][from + k]))
				return from;
		return -1;
	};
}

/**
 * Makes a page able to hear itself.
 * @param {import('playwright-core').Page} page  before it goes anywhere; of a context with bypassCSP
 */
export async function hear(page) {
	await page.addInitScript(prepare, WORKLET);
}

/** The same as a script, for a browser that is driven in another way. */
export const HEAR = `(${prepare})(${JSON.stringify(WORKLET)});`;
