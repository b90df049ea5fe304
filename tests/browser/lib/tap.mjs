/**
 * A few lines of TAP for prove: each test is a sentence that completes "it …".
 * @module
 */

/** @type {{ name: string, run: () => unknown }[]} */
const tests = [];

/**
 * @param {string} name
 * @param {() => unknown} run  throws or rejects to fail
 */
export function it(name, run) {
	tests.push({ name, run });
}

/** Runs all, one after the other, and says so. Later ones may need what earlier ones did. */
export async function runTests() {
	let failed = 0;

	console.log(`1..${tests.length}`);
	for (const [i, { name, run }] of tests.entries()) {
		try {
			await run();
			console.log(`ok ${i + 1} - ${name}`);
		} catch (error) {
			failed++;
			console.log(`not ok ${i + 1} - ${name}`);
			/* prove shows what comes here */
			console.error(String(error.stack ?? error).replace(/^/gm, '# '));
		}
	}
	process.exitCode = failed ? 1 : 0;
}
