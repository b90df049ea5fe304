/**
 * Durations as text. Pure.
 * @module
 */

/**
 * As a clock shows it: "0:07", "3:05", "1:02:03".
 * @param {number} seconds  0 or more; anything that is not finite counts as 0
 */
export function clock(seconds) {
	const { h, m, s } = parts(seconds);
	const two = (/** @type {number} */ n) => String(n).padStart(2, '0');

	return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/**
 * As it is said: "1 hour 2 minutes 3 seconds".
 * @param {number} seconds  as for clock()
 */
export function spoken(seconds) {
	const { h, m, s } = parts(seconds);
	const said = [count(h, 'hour'), count(m, 'minute'), count(s, 'second')].filter(Boolean);

	return said.join(' ') || '0 seconds';
}

/**
 * A position as a link carries it: "90", "1:30", "1:02:03", "1h2m3s".
 * @param {string | null} text
 * @returns {number} seconds; 0 when it says nothing readable
 */
export function parsePosition(text) {
	const units = /^(?:(\d{1,3})h)?(?:(\d{1,5})m)?(?:(\d{1,6}(?:\.\d{1,6})?)s?)?$/.exec(text ?? '');
	if (units)
		return 3600 * Number(units[1] ?? 0) + 60 * Number(units[2] ?? 0) + Number(units[3] ?? 0);

	const fields = /^(?:(\d{1,3}):)?(\d{1,5}):(\d{1,2}(?:\.\d{1,6})?)$/.exec(text ?? '');
	return fields ? 3600 * Number(fields[1] ?? 0) + 60 * Number(fields[2]) + Number(fields[3]) : 0;
}

/** @param {number} seconds */
function parts(seconds) {
	const whole = Number.isFinite(seconds) ? Math.max(0, Math.floor(seconds)) : 0;

	return { h: Math.floor(whole / 3600), m: Math.floor(whole / 60) % 60, s: whole % 60 };
}

/**
 * @param {number} n
 * @param {string} unit
 */
function count(n, unit) {
	return n ? `${n} ${unit}${n === 1 ? '' : 's'}` : '';
}
