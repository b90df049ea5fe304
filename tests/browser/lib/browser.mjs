/**
 * A headless Chromium whose pages keep a record of what must not happen.
 * @module
 */

import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

export const ARGUMENTS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
	'--disable-background-networking', '--disable-component-update', '--disable-sync',
	'--autoplay-policy=no-user-gesture-required'];

export const PATH = process.env.CHROMIUM ?? '/usr/bin/chromium';

export function launch() {
	return chromium.launch({ executablePath: PATH, args: ARGUMENTS });
}

/** Of a context whose pages are heard, not looked at: drawing costs more than sounding. */
export const UNSEEN = { viewport: { width: 64, height: 64 }, reducedMotion: /** @type {const} */ ('reduce') };

/**
 * A page that records console errors, uncaught errors and breaches of the
 * Content-Security-Policy.
 * @param {import('playwright-core').BrowserContext} context
 * @returns {Promise<{ page: import('playwright-core').Page, complaints: string[] }>}
 */
export async function openPage(context) {
	const page = await context.newPage();
	/** @type {string[]} */
	const complaints = [];

	page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
	page.on('console', (message) => {
		if (['error', 'warning'].includes(message.type()))
			complaints.push(`${message.type()}: ${message.text()}`);
	});
	return { page, complaints };
}

/**
 * Strikes from the record what a test has caused on purpose.
 * @param {string[]} complaints
 * @param {RegExp} wanted
 */
export function forgive(complaints, wanted) {
	complaints.splice(0, complaints.length, ...complaints.filter((text) => !wanted.test(text)));
}

/**
 * @param {import('playwright-core').Page} page
 * @param {string} name
 * @param {boolean} [fullPage]
 */
export async function screenshot(page, name, fullPage = false) {
	mkdirSync('build/screenshots', { recursive: true });
	await page.screenshot({ path: `build/screenshots/${name}.png`, fullPage });
}
