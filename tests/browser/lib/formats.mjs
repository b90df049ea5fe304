/**
 * The rows of the README's two tables of formats, one file for each way in which it is filled, and what a
 * player makes of it: a new format is one more line here.
 * @module
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeTone } from './wav.mjs';

/** Seconds, and what is heard and seen in them. */
const SECONDS = 3;
export const HERTZ = 440;
const WIDTH = 160;
const HEIGHT = 120;

/**
 * @typedef {object} Expected
 * @property {string} browser    which, for who reads a failure
 * @property {string} engine     "windows", "stream" or "element"
 * @property {string} rendition  "lossless" or "opus"
 * @property {[number, number] | null} picture  pixels
 * @property {string} notice     what the listener is told; "" for nothing
 */

/** @typedef {Partial<Expected> & { chromium?: Partial<Expected>, firefox?: Partial<Expected> }} Difference */

/** @type {Omit<Expected, 'browser'>} */
const USUAL = { engine: 'windows', rendition: 'lossless', picture: null, notice: '' };
const FILM = { engine: 'stream', picture: /** @type {[number, number]} */ ([WIDTH, HEIGHT]) };
/** What browsers cannot play, and of which no MP4 is made. */
const OPUS = { rendition: 'opus', notice: 'Originals of this format are not prepared for browsers, so you hear Opus.' };
/** The file itself, by the browser's own element. */
const ELEMENT = { engine: 'element' };
/** Debian's Chromium has no decoder of HEVC, its Firefox has FFmpeg's. */
const HEVC = { ...FILM, chromium: { engine: 'element', picture: null,
	notice: 'This browser cannot show the pictures, so you only hear the sound.' } };

/**
 * A file's name, the shell commands that make it ($IN: a WAV of 16 bits and 44.1 kHz, $AV: ffmpeg with
 * that, $FILM: ffmpeg with pictures, too; $OUT), and how it is played if not as USUAL.
 * @type {[name: string, how: string, difference?: Difference][]}
 */
