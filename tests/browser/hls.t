#!/usr/bin/env node
/* the fragmented MP4 in players that are not ours: hls.js and shaka-player */
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { mkdtempSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const FRAMES = 25; /* a second */
const SECONDS = 5.2; /* five fragments */
const FILM_SECONDS = 3.2; /* four */

/** A rising tone, and moving pictures with a key frame a second, encoded by ffmpeg's arguments. */
function compose(folder, name, { rate, film }, ...how) {
	const seconds = film ? FILM_SECONDS : SECONDS;
	const sweep = `aevalsrc=0.4*sin(2*PI*(200+90*t)*t)|0.3*sin(2*PI*(300+70*t)*t):s=${film ? rate : 44100}:c=stereo:d=${seconds}`;
	const pictures = ['-f', 'lavfi', '-i', `testsrc2=s=320x180:r=${FRAMES}:d=${seconds}`, '-g', FRAMES, '-pix_fmt', 'yuv420p'];
	const path = join(folder, name);
	const run = spawnSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', sweep, ...film ? pictures : [],
		...how, path], { encoding: 'utf8' });

	assert.equal(run.status, 0, run.stderr);
	return readFileSync(path);
}

(async () => {
	const { it, runTests } = await import('./lib/tap.mjs');
	const { stacks } = await import('./lib/stacks.mjs');
	const { launch } = await import('./lib/browser.mjs');
	const { uploadTrack, removeTrack } = await import('./lib/api.mjs');
	const { playWhole } = await import('./lib/listen.mjs');
	const folder = mkdtempSync(join(tmpdir(), 'drift-hls-'));
	const browser = await launch();
	const lossless = { rate: 44100, tolerance: 0 };
	const lossy = { rate: 44100, tolerance: 0.002 };
	const tracks = [
		['a.flac', lossless, '-c:a', 'flac', '-sample_fmt', 's16'],
		['a.wav', lossless, '-c:a', 'pcm_s16le'],
		['a.m4a', lossy, '-c:a', 'aac', '-b:a', '192k'],
		['a.opus', { ...lossy, rate: 48000 }, '-c:a', 'libopus', '-b:a', '192k'],
	];

	const film = { ...lossy, rate: 48000, film: true };
	const films = [
		['h264.mp4', film, '-c:v', 'libx264', '-c:a', 'aac'],
		['h264.mkv', film, '-c:v', 'libx264', '-c:a', 'ac3'],
		['vp9.webm', film, '-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-c:a', 'libvorbis'],
		['av1.webm', film, '-c:v', 'libsvtav1', '-preset', '12', '-c:a', 'libopus'],
		['mpeg4.avi', film, '-c:v', 'mpeg4', '-vtag', 'XVID', '-c:a', 'libmp3lame'],
	];

	const [first, ...others] = stacks();

	describe(first, tracks);
	for (const one of films)
		describe(first, [one]);
	for (const stack of others) /* the same bytes, by another server */
		describe(stack, tracks.slice(-2));
	await runTests();
	await browser.close();
	rmSync(folder, { recursive: true });

	/** A machine that is busy makes any player stutter: what counts is that it can be heard whole. */
	async function hear(stack, player, track, how) {
		for (let attempts = 3; ; attempts--) {
			const heard = await playWhole(browser, stack, { player, track, ...how });

			try {
				return check(player, heard, how);
			} catch (error) {
				if (attempts === 1)
					throw error;
			}
		}
	}

	/** Together, since that is mostly waiting for the end. */
	function describe(stack, some) {
		it(`plays ${some.map(([name]) => name).join(', ')} from the first sample to the last (${stack.name})`, async () => {
			const heard = await Promise.allSettled(some.map(async ([name, how, ...args]) => {
				const track = await uploadTrack(stack, name, compose(folder, name, how, ...args));

				await Promise.all(['hls.js', 'shaka-player'].map((player) => hear(stack, player, track, how)));
				await removeTrack(stack, track);
			}));

			heard.forEach(({ reason }, i) => assert.ok(!reason, `${some[i][0]}: ${reason?.stack}`));
		});
	}

	function check(player, heard, how) {
		const seconds = how.film ? FILM_SECONDS : SECONDS;

		assert.deepEqual(heard.trouble, [], player);
		assert.equal(heard.buffered.length, 1, `${player}: one range without a gap`);
		assert.ok(heard.buffered[0][0] < (how.film ? 0.1 : 0.03), 'from the start');
		assert.ok(Math.abs(heard.buffered[0][1] - heard.duration) < 0.03, 'to the end');
		assert.ok(Math.abs(heard.duration - seconds) < (how.film ? 0.15 : 0.06), 'which is where it was');
		assert.equal(heard.broken, 0, `${player}: what sounded is what was uploaded`);
		assert.ok(heard.samples > (seconds - 0.1) * how.rate, 'all of it');
		if (how.film)
			assert.ok(heard.frames > 0.8 * seconds * FRAMES, `${player}: ${heard.frames} frames were shown`);
	}
})();
