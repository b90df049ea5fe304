/**
 * What a player must sound, sample for sample, whatever browser it runs in: recorded offline,
 * and compared with the same browser's decode of each whole file, and with FFmpeg's.
 * @module
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTrack, uploadTrack } from './api.mjs';
import { composeWav } from './wav.mjs';

/** A decoder that starts in the middle is right to the last bit but for what is far below any converter's noise. */
export const NOTHING = 1e-9;
/** Opus that was not encoded for it takes longer to forget where it began. @type {Record<string, number>} */
const USUAL = { 'a.opus': 1e-7 };
const SECONDS = 24;
/** How what is uploaded is made; noise substitution is left to chance by AAC's decoders. */
const ENCODED = {
	'a.m4a': ['-c:a', 'aac', '-aac_pns', '0', '-b:a', '160k'],
	'a.aac': ['-c:a', 'aac', '-aac_pns', '0', '-b:a', '128k', '-ac', '1', '-ar', '32000'],
	'a.mp3': ['-c:a', 'libmp3lame', '-q:a', '4'],
	'alac.m4a': ['-c:a', 'alac'],
	'a.opus': ['-c:a', 'libopus', '-b:a', '96k'],
};
/** FFmpeg is told to leave nothing out, and to invent nothing. */
const FFMPEG = ['-v', 'error', '-nostdin', '-y'];

/**
 * @typedef {object} Pieces
 * @property {Record<string, string>} tracks  ids by name: a.m4a …, long.wav, short.wav, mono.wav
 * @property {(name: string) => Buffer} decode  by FFmpeg: stereo, 32 bit floats
 * @property {() => Promise<void>} remove
 */

/**
 * @param {import('./stacks.mjs').Stack} stack
 * @returns {Promise<Pieces>}
 */
export async function uploadPieces(stack) {
	const folder = mkdtempSync(join(tmpdir(), 'drift-exact-'));
	const path = (/** @type {string} */ name) => join(folder, name);

	writeFileSync(path('long.wav'), composeWav(SECONDS));
	writeFileSync(path('short.wav'), composeWav(1.70317));
	writeFileSync(path('mono.wav'), composeWav(2.3, { rate: 32000, channels: 1 }));
	for (const [name, how] of Object.entries(ENCODED))
		run(['-i', path('long.wav'), ...how, path(name)]);
	const names = ['long.wav', 'short.wav', 'mono.wav', ...Object.keys(ENCODED)];
	const ids = await Promise.all(names.map((name) => uploadTrack(stack, name, readFileSync(path(name)))));

	return {
		tracks: Object.fromEntries(names.map((name, i) => [name, ids[i]])),
		decode: (name) => run(['-i', path(name), '-f', 'f32le', '-ac', '2', '-']),
		remove: async () => {
			rmSync(folder, { recursive: true });
			await Promise.all(ids.map((id) => removeTrack(stack, id)));
		},
	};
}

/**
 * @param {Buffer} wav
 * @param {string} name   tells the kind of file
 * @param {string[]} how  as FFmpeg is told
 * @returns {Buffer}
 */
export function encodeWav(wav, name, how) {
	const folder = mkdtempSync(join(tmpdir(), 'drift-encode-'));
	const path = join(folder, name);

	try {
		writeFileSync(`${path}.wav`, wav);
		run(['-i', `${path}.wav`, ...how, path]);
		return readFileSync(path);
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** @param {string[]} how */
function run(how) {
	const { status, stdout, stderr } = spawnSync('ffmpeg', [...FFMPEG, ...how], { maxBuffer: 1 << 28 });

	assert.equal(status, 0, String(stderr));
	return stdout;
}

/**
 * @param {(sentence: string, run: () => unknown) => void} it
 * @param {() => { page: { evaluate: (run: Function, argument?: unknown) => Promise<any> }, pieces: Pieces }} given  when a test runs
 * @param {Record<string, number>} tolerances  of what the browser does not decode twice to the same; else NOTHING
 */
export function describeExactness(it, given, tolerances) {
	const near = (/** @type {string} */ name) => tolerances[name] ?? USUAL[name] ?? NOTHING;
	const played = [['long.wav', 'opus'], ['long.wav', 'lossless'], ...Object.keys(ENCODED).map((name) => [name, 'lossless'])];

	for (const [name, format] of played)
		it(`lands seeks on the exact sample and joins windows: ${name}, ${format}`, async () => {
			const { page, pieces } = given();
			const errors = await page.evaluate(([id, how, rate]) =>
				recordSeeks(id, how, rate, 11, [0, 0.0001, 3.21987, 11.77777, 21.3]),
			[pieces.tracks[name], format, rateOf(name, format)]);

			assert.ok(errors.every((/** @type {number} */ error) => error <= near(name)), JSON.stringify(errors));
		});
	it('joins tracks of any codec, rate and channels at the exact frame', async () => {
		const { page, pieces } = given();
		const order = [['short.wav', 'opus'], ['a.m4a', 'lossless'], ['mono.wav', 'lossless'], ['a.mp3', 'lossless'], ['short.wav', 'lossless'],
			['a.opus', 'lossless'], ['a.aac', 'lossless'], ['mono.wav', 'opus'], ['alac.m4a', 'lossless'], ['short.wav', 'opus']];
		const result = await page.evaluate(([tracks, rate]) => recordSequence(tracks, rate),
			[order.map(([name, format]) => [pieces.tracks[name], format]), 48000]);

		result.errors.forEach((/** @type {number} */ error, /** @type {number} */ i) =>
			assert.ok(error <= near(order[i][0]), `${order[i]}: ${error}`));
		assert.ok(result.silentAfter);
	});
	for (const name of ['a.m4a', 'a.mp3', 'alac.m4a'])
		it(`plays ${name} as FFmpeg decodes it`, async () => {
			const { page, pieces } = given();
			const from = Math.round(5.4321 * 44100);
			const wanted = pieces.decode(name).subarray(8 * from, 8 * (from + 44100));
			const error = await page.evaluate(async ([id, at, base64]) => {
				const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
				const values = new Float32Array(bytes.buffer);
				const whole = [0, 1].map((i) => Float32Array.from({ length: 44100 }, (_, k) => values[2 * k + i]));

				return difference(await record([[id, 'lossless']], at, 44100, 44100), 0, whole, 0, 44100);
			}, [pieces.tracks[name], from, wanted.toString('base64')]);

			assert.ok(error < 2 ** -14, String(error));
		});
}

/**
 * @param {string} name
 * @param {string} format
 */
function rateOf(name, format) {
	return format === 'opus' || name === 'a.opus' ? 48000 : name === 'a.aac' ? 32000 : 44100;
}
