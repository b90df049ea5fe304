#!/usr/bin/env node
/**
 * Shows the Post-Processing of a track until it is done or failed, in the words of the
 * upload page: one line that moves on a terminal, else a line for each stage and quarter.
 *
 *     watch.mjs URL TRACK
 *
 * URL is the site's, with a slash at the end. Exit code 1 when it failed.
 * @module
 */

import { argv, exit, stdout } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

import { isFinal, statusProgress } from '../../htdocs/js/upload/progress.js';

const EVERY_MS = 500;
const PATIENCE = 20; /* polls without an answer: a stack that is going down */

const [url, track] = argv.slice(2);

/** @param {import('../../htdocs/js/upload/progress.js').Progress} progress */
function draw({ stage, part, text }) {
	const step = stage + Math.floor(8 * part); /* Post-Processing is half of the way */
	const line = `example     ${text.replace(/\u00a0/g, ' ')}`;

	if (stdout.isTTY)
		stdout.write(`\r\x1b[K${line}`);
	else if (step !== draw.step)
		stdout.write(`${line}\n`);
	draw.step = step;
}
draw.step = '';

async function poll(/** @type {string} */ tag) {
	const answer = await fetch(`${url}cgi-bin/upload.fcgi/track/${track}/status`,
		{ headers: tag ? { 'If-None-Match': tag } : {} });

	if (answer.status !== 200 && answer.status !== 304)
		throw new Error(`status ${answer.status}`);
	return { tag: answer.headers.get('ETag') ?? '', status: answer.status === 200 ? await answer.json() : null };
}

async function watch() {
	for (let tag = '', missed = 0; missed < PATIENCE;) {
		try {
			const answer = await poll(tag);

			[tag, missed] = [answer.tag, 0];
			if (answer.status) {
				const progress = statusProgress(answer.status);

				draw(progress);
				if (isFinal(progress))
					return progress.stage;
			}
		} catch {
			missed++;
		}
		await sleep(EVERY_MS);
	}
	return 'lost';
}

const end = await watch();

if (stdout.isTTY)
	stdout.write('\n');
exit(end === 'done' ? 0 : 1);
