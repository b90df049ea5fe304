/**
 * One meter for the whole way of a file: sending, storing, queued,
 * transcoding, done or failed. Pure.
 * @module
 */

/**
 * What upload.fcgi says about a track, as far as it is used here.
 * @typedef {object} Status
 * @property {{ state: 'receiving' | 'storing' | 'stored' | 'failed', bytes: number | null, received: number | null, error?: string | null }} source
 * @property {{ kind: string, state: 'queued' | 'running' | 'done' | 'failed', progress: number, error: string | null }[]} jobs
 */

/** @typedef {'waiting' | 'sending' | 'paused' | 'storing' | 'queued' | 'transcoding' | 'done' | 'failed'} Stage */

/**
 * @typedef {object} Progress
 * @property {Stage} stage
 * @property {number} part    of the whole way, 0 to 1
 * @property {string} text    for the uploader
 * @property {boolean} stored the source is safe: it can be heard, and this page can be left
 */

/** Sending fills this part of the meter, Post-Processing the rest. */
const SENDING = 0.5;

/** What went wrong for a listener, by the kind of the job. */
const MISSES = /** @type {Record<string, string>} */ ({
	opus: 'The low-data version',
	waveform: 'The waveform',
});

/** @type {Progress} */
export const WAITING = { stage: 'waiting', part: 0, text: 'Waiting for its turn', stored: false };

/**
 * @param {number} sent   bytes
 * @param {number} total  bytes
 * @returns {Progress}
 */
export function sendingProgress(sent, total) {
	const part = total > 0 ? sent / total : 1;

	if (part >= 1)
		return { stage: 'storing', part: SENDING, text: 'Storing', stored: false };
	return { stage: 'sending', part: part * SENDING, text: `Sending ${percent(part)}`, stored: false };
}

/**
 * @param {Progress} before
 * @returns {Progress}
 */
export function pausedProgress(before) {
	return { ...before, stage: 'paused', text: 'Paused. What was sent is kept.' };
}

/**
 * @param {Progress} before
 * @param {string} sentence  what happened and what to do
 * @returns {Progress}
 */
export function failedProgress(before, sentence) {
	return { ...before, stage: 'failed', text: `Failed. ${sentence}` };
}

/**
 * @param {Status} status
 * @returns {Progress}
 */
export function statusProgress({ source, jobs }) {
	if (source.state === 'failed')
		return { stage: 'failed', part: SENDING, stored: false,
			text: `Failed. ${source.error ?? 'The file could not be stored.'} Try another file.` };
	if (source.state !== 'stored')
		return { stage: 'storing', part: SENDING, text: 'Storing', stored: false };
	return { ...jobsProgress(jobs), stored: true };
}

/**
 * @param {Status['jobs']} jobs
 * @returns {Omit<Progress, 'stored'>}
 */
function jobsProgress(jobs) {
	const open = jobs.filter(({ state }) => state === 'queued' || state === 'running');
	const failed = jobs.filter(({ state }) => state === 'failed');
	/* all jobs are fed from one reading: the slowest is where the work is */
	const part = Math.min(1, ...open.map(({ state, progress }) => (state === 'running' ? progress : 0)));

	if (open.some(({ state }) => state === 'running'))
		return { stage: 'transcoding', part: SENDING + (1 - SENDING) * part,
			text: `Post-Processing: transcoding ${percent(part)}` };
	if (open.length)
		return { stage: 'queued', part: SENDING, text: 'Post-Processing: queued' };
	if (failed.length)
		return { stage: 'failed', part: 1, text: failedText(failed) };
	return { stage: 'done', part: 1, text: 'Done. It plays in lossless and in low-data Opus.' };
}

/** @param {Status['jobs']} failed */
function failedText(failed) {
	const said = failed.map(({ kind, error }) => {
		const reason = error ? `: ${error.replace(/\.?$/, '.')}` : '.';

		return `${MISSES[kind] ?? `“${kind}”`} could not be made${reason}`;
	});

	return `Failed. ${said.join(' ')} The file is stored and plays as it was uploaded.`;
}

/**
 * Whether the way ends here.
 * @param {Progress} progress
 */
export function isFinal({ stage }) {
	return stage === 'done' || stage === 'failed';
}

/**
 * Rounded down: 100 % means all of it.
 * @param {number} part  0 to 1
 */
function percent(part) {
	return `${Math.floor(100 * part)}\u00a0%`;
}

/**
 * @param {number} bytes
 * @returns {string} "1.2 GB", in powers of 1,000
 */
export function size(bytes) {
	const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
	const power = Math.min(4, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
	const value = bytes / 1000 ** power;

	return `${value.toFixed(power && value < 100 ? 1 : 0)}\u00a0${units[power]}`;
}
