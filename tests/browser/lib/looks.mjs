/**
 * What can be said of a page's looks without eyes: run in the page.
 * @module
 */

/** Texts whose contrast is below 4.5:1 (WCAG 2.2, 1.4.3), as [text, contrast]. */
export function faintTexts() {
	return [...document.querySelectorAll('body *')]
		.filter((element) => element.checkVisibility() && !element.matches(':disabled, :disabled *, .said') &&
			[...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
		.map((element) => [element.textContent.trim().slice(0, 30), contrast(getComputedStyle(element).color, ground(element))])
		.filter(([, found]) => found < 4.5);

	function ground(element) {
		for (; element; element = element.parentElement) {
			const { backgroundColor } = getComputedStyle(element);

			if (channels(backgroundColor)[3] === 255)
				return backgroundColor;
		}
		return 'white';
	}
	function contrast(one, other) {
		const [a, b] = [luminance(one), luminance(other)].sort((x, y) => y - x);

		return (a + 0.05) / (b + 0.05);
	}
	function luminance(colour) {
		return channels(colour).slice(0, 3).map((value) => value / 255)
			.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
			.reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
	}
	function channels(colour) {
		const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });

		canvas.fillStyle = colour;
		canvas.fillRect(0, 0, 1, 1);
		return [...canvas.getImageData(0, 0, 1, 1).data];
	}
}

/** What can be pressed and is smaller than 44 pixels, as [element, width, height]; not links in a sentence. */
export function smallTargets() {
	const targets = 'button, .button, .round, .brand, .choice, #volume, #seek, input:not([type="file"], [type="radio"], [type="checkbox"], [type="range"])';

	return [...document.querySelectorAll(targets)].filter((element) => element.checkVisibility())
		.map((element) => [element, (element.closest('label') ?? element).getBoundingClientRect()])
		.filter(([, { width, height }]) => width > 1 && (width < 43.5 || height < 43.5))
		.map(([element, { width, height }]) => [element.outerHTML.slice(0, 80), width, height]);
}

/** Pixels by which the page is wider than the window. */
export function overflow() {
	return document.documentElement.scrollWidth - innerWidth;
}

/** Whether what has the focus shows it. */
export function focusShows() {
	const label = document.activeElement.closest('label:has(:focus-visible)');

	return [document.activeElement, label, document.activeElement.nextElementSibling].filter(Boolean)
		.some((element) => parseFloat(getComputedStyle(element).outlineWidth) >= 2 && getComputedStyle(element).outlineStyle !== 'none');
}
