/**
 * What the browser tests need of a stack beside the pages.
 * @module
 */

/** @typedef {import('./stacks.mjs').Stack} Stack */

/**
 * Uploads a file in one request and waits until everything is made of it.
 * @param {Stack} stack
 * @param {string} name
 * @param {Buffer} content
 * @param {number} [seconds]  how long that may take
 * @returns {Promise<string>} the track's id
 */
export async function uploadTrack(stack, name, content, seconds = 120) {
	/* while content was composed, the server may have closed a kept connection: that has to be noticed first */
	await new Promise((resolve) => setTimeout(resolve, 10));
	const url = `${stack.url}cgi-bin/upload.fcgi/?${new URLSearchParams({ name })}`;
	const answer = await fetch(url, { method: 'PUT', body: content, headers: { 'X-Api-Key': stack.key } });
	if (answer.status !== 201)
		throw new Error(`upload answered ${answer.status}: ${await answer.text()}`);
	const { track } = await answer.json();

	await waitForJobs(stack, track, seconds);
	return track;
}

/**
 * Begins an upload that arrives piece by piece.
 * @param {Stack} stack
 * @param {string} name
 * @param {Buffer} content
 * @returns {Promise<{ track: string, send: (bytes: number) => Promise<void> }>}
 */
export async function beginUpload(stack, name, content) {
	const headers = { 'X-Api-Key': stack.key, 'Tus-Resumable': '1.0.0' };
	const made = await fetch(`${stack.url}cgi-bin/upload.fcgi/`, { method: 'POST', headers: { ...headers,
		'Upload-Length': String(content.length), 'Upload-Metadata': `filename ${Buffer.from(name).toString('base64')}` } });
	const url = new URL(made.headers.get('Location'), stack.url);
	let at = 0;

	return { track: made.headers.get('Drift-Track'), send: async (bytes) => {
		const answer = await fetch(url, { method: 'PATCH', body: content.subarray(at, at + bytes), headers: { ...headers,
			'Upload-Offset': String(at), 'Content-Type': 'application/offset+octet-stream' } });

		if (answer.status !== 204)
			throw new Error(`the upload answered ${answer.status}`);
		at += bytes;
	} };
}

/**
 * @param {Stack} stack
 * @param {string} track
 * @param {number} seconds  how long it may take
 */
export async function waitForJobs(stack, track, seconds) {
	const end = Date.now() + 1000 * seconds;

	while (Date.now() < end) {
		const answer = await fetch(`${stack.url}cgi-bin/upload.fcgi/track/${track}/status`,
			{ headers: { 'X-Api-Key': stack.key } });
		const { jobs } = await answer.json();

		if (jobs.some(({ state }) => state === 'failed'))
			throw new Error(`a job failed: ${JSON.stringify(jobs)}`);
		if (jobs.length && jobs.every(({ state }) => state === 'done'))
			return;
		await new Promise((resolve) => setTimeout(resolve, 500));
	}
	throw new Error(`the jobs of ${track} took more than ${seconds} s`);
}

/**
 * @param {Stack} stack
 * @param {string} track
 */
export async function removeTrack(stack, track) {
	await fetch(`${stack.url}cgi-bin/upload.fcgi/track/${track}`,
		{ method: 'DELETE', headers: { 'X-Api-Key': stack.key } });
}

/**
 * Changes what is said of a track.
 * @param {Stack} stack
 * @param {string} track
 * @param {Record<string, unknown>} patch
 */
export async function describeTrack(stack, track, patch) {
	await fetch(`${stack.url}cgi-bin/upload.fcgi/track/${track}`, { method: 'PATCH', body: JSON.stringify(patch),
		headers: { 'X-Api-Key': stack.key, 'Content-Type': 'application/merge-patch+json' } });
}

/**
 * @param {Stack} stack
 * @param {string} track
 * @param {Buffer | null} picture  null: it has none
 */
export async function giveCover(stack, track, picture) {
	const answer = await fetch(`${stack.url}cgi-bin/upload.fcgi/track/${track}/cover`,
		{ method: picture ? 'PUT' : 'DELETE', body: picture, headers: { 'X-Api-Key': stack.key } });

	if (answer.status !== 200)
		throw new Error(`the picture: ${answer.status} ${await answer.text()}`);
}
