#!/usr/bin/env node
/* the window engine on a tape, without a browser */
const assert = require('node:assert/strict');

(async () => {
	const { it, runTests } = await import('./lib/tap.mjs');
	const { Tape, tellingSource, told } = await import('./lib/tape.mjs');
	const { WindowEngine } = await import('../../htdocs/js/core/window-engine.js');

	/** An engine that plays sources of such lengths one after the other. */
	function setUp(lengths, before) {
		const tape = new Tape();
		const items = lengths.map((length, i) => ({ source: tellingSource(i + 1, length, before), gain: 1 }));
		const engine = new WindowEngine(tape, async (item) => items[items.indexOf(item) + 1] ?? null);
		const events = [];

		for (const name of ['item', 'wait', 'end', 'error'])
			engine.addEventListener(name, ({ detail }) => events.push([name, items.indexOf(engine.item), tape.frame, detail]));
		return { tape, items, engine, events };
	}

	const equal = (heard, wanted) => {
		const at = heard.findIndex((value, i) => value !== wanted[i]);

		assert.deepEqual([heard.length, at, heard[at]], [wanted.length, -1, undefined], `wanted ${wanted[at]}`);
	};

	it('plays an hour of tracks of any length without a gap or an overlap', async () => {
		const lengths = [61234, 1, 37, 999, 250, 3000017, 12345, 400001];
		const { tape, items, engine, events } = setUp(lengths);

		engine.play(items[0], 0);
		await tape.run(lengths.reduce((a, b) => a + b) + 100);
		equal(tape.heard(), lengths.flatMap((length, i) => told(i + 1, 0, length)));
		assert.equal(tape.gaps(), 0);
		/* a track of one sample is over before anybody looks */
		const order = new Set(events.filter(([name]) => name === 'item').map(([, item]) => item));
		assert.deepEqual([...order].filter((item) => lengths[item] > 100), [0, 3, 4, 5, 6, 7]);
		assert.equal(events.at(-1)[0], 'end');
	});
	it('begins with short windows, and asks for them together', async () => {
		const { tape, items, engine } = setUp([60000]);

		engine.play(items[0], 5000);
		await tape.run(30000);
		const [first, second] = items[0].source.reads;
		assert.ok(first[1] - first[0] < 300 && second[1] - second[0] < 600);
		assert.ok(first[2] >= 5000 + 1750 && first[2] < 5000 + 2500);
		equal(tape.heard().slice(0, 20000), told(1, 5000, 25000));
	});
	it('asks for the first window at once, before who called it goes on', () => {
		const { items, engine } = setUp([20000]);

		engine.play(items[0], 100);
		assert.equal(items[0].source.reads[0]?.[0], 100);
		engine.stop();
	});
	it('goes on with the next track where one ends sooner than was told', async () => {
		const { tape, items, engine } = setUp([20000, 300]);
		const { source } = items[0];
		const read = source.read.bind(source);

		source.read = async (from, to, ahead, signal) =>
			(await read(from, to, ahead, signal)).map((channel) => channel.slice(0, Math.max(0, 5000 - from)));
		engine.play(items[0], 0);
		await tape.run(7000);
		equal(tape.heard(), [...told(1, 0, 5000), ...told(2, 0, 300)]);
		assert.equal(tape.gaps(), 0);
	});
	it('waits for short windows only of a source that arrives', async () => {
		const { tape, items, engine } = setUp([20000]);

		items[0].source.longest = 1;
		engine.play(items[0], 0);
		await tape.run(21000);
		equal(tape.heard(), told(1, 0, 20000));
		assert.ok(items[0].source.reads.slice(0, -1).every(([from, to]) => to - from <= 1037));
	});
	it('holds three windows at most', async () => {
		const { tape, items, engine } = setUp([100000]);
		const ahead = [];

		engine.play(items[0], 0);
		for (let i = 0; i < 80; i++) {
			await tape.run(500);
			ahead.push(items[0].source.reads.at(-1)[1] - engine.position);
		}
		assert.ok(Math.max(...ahead) <= 31000, String(Math.max(...ahead)));
	});
	it('is where it says it is', async () => {
		const { tape, items, engine } = setUp([30000]);

		engine.play(items[0], 700);
		assert.equal(engine.position, 700);
		await tape.run(10000);
		assert.equal(engine.position, tape.heard().at(-1) - 1e6 + 1);
		assert.ok(engine.bufferedTo > engine.position);
	});
	it('waits for bytes that are late, says so, and leaves nothing out', async () => {
		let hold = Promise.resolve();
		let release;
		const { tape, items, engine, events } = setUp([20000], () => hold);

		engine.play(items[0], 0);
		await tape.run(1000);
		assert.equal(engine.stalled, false);
		hold = new Promise((resolve) => (release = resolve));
		await tape.run(9000);
		assert.equal(engine.stalled, true);
		release();
		await tape.run(20000);
		equal(tape.heard(), told(1, 0, 20000));
		assert.ok(tape.gaps() > 1000);
		assert.equal(engine.stalled, false);
		assert.ok(events.some(([name]) => name === 'wait'));
	});
	it('lays a window anew when the page was held up while it was laid', async () => {
		const { tape, items, engine } = setUp([20000]);

		engine.play(items[0], 0);
		tape.heldUp = 400;
		await tape.run(25000);
		equal(tape.heard(), told(1, 0, 20000));
	});
	it('is silent at once when it is stopped, and plays from elsewhere alone', async () => {
		const { tape, items, engine } = setUp([60000]);

		engine.play(items[0], 0);
		await tape.run(4000);
		const before = tape.heard();
		engine.play(items[0], 30000);
		await tape.run(5000);
		const heard = tape.heard();
		equal(heard.slice(0, before.length), told(1, 0, before.length));
		equal(heard.slice(before.length), told(1, 30000, 30000 + heard.length - before.length));
		engine.stop();
		await tape.run(1000);
		assert.equal(tape.heard().length, heard.length);
	});
	it('takes back what lies when another track follows', async () => {
		const { tape, items, engine } = setUp([8000, 9000, 5000]);

		engine.play(items[0], 0);
		await tape.run(7990);
		items.splice(1, 1);
		engine.follow();
		await tape.run(20000);
		equal(tape.heard(), [...told(1, 0, 8000), ...told(3, 0, 5000)]);
		assert.equal(tape.gaps(), 0);
	});
	it('changes to another rendition at an exact sample, and at another while that is under way', async () => {
		const { tape, items, engine } = setUp([60000]);
		const late = () => tape.reach(tape.frame + 90, new AbortController().signal);
		const second = { source: tellingSource(2, 60000, late), gain: 1 };
		const third = { source: tellingSource(3, 60000), gain: 1 };

		engine.play(items[0], 0);
		await tape.run(3000);
		engine.switchTo(second);
		engine.follow();
		await tape.run(20000);
		engine.switchTo(second);
		engine.switchTo(third);
		await tape.run(10000);
		const heard = tape.heard();

		assert.equal(tape.gaps(), 0);
		equal(heard.map((value) => value % 1e6), told(0, 0, heard.length));
		const runs = heard.map((value) => Math.floor(value / 1e6));
		assert.deepEqual([...new Set(runs)], [1, 2, 3]);
		assert.deepEqual([...runs].sort(), runs);
	});
	it('goes on behind what lies after a failure', async () => {
		let broken = false;
		const { tape, items, engine, events } = setUp([60000], async () => {
			if (broken)
				throw new Error('gone');
		});

		engine.addEventListener('error', () => engine.resume({ source: tellingSource(1, 60000), gain: 1 }));
		engine.play(items[0], 0);
		await tape.run(2000);
		broken = true;
		await tape.run(20000);
		const [, , , { item, error }] = events.find(([name]) => name === 'error');
		assert.deepEqual([item, error.message], [items[0], 'gone']);
		equal(tape.heard().slice(0, 20000), told(1, 0, 20000));
		assert.equal(tape.gaps(), 0);
	});
	it('plays each track as loud as it is told', async () => {
		const { tape, items, engine } = setUp([2000, 2000]);

		items[1].gain = 0.5;
		engine.play(items[0], 0);
		await tape.run(5000);
		equal(tape.heard(), [...told(1, 0, 2000), ...told(2, 0, 2000).map((value) => value / 2)]);
	});
	await runTests();
})();
