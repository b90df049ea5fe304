/**
 * Plays tracks by the window engine into an OfflineAudioContext: what would sound, as fast
 * as it can be had, and where there is no sound card.
 * @module
 */

/** Runs in the page. */
function prepare() {
	/** Seconds; time stands still where so much does not lie ahead. */
	const STEP = 0.1;
	const AHEAD = 0.2;
	/** Without a step: it does not go on. */
	const LONGEST_MS = 30000;
	const AGAIN = 30;
	const AGAIN_MS = 300;
	const channel = new MessageChannel();

	/** Lets everybody else act; a timer would take some milliseconds each time. */
	const pass = () => new Promise((resolve) => {
		channel.port1.addEventListener('message', resolve, { once: true });
		channel.port1.start();
		channel.port2.postMessage(null);
	});

	/** An output whose tape is rendered in the end; its time is told by who tests. */
	class OfflineOutput {
		frame = 0;
		/** one past the last frame with sound */
		laid = 0;
		#context;
		#begin = null;
		#waiting = [];

		constructor(frames, rate) {
			this.rate = rate;
			this.#context = new OfflineAudioContext(2, frames, rate);
		}

		bus(gain) {
			return { gain };
		}

		place(pcm, frame) {
			const buffer = new AudioBuffer({ numberOfChannels: pcm.length, length: pcm[0].length, sampleRate: this.rate });

			this.#begin ??= frame;
			this.laid = frame + pcm[0].length;
			pcm.forEach((channel, i) => buffer.copyToChannel(channel, i));
			const node = new AudioBufferSourceNode(this.#context, { buffer });
			node.connect(this.#context.destination);
			node.start((frame - this.#begin) / this.rate);
			return { stopAt: (end) => node.stop(Math.max(0, (end - this.#begin) / this.rate)) };
		}

		async reach(frame, signal) {
			while (!signal.aborted && this.frame < frame)
				await new Promise((resolve) => {
					this.#waiting.push(resolve);
					signal.addEventListener('abort', resolve, { once: true });
				});
			return !signal.aborted;
		}

		advance(frames) {
			this.frame += frames;
			for (const wake of this.#waiting.splice(0))
				wake();
		}

		async render() {
			const sound = await this.#context.startRendering();

			return [0, 1].map((i) => sound.getChannelData(i));
		}
	}

	/**
	 * Both channels of so many frames, the first track from a sample on; the others follow.
	 * @param {[string, string][]} tracks  ids and formats
	 */
	globalThis.record = async (tracks, at, frames, rate) => {
		const { WindowEngine } = await import('/js/core/window-engine.js');
		const { openSource } = await import('/js/core/open-source.js');
		const { atRate } = await import('/js/core/resampled-source.js');
		const itemOf = async ([id, format]) => {
			const manifest = await (await fetch(`/cgi-bin/stream.fcgi/${id}/manifest.json`)).json();

			return { source: atRate(await openSource(manifest, format), rate), gain: 1 };
		};
		const items = await Promise.all(tracks.map(itemOf));
		const output = new OfflineOutput(frames, rate);
		let progress = performance.now();
		let problem = '';
		let last = false;
		const engine = new WindowEngine(output, async (item) => {
			last = item === items.at(-1);
			return items[items.indexOf(item) + 1] ?? null;
		});

		/* as the player does: what has moved is looked for anew */
		engine.addEventListener('error', async ({ detail }) => {
			const place = items.indexOf(detail.item);

			for (let i = 0; i < AGAIN; i++) {
				await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
				items[place] = await itemOf(tracks[place]).catch((error) => (problem = String(error), detail.item));
				if (items[place] !== detail.item) {
					problem = '';
					return engine.resume(items[place]);
				}
			}
		});
		engine.play(items[0], at);
		/* time goes on as fast as windows come */
		while (!last && output.laid < frames + rate) {
			await pass();
			if (performance.now() - progress > LONGEST_MS)
				throw new Error(problem || 'it does not go on');
			if (output.frame + AHEAD * rate < output.laid) {
				output.advance(Math.round(rate * STEP));
				progress = performance.now();
			}
		}
		return output.render();
	};

	/** The largest difference of what is played from each of some seconds on from a whole decode. */
	globalThis.recordSeeks = async (track, format, rate, seconds, times, appendix = '') => {
		const whole = await reference(track, format, rate, appendix);
		const found = [];

		for (const t of times) {
			const at = Math.round(t * rate);
			const frames = Math.min(Math.round(seconds * rate), whole[0].length - at);

			found.push(difference(await record([[track, format]], at, frames, rate), 0, whole, at, frames));
		}
		return found;
	};

	/** The same of tracks one behind the other, each. */
	globalThis.recordSequence = async (tracks, rate, appendix = '') => {
		const wholes = [];

		for (const [id, format] of tracks)
			wholes.push(await reference(id, format, rate, appendix));
		const frames = wholes.reduce((sum, whole) => sum + whole[0].length, 0);

		return compareSequence({ channels: await record(tracks, 0, frames + rate, rate) }, wholes);
	};
}

/** A script for a page; behind that of capture.mjs. */
export const OFFLINE = `(${prepare})();`;
