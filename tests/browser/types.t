#!/usr/bin/env node
/* the pages' scripts against their JSDoc types */
const { spawnSync } = require('node:child_process');
const assert = require('node:assert/strict');

(async () => {
	const { it, runTests } = await import('./lib/tap.mjs');

	it('has types that fit, strictly', () => {
		const tsc = spawnSync('node_modules/.bin/tsc', ['--project', '.'], { encoding: 'utf8' });

		assert.equal(tsc.error, undefined);
		assert.equal(tsc.status, 0, tsc.stdout);
	});
	await runTests();
})();
