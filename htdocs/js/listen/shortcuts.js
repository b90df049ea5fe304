/**
 * Keys that drive the player from anywhere on the page: space, arrows, digits,
 * and "/" for the search.
 * @module
 */

/** @typedef {import('../core/player.js').Player} Player */

const STEP_SECONDS = 5;
const STEP_VOLUME = 0.05;

/** Where any key means something else, where space does, and where arrows do. */
const TYPING = 'input:not([type="range"], [type="radio"], [type="checkbox"]), textarea, select, [contenteditable]';
const PRESSED = 'button, a[href], summary, [type="radio"], [type="checkbox"]';
const MOVED = 'input, [role="slider"]';

/**
 * @param {Player} player
 * @param {HTMLElement} bar            has the player; arrows up and down change the volume there
 * @param {HTMLElement | null} search  gets the focus at "/"
 */
export function takeKeys(player, bar, search) {
	/** @type {Record<string, () => void>} */
	const keys = {
		'ArrowLeft': () => player.seek(player.position - STEP_SECONDS),
		'ArrowRight': () => player.seek(player.position + STEP_SECONDS),
		' ': () => player.toggle(),
		'/': () => search?.focus(),
	};

	/* elsewhere they scroll the page */
	bar.addEventListener('keydown', (event) => {
		const step = { ArrowUp: STEP_VOLUME, ArrowDown: -STEP_VOLUME }[event.key];

		if (!step || event.defaultPrevented || isTaken(event.target, event.key))
			return;
		event.preventDefault();
		player.volume += step;
	});
	for (let digit = 0; digit <= 9; digit++)
		keys[digit] = () => player.seek((player.duration * digit) / 10);
	document.addEventListener('keydown', (event) => {
		if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || !(event.key in keys))
			return;
		if (isTaken(event.target, event.key))
			return;
		event.preventDefault();
		keys[event.key]();
	});
}

/**
 * @param {EventTarget | null} target  has the focus
 * @param {string} key
 */
function isTaken(target, key) {
	if (!(target instanceof Element))
		return false;
	return target.matches(TYPING) || (key === ' ' && target.matches(PRESSED)) ||
		(key.startsWith('Arrow') && target.matches(MOVED));
}
