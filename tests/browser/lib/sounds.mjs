/**
 * Plays a track as a listener would, and tells by what it was played, and what was seen and heard.
 * @module
 */

/** Runs in the page, behind capture.mjs and offline.mjs. */
function prepare() {
	const SECONDS = 1;
	const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

	const isFirefox = 'mozCaptureStream' in HTMLMediaElement.prototype;
	const captureOf = (media) => (isFirefox ? media.mozCaptureStream() : media.captureStream());

	/** Where there is no sound card, Firefox plays sound alone only while something else takes it. */
	const takeSound = () => {
		if (isFirefox)
			globalThis.taken ??= [...document.querySelectorAll('audio, video')].map(captureOf);
	};

	/** What a media element gives to its loudspeakers. */
	const recordElement = async (media) => {
		const recorder = new MediaRecorder(captureOf(media), { mimeType: recorderType(media) });
		const parts = [];
		const ended = new Promise((resolve) => recorder.addEventListener('stop', resolve));

		recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
		recorder.start();
		await until(() => media.currentTime > 0.5 + SECONDS || media.ended);
		recorder.stop();
		await ended;
		const pcm = await new OfflineAudioContext(2, 1, 48000).decodeAudioData(await new Blob(parts).arrayBuffer());

		return { channel: pcm.getChannelData(0), rate: 48000 };
	};

	const recorderType = (media) => (media.videoWidth ? 'video/webm' : 'audio/webm');

	/** What leaves the player's own output; where there is no sound card, what would. */
	const recordWindows = async ({ track, rendition }) => {
		const { rate } = await rateOf(track, rendition);

		if (!(await runs(drift.context)))
			return { channel: (await record([[track, rendition]], Math.round(rate / 2), SECONDS * rate, rate))[0], rate };
		await hearOutput();
		drift.seek(0.5);
		await until(() => drift.state.t > 0.5 + SECONDS || !drift.state.playing);
		const { channels } = await capture.take();

		return { channel: channels[0], rate: drift.context.sampleRate };
	};

	/** The player has an output for each rate. */
	const hearOutput = async () => {
		if (capture.heard === drift.output)
			return capture.clear();
		if (capture.heard) {
			capture.heard.disconnect(capture.node);
			capture.node.disconnect();
			capture.node.port.onmessage = null;
		}
		capture.heard = drift.output;
		await capture.start(drift.context, drift.output);
	};

	const rateOf = async (track, rendition) => {
		const { sample_rate: rate } = await (await fetch(`/cgi-bin/stream.fcgi/${track}/manifest.json`)).json();

		return { rate: rendition === 'opus' ? 48000 : rate };
	};

	/** Whether time goes on in it; without a sound card it never does. */
	const runs = async (context) => {
		for (let i = 0; i < 20 && context.state !== 'running'; i++)
			await wait(0.05);
		return context.state === 'running';
	};

	/** Peak, and frequency of a tone: by the median of its periods, since a busy machine leaves holes. */
	const measure = ({ channel, rate }) => {
		const rises = [];
		let peak = 0;

		for (let i = 1; i < channel.length; i++) {
			peak = Math.max(peak, Math.abs(channel[i]));
			if (channel[i - 1] < 0 && channel[i] >= 0)
				rises.push(i - channel[i] / (channel[i] - channel[i - 1]));
		}
		const periods = rises.slice(1).map((at, k) => at - rises[k]).sort((x, y) => x - y);

		return { peak, hertz: rate / periods[periods.length >> 1] };
	};

	globalThis.playFormat = async (track) => {
		takeSound();
		await drift.play(track);
		const element = () => document.querySelector(drift.state.engine === 'stream' ? 'video' : 'audio');

		await until(() => drift.state.engine === 'windows' || element().currentTime > 0.1);
		const { engine, rendition } = drift.state;
		const { videoWidth: width, videoHeight: height } = engine === 'windows' ? {} : element();
		const heard = measure(engine === 'windows' ? await recordWindows(drift.state) : await recordElement(element()));

		drift.pause();
		return { browser: isFirefox ? 'firefox' : 'chromium', engine, rendition, picture: width ? [width, height] : null, notice: document.getElementById('notice').textContent, ...heard };
	};
}

/** A script for a page. */
export const SOUNDS = `(${prepare})();`;
