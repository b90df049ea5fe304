/**
 * The listener's settings: their definitions and values come from
 * settings.fcgi, which keeps the values in cookies.
 *
 * Before they have come, boot.js (a classic script in the page's head) has put
 * each value on <html> as data-<name>, where the style sheet reads the theme.
 *
 * Event: "change", whose detail is the name of the setting.
 * @module
 */

import { callJson, jsonRequest } from '../core/api.js';

/**
 * @typedef {object} Setting
 * @property {string} name   of the cookie too
 * @property {string} label
 * @property {string} help   one sentence, may be ""
 * @property {'choice' | 'number'} kind
 * @property {{ value: string, label: string }[]} choices  for kind "choice"
 * @property {number | null} minimum  for kind "number", as the next two
 * @property {number | null} maximum
 * @property {number | null} step
 * @property {string} value  the listener's, or the default
 */

export class Settings extends EventTarget {
	/** @type {Setting[]} */
	#list = [];

	/** @returns {readonly Setting[]} in the order of a menu; empty before load() */
	get list() {
		return this.#list;
	}

	/**
	 * @param {string} name
	 * @returns {string} "" when there is no such setting
	 */
	get(name) {
		return document.documentElement.dataset[name] ?? '';
	}

	async load() {
		this.#take(await callJson('settings.fcgi/'));
	}

	/**
	 * Keeps a value for the next visits, and tells who depends on it.
	 * @param {string} name
	 * @param {string} value
	 * @throws {import('../core/api.js').ApiError} when it is not taken; nothing changes then
	 */
	async set(name, value) {
		this.#take(await callJson('settings.fcgi/', jsonRequest('PUT', { [name]: value })));
		this.dispatchEvent(new CustomEvent('change', { detail: name }));
	}

	/** @param {{ settings: Setting[] }} answer */
	#take({ settings }) {
		this.#list = settings;
		for (const { name, value } of settings)
			document.documentElement.dataset[name] = value;
	}
}