export const FORMATS = [
	/* PCM */
	['a.wav', 'cp $IN $OUT'],
	['8.wav', 'sox $IN -b 8 $OUT'],
	['24.wav', 'sox $IN -b 24 $OUT'],
	['float.wav', '$AV -c:a pcm_f32le $OUT'],
	['alaw.wav', 'sox $IN -e a-law $OUT'],
	['ulaw.wav', 'sox $IN -e mu-law $OUT'],
	['rf64.wav', '$AV -rf64 always $OUT'],
	['a.w64', 'sox $IN $OUT'],
	['a.aiff', 'sox $IN $OUT'],
	['a.caf', '$AV -c:a pcm_s24be $OUT'],
	['pcm.mov', '$AV -c:a pcm_s16be $OUT'],
	['pcm.mka', '$AV -c:a pcm_s24le $OUT'],
	['a.au', 'sox $IN $OUT'],
	/* FLAC, ALAC, WavPack, True Audio */
	['a.flac', 'flac -s -o $OUT $IN'],
	['flac.oga', 'flac -s --ogg -o $OUT $IN'],
	['flac.mka', '$AV -c:a flac $OUT'],
	['flac.mp4', '$AV -c:a flac -strict -2 $OUT'],
	['alac.m4a', '$AV -c:a alac $OUT'],
	['a.wv', 'wavpack -q $IN -o $OUT'],
	['a.tta', '$AV -c:a tta $OUT'],
	/* AAC, MP3 */
	['a.aac', '$AV -c:a aac $OUT'],
	['a.m4a', '$AV -c:a aac $OUT'],
	['aac.mka', '$AV -c:a aac $OUT'],
	['aac.ts', '$AV -c:a aac $OUT'],
	['a.mp3', 'lame --quiet -b 128 $IN $OUT'],
	['v.mp3', 'lame --quiet -V 5 --resample 22.05 $IN $OUT'],
	['mp3.mp4', '$AV -c:a libmp3lame $OUT'],
	['mp3.mka', '$AV -c:a libmp3lame $OUT'],
	['change.mp3', 'lame --quiet -m m $IN $OUT.1; lame --quiet $IN $OUT.2; cat $OUT.1 $OUT.2 >$OUT', ELEMENT],
	/* Opus, Vorbis */
	['a.opus', 'opusenc --quiet $IN $OUT'],
	['opus.webm', '$AV -c:a libopus $OUT'],
	['opus.mka', '$AV -c:a libopus $OUT'],
	['chain.opus', 'opusenc --quiet $IN $OUT.1; opusenc --quiet --bitrate 64 $IN $OUT.2; cat $OUT.1 $OUT.2 >$OUT', ELEMENT],
	['a.ogg', 'oggenc -Q -o $OUT $IN', ELEMENT],
	['vorbis.webm', '$AV -c:a libvorbis $OUT', ELEMENT],
	['vorbis.mka', '$AV -c:a libvorbis $OUT', ELEMENT],
	/* what no browser takes */
	['mp2.mka', '$AV -c:a mp2 $OUT', OPUS],
	['ac3.mka', '$AV -c:a ac3 $OUT', OPUS],
	['eac3.mka', '$AV -c:a eac3 $OUT', OPUS],
	['dts.mka', '$AV -c:a dca -strict -2 $OUT', OPUS],
	['a.ac3', '$AV -c:a ac3 $OUT', OPUS],
	['a.wma', '$AV -c:a wmav2 $OUT', OPUS],
	['a.mpc', 'mpcenc --silent $IN $OUT', OPUS],
	['adpcm.wav', 'sox $IN -e ima-adpcm $OUT', OPUS],
	['speex.ogg', '$AV -ac 1 -ar 16000 -c:a libspeex $OUT', OPUS],

	/* moving pictures with their own packets */
	['avc-aac.mp4', '$FILM -c:v libx264 -c:a aac $OUT', FILM],
	['avc-aac.mov', '$FILM -c:v libx264 -c:a aac $OUT', FILM],
	['avc-aac.ts', '$FILM -c:v libx264 -c:a aac $OUT', FILM],
	['avc-flac.mkv', '$FILM -c:v libx264 -c:a flac $OUT', FILM],
	['avc-mp3.avi', '$FILM -c:v libx264 -c:a libmp3lame $OUT', FILM],
	['avc-pcm.mov', '$FILM -c:v libx264 -c:a pcm_s16le $OUT', FILM],
	['avc-ac3.mkv', '$FILM -c:v libx264 -c:a ac3 $OUT', FILM],
	['avc-dts.mkv', '$FILM -c:v libx264 -c:a dca -strict -2 $OUT', FILM],
	['hevc-aac.mp4', '$FILM -c:v libx265 -x265-params log-level=none -tag:v hvc1 -c:a aac $OUT', HEVC],
	['vp9-opus.webm', '$FILM -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus $OUT', FILM],
	['vp9-vorbis.webm', '$FILM -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libvorbis $OUT', FILM],
	['av1-opus.webm', '$FILM -c:v libsvtav1 -preset 12 -c:a libopus $OUT', FILM],
	/* and those that are encoded */
	['asp-mp3.avi', '$FILM -c:v mpeg4 -vtag XVID -c:a libmp3lame $OUT', FILM],
	['mpeg1-mp2.mkv', '$FILM -c:v mpeg1video -c:a mp2 $OUT', FILM],
	['mpeg2-eac3.mkv', '$FILM -c:v mpeg2video -c:a eac3 $OUT', FILM],
	/* H.263 knows few sizes; pixels of this one are not square */
	['h263-pcm.avi', '$FILM -s 176x144 -c:v h263 -c:a pcm_s16le $OUT', { ...FILM, picture: [192, 144] }],
	['flv1-mp3.mkv', '$FILM -c:v flv1 -c:a libmp3lame $OUT', FILM],
	['msmpeg4-mp3.avi', '$FILM -c:v msmpeg4 -c:a libmp3lame $OUT', FILM],
	['msmpeg4v2-mp3.avi', '$FILM -c:v msmpeg4v2 -c:a libmp3lame $OUT', FILM],
	['mjpeg-pcm.avi', '$FILM -c:v mjpeg -c:a pcm_s16le $OUT', FILM],
	['vp8-vorbis.webm', '$FILM -c:v libvpx -deadline realtime -c:a libvorbis $OUT', FILM],
];

/**
 * @param {Difference | undefined} difference
 * @param {'chromium' | 'firefox'} browser
 * @returns {Expected}
 */
export function expectedOf({ chromium, firefox, ...both } = {}, browser) {
	return { browser, ...USUAL, ...both, ...(browser === 'chromium' ? chromium : firefox) };
}

/**
 * @param {string} name
 * @param {string} how
 * @returns {Buffer}
 */
export function makeFile(name, how) {
	const folder = mkdtempSync(join(tmpdir(), 'drift-format-'));
	const paths = { IN: join(folder, 'in.wav'), OUT: join(folder, name) };
	const AV = `ffmpeg -v error -nostdin -i ${paths.IN}`;
	const FILM = `${AV} -f lavfi -i testsrc2=s=${WIDTH}x${HEIGHT}:r=25:d=${SECONDS} -g 25 -pix_fmt yuv420p -shortest`;

	try {
		writeFileSync(paths.IN, composeTone(SECONDS, HERTZ));
		const { status, stderr } = spawnSync('sh', ['-ec', how], { env: { ...process.env, ...paths, AV, FILM }, encoding: 'utf8' });

		assert.equal(status, 0, `${name}: ${stderr}`);
		return readFileSync(paths.OUT);
	} finally {
		rmSync(folder, { recursive: true });
	}
}
