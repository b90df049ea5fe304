#!/usr/bin/env node
/**
 * Composes the example track: four minutes of 16 bit stereo at 44.1 kHz.
 *
 *     compose.mjs FILE.wav
 *
 * Made so that a seek can be heard: six sections of 40 s, each with instruments of its own,
 * and a bell that strikes the number of the section at its start. It has what is hard for a
 * codec (clicks, hats, steady tones, silence at the end), and is the same every time.
 * @module
 */

import { writeFileSync } from 'node:fs';
import { argv } from 'node:process';

const RATE = 44100;
const BEAT = 0.625; /* seconds: 96 a minute */
const BAR = 4 * BEAT;
const SECTION = 16 * BAR;
const SECTIONS = 6;
const LENGTH = Math.round((SECTIONS * SECTION + 2) * RATE);

const TAGS = { INAM: 'Six Rooms', IART: 'The Drift Machine', IPRD: 'Example', ICRD: '2025', IGNR: 'Ambient' };

/** Chords by their notes, in semitones from A3 (220 Hz); one for two bars. */
const CHORDS = [[0, 3, 7, 10], [-4, 0, 3, 7], [-9, -2, 3, 7], [-2, 2, 5, 9],
	[0, 3, 7, 12], [5, 8, 12, 15], [-4, 3, 8, 12], [-5, -1, 2, 7]];
const left = new Float64Array(LENGTH);
const right = new Float64Array(LENGTH);

const hertz = (/** @type {number} */ semitones) => 220 * 2 ** (semitones / 12);

/** Noise that is the same every time (Numerical Recipes' generator), -1 to 1. */
let seed = 1;
function noise() {
	seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
	return seed / 2 ** 31 - 1;
}

/** Where a sound at pan (-1 left, 1 right) goes: equal power. */
function gains(level, pan) {
	const angle = ((pan + 1) * Math.PI) / 4;

	return [level * Math.cos(angle), level * Math.sin(angle)];
}

/**
 * A sine that rises, and falls by a factor of e every `decay` seconds.
 * By rotation: one multiplication of complex numbers a sample.
 */
function tone({ at, length, frequency, level, pan = 0, attack = 0.005, decay = Infinity, release = 0.05 }) {
	const [l, r] = gains(level, pan);
	const first = Math.round(at * RATE);
	const count = Math.min(Math.round(length * RATE), LENGTH - first);
	const step = (2 * Math.PI * frequency) / RATE;
	const [c, s] = [Math.cos(step), Math.sin(step)];
	const fall = decay === Infinity ? 1 : Math.exp(-1 / (decay * RATE));
	const [rise, end] = [attack * RATE, release * RATE];
	let [x, y, envelope] = [1, 0, 1];

	for (let i = 0; i < count; i++) {
		const v = y * envelope * Math.min(1, i / rise, (count - i) / end);

		left[first + i] += l * v;
		right[first + i] += r * v;
		[x, y] = [x * c - y * s, x * s + y * c];
		envelope *= fall;
	}
}

/** Noise that falls quickly; bright is the part of its highs, 0 to 1. */
function burst({ at, length, level, pan = 0, decay, bright }) {
	const [l, r] = gains(level, pan);
	const first = Math.round(at * RATE);
	let last = 0;

	for (let i = 0; i < length * RATE && first + i < LENGTH; i++) {
		const now = noise();
		const v = (now - bright * last) * Math.exp(-i / (decay * RATE));

		last = now;
		left[first + i] += l * v;
		right[first + i] += r * v;
	}
}

/* --- instruments ----------------------------------------------------------- */

function pad(at, chord, level) {
	chord.forEach((note, n) => {
		for (let k = 1; k <= 5; k++)
			for (const side of [-1, 1])
				tone({ at, length: 2 * BAR + 0.6, frequency: hertz(note) * k * (1 + side * 0.0017),
					level: level / k ** 1.6, pan: side * (0.3 + 0.15 * n), attack: 0.9, release: 0.7 });
	});
}

function pluck(at, note, level, pan) {
	for (let k = 1; k <= 6; k++)
		tone({ at, length: 1.4, frequency: hertz(note + 12) * k, level: level / k, pan, attack: 0.002,
			decay: 0.5 / k });
}

function bell(at, level) {
	/* the partials of a church bell, from its strike note */
	[[0.5, 1], [1, 0.8], [1.19, 0.6], [1.5, 0.4], [2, 0.6], [2.52, 0.3], [3.01, 0.2], [4.1, 0.15]]
		.forEach(([ratio, strength], k) => tone({ at, length: 4, frequency: 587.33 * ratio,
			level: level * strength, pan: k % 2 ? 0.4 : -0.4, attack: 0.001, decay: 1.6 / ratio }));
}

function bass(at, note, level) {
	for (let k = 1; k <= 3; k++)
		tone({ at, length: 0.55, frequency: hertz(note - 24) * k, level: level / k ** 1.5, attack: 0.008,
			decay: 0.5 });
}

function kick(at, level) {
	/* falling in steps of 2 ms, which the ear takes for a slide */
	for (let k = 0; k < 60; k++)
		tone({ at: at + k * 0.002, length: 0.004, frequency: 48 + 130 * Math.exp(-k / 9),
			level: level * Math.exp(-k / 24), attack: 0.002, release: 0.002 });
	burst({ at, length: 0.01, level: level * 0.3, decay: 0.002, bright: 0.5 });
}

