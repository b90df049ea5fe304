/**
 * A Chromium that is started, told what to do, and left alone: a debugger that stays keeps
 * what the page has fetched.
 * @module
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium as playwright } from 'playwright-core';
import { ARGUMENTS, PATH } from '../../browser/lib/browser.mjs';

export async function launchAlone() {
	const profile = mkdtempSync(join(tmpdir(), 'drift-alone-'));
	const browser = spawn(PATH, [...ARGUMENTS, `--user-data-dir=${profile}`, '--remote-debugging-port=0', 'about:blank'],
		{ detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
	const address = await listening(browser);

	return {
		/** Opens a page and starts something in it, for which nobody waits. */
		async start(url, run, argument) {
			const driver = await playwright.connectOverCDP(address);
			const page = driver.contexts()[0].pages()[0];

			await page.goto(url);
			await page.evaluate(`(${run})(${JSON.stringify(argument)}); 0`);
			await driver.close();
		},

		/** Of the largest renderer, MB: now, and at most. */
		memory() {
			const all = renderers(browser.pid).map((pid) => readFileSync(`/proc/${pid}/status`, 'utf8'));
			const mb = (status, name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1000;
			const largest = all.toSorted((a, b) => mb(b, 'VmRSS') - mb(a, 'VmRSS'))[0];

			return { now: mb(largest, 'VmRSS'), own: mb(largest, 'RssAnon'), most: mb(largest, 'VmHWM') };
		},

		end() {
			browser.once('exit', () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }));
			process.kill(-browser.pid);
		},
	};
}

/** The address at which it takes orders. */
function listening(browser) {
	return new Promise((resolve, reject) => {
		let said = '';

		browser.once('exit', () => reject(new Error(said)));
		browser.stderr.setEncoding('utf8').on('data', (text) => {
			said += text;
			const address = /DevTools listening on (\S+)/.exec(said)?.[1];

			if (address)
				resolve(address);
		});
	});
}

/** @param {number} session  whose processes are looked at */
function renderers(session) {
	return readdirSync('/proc').filter((pid) => {
		try {
			const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /, '').split(' ');

			return Number(fields[3]) === session && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer');
		} catch {
			return false;
		}
	});
}
