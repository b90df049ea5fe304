/**
 * A panel that a button opens and closes; Escape and a press beside it close it too.
 * @module
 */

/**
 * @param {HTMLButtonElement} button  with aria-controls
 * @param {HTMLElement} panel
 */
export function openBy(button, panel) {
	const show = (/** @type {boolean} */ open) => {
		panel.hidden = !open;
		button.setAttribute('aria-expanded', String(open));
	};

	show(false);
	button.addEventListener('click', () => show(panel.hidden === true));
	document.addEventListener('keydown', (event) => {
		if (event.key !== 'Escape' || panel.hidden)
			return;
		show(false);
		button.focus();
	});
	document.addEventListener('pointerdown', ({ target }) => {
		if (target instanceof Node && !panel.contains(target) && !button.contains(target))
			show(false);
	});
}