const hat = (at, level, pan) => burst({ at, length: 0.12, level, pan, decay: 0.025, bright: 0.95 });
const snare = (at, level) => burst({ at, length: 0.3, level, decay: 0.07, bright: 0.4 });
const click = (at, level, pan) => burst({ at, length: 0.002, level, pan, decay: 0.0004, bright: 0 });

/* --- sections: what each plays in one bar ------------------------------------ */

const eighths = [0, 1, 2, 3, 4, 5, 6, 7];

function arpeggio(at, chord, level) {
	eighths.forEach((i) => pluck(at + i * BEAT / 2, chord[[0, 2, 1, 3][i % 4]] + (i > 3 ? 12 : 0), level,
		i % 2 ? 0.6 : -0.6));
}

function beat(at, level) {
	[0, 2, 2.5].forEach((b) => kick(at + b * BEAT, level));
	[1, 3].forEach((b) => snare(at + b * BEAT, level * 0.35));
	eighths.forEach((i) => hat(at + i * BEAT / 2, level * (i % 2 ? 0.16 : 0.09), 0.3));
}

function bassLine(at, chord, level) {
	[0, 1.5, 2, 3.5].forEach((b) => bass(at + b * BEAT, chord[b === 3.5 ? 2 : 0], level));
}

const sections = [
	/* dawn: chords, and a few plucked notes */
	(at, chord) => {
		[0, 1.5, 3].forEach((b, n) => pluck(at + b * BEAT, chord[n], 0.07, n - 1));
	},
	/* steps: a slow beat with bass */
	(at, chord) => {
		bassLine(at, chord, 0.2);
		[0, 2].forEach((b) => kick(at + b * BEAT, 0.5));
		[1, 3].forEach((b) => hat(at + b * BEAT, 0.08, -0.2));
	},
	/* rain: clicks from everywhere */
	(at, chord) => {
		for (let i = 0; i < 24; i++)
			click(at + (noise() + 1) / 2 * BAR, 0.15 + 0.15 * noise(), noise());
		pluck(at + 2 * BEAT, chord[3], 0.06, 0.8);
	},
	/* drive: everything */
	(at, chord) => {
		arpeggio(at, chord, 0.05);
		bassLine(at, chord, 0.2);
		beat(at, 0.5);
	},
	/* still: steady tones, one to each ear */
	(at, chord) => {
		tone({ at, length: BAR, frequency: hertz(chord[0]), level: 0.12, pan: -1, attack: 0.3, release: 0.3 });
		tone({ at, length: BAR, frequency: hertz(chord[2]), level: 0.12, pan: 1, attack: 0.3, release: 0.3 });
	},
	/* home: arpeggio over the bass, and out */
	(at, chord) => {
		arpeggio(at, chord, 0.06);
		bassLine(at, chord, 0.14);
	},
];

function play() {
	sections.forEach((bar, section) => {
		const start = section * SECTION;

		for (let strike = 0; strike <= section; strike++)
			bell(start + strike * BEAT, 0.12);
		for (let i = 0; i < 16; i++) {
			const chord = CHORDS[(i >> 1) % 8];

			if (i % 2 === 0 && section !== 4)
				pad(start + i * BAR, chord, 0.028);
			bar(start + i * BAR, chord);
		}
	});
}

/** An echo that goes from side to side, then a soft limit and a fade at the end. */
function finish() {
	const delay = Math.round(0.75 * BEAT * RATE);
	const fade = 10 * RATE;
	const end = SECTIONS * SECTION * RATE;

	for (let i = delay; i < LENGTH; i++) {
		left[i] += 0.28 * right[i - delay];
		right[i] += 0.28 * left[i - delay];
	}
	for (let i = 0; i < LENGTH; i++) {
		const gain = Math.min(1, Math.max(0, (end - i) / fade));

		left[i] = Math.tanh(left[i]) * gain;
		right[i] = Math.tanh(right[i]) * gain;
	}
}

/* --- the file: RIFF, with its tags in a LIST chunk of type INFO ---------------- */

function chunk(name, content) {
	const head = Buffer.alloc(8);

	head.write(name, 0, 'latin1');
	head.writeUInt32LE(content.length, 4);
	return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
}

function format() {
	const content = Buffer.alloc(16);

	content.writeUInt16LE(1, 0); /* PCM */
	content.writeUInt16LE(2, 2);
	content.writeUInt32LE(RATE, 4);
	content.writeUInt32LE(4 * RATE, 8);
	content.writeUInt16LE(4, 12);
	content.writeUInt16LE(16, 14);
	return chunk('fmt ', content);
}

function tags() {
	const each = Object.entries(TAGS).map(([name, text]) => chunk(name, Buffer.from(`${text}\0`)));

	return chunk('LIST', Buffer.concat([Buffer.from('INFO'), ...each]));
}

/** To 16 bits with triangular dither, so that the fade stays smooth; silence stays silent. */
function samples() {
	const content = Buffer.alloc(4 * LENGTH);
	const put = (v, at) => {
		const dithered = v === 0 ? 0 : v * 30000 + (noise() + noise()) / 2;

		content.writeInt16LE(Math.round(dithered), at);
	};

	for (let i = 0; i < LENGTH; i++) {
		put(left[i], 4 * i);
		put(right[i], 4 * i + 2);
	}
	return chunk('data', content);
}

play();
finish();
writeFileSync(argv[2], chunk('RIFF', Buffer.concat([Buffer.from('WAVE'), format(), tags(), samples()])));
