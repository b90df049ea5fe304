/**
 * Composed test music.
 * @module
 */

/**
 * A 16 bit WAV: a slow chord under a pluck every half second, so that the waveform
 * has a shape and a seek can be heard.
 * @param {number} seconds
 * @param {{ rate?: number, channels?: 1 | 2, level?: number }} [form]  samples per second; of full scale
 * @returns {Buffer}
 */
export function composeWav(seconds, { rate = 44100, channels = 2, level = 1 } = {}) {
	return writeWav(seconds, { rate, channels }, (t, channel) => level * sample(t, seconds, 0.003 * channel));
}

/**
 * A stereo WAV at half of full scale, 44.1 kHz.
 * @param {number} seconds
 * @param {number} hertz
 */
export function composeTone(seconds, hertz) {
	return writeWav(seconds, { rate: 44100, channels: 2 }, (t) => 0.5 * 32767 * Math.sin(2 * Math.PI * hertz * t));
}

/**
 * @param {number} seconds
 * @param {{ rate: number, channels: 1 | 2 }} form
 * @param {(t: number, channel: number) => number} value  in 16 bits
 * @returns {Buffer}
 */
function writeWav(seconds, { rate, channels }, value) {
	const frames = Math.round(seconds * rate);
	const bytes = 2 * channels * frames;
	const wav = Buffer.alloc(44 + bytes);

	wav.write('RIFF', 0);
	wav.writeUInt32LE(36 + bytes, 4);
	wav.write('WAVEfmt ', 8);
	wav.writeUInt32LE(16, 16);
	wav.writeUInt16LE(1, 20);
	wav.writeUInt16LE(channels, 22);
	wav.writeUInt32LE(rate, 24);
	wav.writeUInt32LE(2 * channels * rate, 28);
	wav.writeUInt16LE(2 * channels, 32);
	wav.writeUInt16LE(16, 34);
	wav.write('data', 36);
	wav.writeUInt32LE(bytes, 40);
	for (let i = 0; i < frames; i++)
		for (let channel = 0; channel < channels; channel++)
			wav.writeInt16LE(Math.round(value(i / rate, channel)), 44 + 2 * (channels * i + channel));
	return wav;
}

/** Plucked notes, hertz. */
const NOTES = [220, 277.2, 329.6, 440, 329.6, 277.2, 246.9, 370];

/**
 * @param {number} t        seconds
 * @param {number} seconds  in all
 * @param {number} shift    seconds between the channels
 */
function sample(t, seconds, shift) {
	const beat = Math.floor(2 * t);
	const note = NOTES[beat % NOTES.length] * (1 + shift);
	const pluck = Math.sin(2 * Math.PI * note * t) * Math.exp(-6 * (t - beat / 2));
	const chord = Math.sin(2 * Math.PI * 110 * t) + Math.sin(2 * Math.PI * 165 * (t + shift));
	const swell = 0.25 + 0.75 * Math.sin((Math.PI * t) / seconds) ** 2 * Math.abs(Math.sin(t / 3));

	return 32767 * swell * (0.45 * pluck + 0.15 * chord);
}
