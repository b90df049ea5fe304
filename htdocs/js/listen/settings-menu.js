/**
 * The settings as a panel behind a button, one group of controls for each
 * definition: a new row in the catalogue appears here by itself.
 * @module
 */

import { make } from '../page/elements.js';
import { openBy } from './panel.js';

/** @typedef {import('./settings.js').Setting} Setting */
/** @typedef {import('./settings.js').Settings} Settings */

/** @typedef {(name: string, value: string) => void} Choose */

/**
 * @param {Settings} settings
 * @param {HTMLButtonElement} button  opens and closes the panel
 * @param {HTMLElement} panel         gets the controls
 * @param {Promise<Record<string, string>>} caveats  by a setting's name: what this browser makes of it
 * @param {(problem: string) => void} complain  shows why a value was not taken
 */
export function showSettingsMenu(settings, button, panel, caveats, complain) {
	const show = async () => fill(panel, settings, await caveats, choose);
	const choose = (/** @type {string} */ name, /** @type {string} */ value) =>
		settings.set(name, value).catch((error) => {
			show();
			complain(`The setting was not kept. ${error.message}`);
		});

	openBy(button, panel);
	settings.load().then(show, (error) => {
		panel.replaceChildren(make('p', {}, `The settings cannot be shown. ${error.message}`));
	});
}

/**
 * @param {HTMLElement} panel
 * @param {Settings} settings
 * @param {Record<string, string>} caveats
 * @param {Choose} choose
 */
function fill(panel, settings, caveats, choose) {
	panel.replaceChildren(...settings.list.map((setting) => withHelp(
		setting.kind === 'number' ? numberGroup(setting, choose) : choiceGroup(setting, choose),
		setting, caveats[setting.name])));
}

/**
 * @param {Setting} setting
 * @param {Choose} choose
 */
function choiceGroup(setting, choose) {
	const choices = make('div', { class: 'choices' });
	const group = make('fieldset', {}, make('legend', {}, setting.label), choices);

	for (const { value, label } of setting.choices) {
		const radio = make('input', { type: 'radio', name: setting.name, value });

		radio.checked = value === setting.value;
		radio.addEventListener('change', () => choose(setting.name, value));
		choices.append(make('label', { class: 'choice' }, radio, make('span', {}, label)));
	}
	return group;
}

/**
 * @param {Setting} setting
 * @param {Choose} choose
 */
function numberGroup(setting, choose) {
	const shown = make('output', {}, setting.value);
	const range = make('input', { type: 'range', name: setting.name, 'aria-label': setting.label,
		min: String(setting.minimum ?? 0), max: String(setting.maximum ?? 1),
		step: String(setting.step ?? 'any'), value: setting.value });

	range.addEventListener('input', () => shown.replaceChildren(range.value));
	range.addEventListener('change', () => choose(setting.name, range.value));
	return make('fieldset', {}, make('legend', {}, setting.label), make('div', { class: 'amount' }, range, shown));
}

/**
 * @param {HTMLFieldSetElement} group
 * @param {Setting} setting
 * @param {string} [caveat]
 */
function withHelp(group, setting, caveat) {
	const said = caveat ?? setting.help;

	if (said) {
		const help = make('p', { id: `help-${setting.name}`, class: caveat ? 'help bad' : 'help' }, said);

		group.setAttribute('aria-describedby', help.id);
		group.append(help);
	}
	return group;
}
