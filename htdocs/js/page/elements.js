/**
 * Finding and making elements, with their types.
 * @module
 */

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type  the class the page's element has
 * @returns {T}
 */
export function byId(id, type) {
	const found = document.getElementById(id);

	if (!(found instanceof type))
		throw new TypeError(`the page has no ${type.name} #${id}`);
	return found;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
	const made = document.createElement(tag);

	for (const [name, value] of Object.entries(attributes))
		made.setAttribute(name, value);
	made.append(...children);
	return made;
}

const SVG = 'http://www.w3.org/2000/svg';

/**
 * One of img/icons.svg, for the eye only.
 * @param {string} name
 */
export function icon(name) {
	const svg = document.createElementNS(SVG, 'svg');
	const use = document.createElementNS(SVG, 'use');

	svg.setAttribute('class', 'icon');
	svg.setAttribute('aria-hidden', 'true');
	use.setAttribute('href', `img/icons.svg#${name}`);
	svg.append(use);
	return svg;
}
