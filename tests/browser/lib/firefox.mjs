/**
 * A headless Firefox, spoken to by WebDriver BiDi, which it knows by itself.
 *
 * Sources: W3C WebDriver BiDi; RFC 6455 (WebSocket), as far as a client needs it that
 * sends and receives texts of its own machine.
 * @module
 */

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Sound without a click, and a page's policy out of the way of what listens. */
const PREFERENCES = { 'media.autoplay.default': 0, 'media.autoplay.blocking_policy': 0, 'media.autoplay.block-webaudio': false, 'security.csp.enable': false,
	'browser.shell.checkDefaultBrowser': false, 'app.update.enabled': false, 'datareporting.policy.dataSubmissionEnabled': false };

/**
 * @returns {Promise<{ open: (url: string, before: string) => Promise<FirefoxPage>, close: () => Promise<void> }>}
 */
export async function launchFirefox() {
	const profile = mkdtempSync(join(tmpdir(), 'drift-firefox-'));

	writeFileSync(join(profile, 'user.js'), Object.entries(PREFERENCES)
		.map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`).join('\n'));
	const firefox = spawn(process.env.FIREFOX ?? 'firefox-esr', ['--headless', '--no-remote', '--profile', profile,
		'--remote-debugging-port', '0'], { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: profile } });
	const socket = await connect(await addressOf(firefox));

	await socket.ask('session.new', { capabilities: {} });
	return {
		open: (url, before) => openPage(socket, url, before),
		close: async () => {
			const gone = new Promise((resolve) => firefox.on('exit', resolve));

			await socket.ask('browser.close', {});
			await gone;
			rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
		},
	};
}

/** @typedef {{ evaluate: (run: Function, argument?: unknown) => Promise<any> }} FirefoxPage */

/**
 * @param {Socket} socket
 * @param {string} url
 * @param {string} before  a script that runs first
 * @returns {Promise<FirefoxPage>}
 */
async function openPage(socket, url, before) {
	const { context } = await socket.ask('browsingContext.create', { type: 'tab' });

	await socket.ask('script.addPreloadScript', { functionDeclaration: `() => { ${before} }`, contexts: [context] });
	await socket.ask('browsingContext.navigate', { context, url, wait: 'complete' });
	return { evaluate: async (run, argument = null) => {
		const expression = `(async () => JSON.stringify((await (${run})(${JSON.stringify(argument)})) ?? null))()`;
		const { type, result, exceptionDetails } = await socket.ask('script.evaluate',
			{ expression, target: { context }, awaitPromise: true, userActivation: true });

		if (type === 'exception')
			throw new Error(exceptionDetails.text);
		return JSON.parse(result.value);
	} };
}

/**
 * @param {import('node:child_process').ChildProcess} firefox
 * @returns {Promise<URL>}
 */
function addressOf(firefox) {
	return new Promise((resolve, reject) => {
		let said = '';

		firefox.on('error', reject);
		firefox.on('exit', (code) => reject(new Error(`Firefox ended with ${code}: ${said}`)));
		firefox.stderr?.on('data', (data) => {
			said += data;
			const found = /WebDriver BiDi listening on ws:\/\/(\S+)/.exec(said);

			if (found)
				resolve(new URL(`http://${found[1]}/session`));
		});
	});
}

/** @typedef {{ ask: (method: string, params: object) => Promise<any> }} Socket */

/**
 * @param {URL} url
 * @returns {Promise<Socket>}
 */
function connect(url) {
	return new Promise((resolve, reject) => {
		const upgrade = request(url, { headers: { Connection: 'Upgrade', Upgrade: 'websocket',
			'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': randomBytes(16).toString('base64') } });

		upgrade.on('error', reject);
		upgrade.on('upgrade', (_, stream, head) => resolve(speak(stream, head)));
		upgrade.end();
	});
}

/**
 * @param {import('node:stream').Duplex} stream
 * @param {Buffer} head
 * @returns {Socket}
 */
function speak(stream, head) {
	/** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} */
	const waiting = new Map();
	let bytes = head;
	let text = '';
	let last = 0;

	stream.on('data', (data) => {
		bytes = Buffer.concat([bytes, data]);
		for (let frame = readFrame(bytes); frame; frame = readFrame(bytes)) {
			bytes = bytes.subarray(frame.length);
			if (frame.control)
				continue;
			text += frame.payload.toString();
			if (frame.final)
				hear(text);
		}
	});
	return { ask: (method, params) => new Promise((resolve, reject) => {
		waiting.set(++last, { resolve, reject });
		stream.write(textFrame(Buffer.from(JSON.stringify({ id: last, method, params }))));
	}) };

	function hear(/** @type {string} */ message) {
		const { id, type, result, error, message: said } = JSON.parse(message);

		text = '';
		if (type === 'success')
			waiting.get(id)?.resolve(result);
		else if (type === 'error')
			waiting.get(id)?.reject(new Error(`${error}: ${said}`));
		waiting.delete(id);
	}
}

/**
 * The first frame of a server's, which masks nothing.
 * @param {Buffer} bytes
 */
function readFrame(bytes) {
	if (bytes.length < 10 && bytes.length < 2 + (bytes[1] ?? 0))
		return null;
	const short = bytes[1] & 0x7f;
	const start = short === 127 ? 10 : short === 126 ? 4 : 2;
	const size = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;

	return bytes.length < start + size ? null
		: { final: (bytes[0] & 0x80) !== 0, control: (bytes[0] & 8) !== 0, payload: bytes.subarray(start, start + size), length: start + size };
}

/**
 * A client has to mask. The length is written as short as it can be.
 * @param {Buffer} payload
 */
function textFrame(payload) {
	const { length } = payload;
	const short = length < 126 ? length : length < 0x10000 ? 126 : 127;
	const size = Buffer.alloc(short === 127 ? 8 : short === 126 ? 2 : 0);

	if (short === 126)
		size.writeUInt16BE(length);
	else if (short === 127)
		size.writeBigUInt64BE(BigInt(length));
	const mask = randomBytes(4);

	return Buffer.concat([Buffer.from([0x81, 0x80 | short]), size, mask, payload.map((byte, i) => byte ^ mask[i % 4])]);
}
