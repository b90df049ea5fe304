/**
 * A network that fails: a third of the answers, in turn in each way.
 * @module
 */

const LATE_MS = 500;

/**
 * @typedef {import('playwright-core').Route} Route
 * @typedef {import('playwright-core').APIResponse} Answer
 */

/** @type {((route: Route, answer: Answer, body: Buffer) => Promise<void>)[]} */
const WAYS = [
	(route) => route.fulfill({ status: 502, body: 'no' }),
	async (route, answer, body) => {
		await new Promise((resolve) => setTimeout(resolve, LATE_MS));
		await route.fulfill({ response: answer, body });
	},
	(route, answer, body) => route.fulfill({ response: answer, body: body.subarray(0, body.length >> 1) }),
	(route) => route.abort('connectionreset'),
	(route, answer, body) => {
		/* plain PCM has no checksum by which anybody could tell */
		if (!answer.headers()['content-type'].includes('ogg'))
			return route.abort('connectionreset');
		const damaged = Buffer.from(body);

		damaged[body.length >> 1] ^= 0x55;
		return route.fulfill({ response: answer, body: damaged });
	},
];

/**
 * @param {Route} route
 * @param {typeof WAYS[0]} way
 */
async function answerBadly(route, way) {
	const answer = await route.fetch();

	await way(route, answer, await answer.body());
}

/**
 * @param {import('playwright-core').Page} page
 * @param {RegExp} url    of what is answered badly; a "?" in an address spares it
 * @param {number} seed   of which answers fail
 * @returns {Promise<{ count: number, stop: () => Promise<void> }>} how many failed so far
 */
export async function faulty(page, url, seed) {
	const faults = { count: 0, stop: () => page.unrouteAll({ behavior: 'ignoreErrors' }) };
	let state = seed;

	await page.route(url, async (route) => {
		state = (state * 1103515245 + 12345) % 0x80000000;
		if (state / 0x80000000 >= 1 / 3)
			return route.continue();
		await answerBadly(route, WAYS[faults.count++ % WAYS.length])
			.catch(() => {}); /* the page asks no more */
	});
	return faults;
}
