/**
 * The waveform as a slider: shows what was played and what lies ready, takes clicks, drags and
 * keys.
 *
 * Event: "seek", whose detail is the position in seconds.
 * @module
 */

import { make } from '../page/elements.js';
import { clock, spoken } from '../page/time.js';
import { peaksFor } from './waveform.js';

/** @typedef {import('./waveform.js').Waveform} Waveform */

/** A bar and the gap beside it, CSS pixels. */
const BAR = 2;
const GAP = 1;
/** Half the height of a silent bar, CSS pixels. */
const THIN = 1;
/** Of full scale: a track that stays below is drawn as quiet as it is. */
const LOUDEST_MIN = 0.1;
const KEY_SECONDS = 5;
/** Page Up and Page Down, as a part of the whole. */
const PAGE = 0.1;

export class SeekBar extends EventTarget {
	#slider;
	#canvas;
	#hint;
	/** @type {Waveform | null} */
	#waveform = null;
	/** @type {import('./waveform.js').Peak[]} one for each bar at the present width */
	#peaks = [];
	/** the highest of them: it fills the bar */
	#loudest = 1;
	#duration = 0;
	#position = 0;
	#ready = 0;
	/** @type {number | null} seconds under the pointer while it drags */
	#dragged = null;

	/** @param {HTMLElement} slider  role="slider", empty */
	constructor(slider) {
		super();
		this.#slider = slider;
		this.#canvas = make('canvas', { 'aria-hidden': 'true' });
		this.#hint = make('span', { class: 'hint', 'aria-hidden': 'true', hidden: '' });
		slider.append(this.#canvas, this.#hint);
		new ResizeObserver(() => this.#layout()).observe(slider);
		this.#redrawOnTheme();
		this.#takePointer();
		slider.addEventListener('keydown', (event) => this.#key(event));
		this.#describe();
	}

	/**
	 * @param {Waveform | null} waveform  null draws a plain line
	 * @param {number} duration           seconds; 0 switches the bar off
	 */
	show(waveform, duration) {
		this.#waveform = waveform;
		this.#duration = duration;
		this.#layout();
		this.#describe();
	}

	/**
	 * @param {number} seconds
	 * @param {number} ready    what lies ready from there on ends there
	 */
	move(seconds, ready) {
		const before = this.#edges();

		this.#position = seconds;
		this.#ready = ready;
		this.#redraw(before);
		if (Math.floor(seconds) !== Number(this.#slider.getAttribute('aria-valuenow')))
			this.#describe();
	}

	/** How long the played part takes to grow by a pixel; Infinity: there is nothing to play. */
	get secondsPerPixel() {
		return this.#duration > 0 ? this.#duration / this.#canvas.width : Infinity;
	}

	#describe() {
		const now = Math.floor(this.#position);
		const slider = this.#slider;

		slider.setAttribute('aria-disabled', String(this.#duration === 0));
		slider.setAttribute('aria-valuemin', '0');
		slider.setAttribute('aria-valuemax', String(Math.floor(this.#duration)));
		slider.setAttribute('aria-valuenow', String(now));
		slider.setAttribute('aria-valuetext', `${spoken(now)} of ${spoken(this.#duration)}`);
	}

	/** @param {number} seconds */
	#seek(seconds) {
		const detail = Math.min(this.#duration, Math.max(0, seconds));

		if (this.#duration > 0)
			this.dispatchEvent(new CustomEvent('seek', { detail }));
	}

	/** @param {KeyboardEvent} event */
	#key(event) {
		const at = this.#position;
		const page = this.#duration * PAGE;
		/** @type {Record<string, number>} */
		const targets = {
			ArrowLeft: at - KEY_SECONDS, ArrowDown: at - KEY_SECONDS,
			ArrowRight: at + KEY_SECONDS, ArrowUp: at + KEY_SECONDS,
			PageDown: at - page, PageUp: at + page, Home: 0, End: this.#duration,
		};

		if (!(event.key in targets) || event.altKey || event.ctrlKey || event.metaKey)
			return;
		event.preventDefault();
		this.#seek(targets[event.key]);
	}

	#takePointer() {
		const slider = this.#slider;

		slider.addEventListener('pointerdown', (event) => {
			if (event.button !== 0 || this.#duration === 0)
				return;
			slider.setPointerCapture(event.pointerId);
			this.#drag(this.#secondsAt(event));
		});
		slider.addEventListener('pointermove', (event) => {
			this.#hover(event);
			if (this.#dragged !== null)
				this.#drag(this.#secondsAt(event));
		});
		slider.addEventListener('pointerup', () => this.#drop());
		slider.addEventListener('pointercancel', () => this.#drag(null));
		slider.addEventListener('pointerleave', () => (this.#hint.hidden = true));
	}

	/** @param {number | null} seconds */
	#drag(seconds) {
		const before = this.#edges();

		this.#dragged = seconds;
		this.#redraw(before);
	}

	#drop() {
		const seconds = this.#dragged;

		this.#dragged = null;
		if (seconds !== null)
			this.#seek(seconds);
	}

	/** @param {PointerEvent} event */
	#hover(event) {
		const box = this.#slider.getBoundingClientRect();
		const hint = this.#hint;

		hint.hidden = this.#duration === 0;
		hint.textContent = clock(this.#secondsAt(event));
		const half = hint.offsetWidth / 2;
		hint.style.left = `${Math.min(box.width - half, Math.max(half, event.clientX - box.left))}px`;
	}

	/** @param {PointerEvent} event */
	#secondsAt(event) {
		const box = this.#slider.getBoundingClientRect();
		const part = (event.clientX - box.left) / box.width;

		return Math.min(1, Math.max(0, part)) * this.#duration;
	}

	/** Fits the canvas to the box, in device pixels. */
	#layout() {
		const { width, height } = this.#slider.getBoundingClientRect();
		const bars = Math.floor(width / (BAR + GAP));

		this.#canvas.width = Math.round(width * devicePixelRatio);
		this.#canvas.height = Math.round(height * devicePixelRatio);
		this.#peaks = this.#waveform && bars > 0 ? peaksFor(this.#waveform, bars, this.#duration)
			: Array.from({ length: bars }, () => ({ low: 0, high: 0 }));
		this.#loudest = Math.max(LOUDEST_MIN, ...this.#peaks.map(({ low, high }) => Math.max(-low, high)));
		this.#draw();
	}

	/** Where the played part ends, and what lies ready behind it, device pixels. */
	#edges() {
		const played = this.#pixels(this.#dragged ?? this.#position);

		return [played, Math.max(played, this.#pixels(this.#ready))];
	}

	/** @param {number} seconds */
	#pixels(seconds) {
		return this.#duration > 0 ? Math.round((this.#canvas.width * seconds) / this.#duration) : 0;
	}

	/**
	 * As much of it as has changed.
	 * @param {number[]} before  edges
	 */
	#redraw(before) {
		const now = this.#edges();
		const changed = [...now, ...before].filter((edge, i, all) => edge !== all[(i + 2) % 4]);

		if (changed.length)
			this.#draw(Math.min(...changed) - this.#head, Math.max(...changed) + this.#head);
	}

	/** Width of the line at the end of the played part, device pixels. */
	get #head() {
		return Math.ceil(2 * devicePixelRatio);
	}

	/**
	 * @param {number} [from]  device pixel
	 * @param {number} [to]
	 */
	#draw(from = 0, to = this.#canvas.width) {
		const { width, height } = this.#canvas;
		const context = this.#canvas.getContext('2d');
		const [played, ready] = this.#edges();
		const colours = getComputedStyle(this.#slider);
		const part = (/** @type {string} */ name, /** @type {number} */ left, /** @type {number} */ right) => context &&
			this.#drawBars(context, colours.getPropertyValue(name), Math.max(from, left), Math.min(to, right));
		if (!context)
			return;

		context.clearRect(from, 0, to - from, height);
		part('--wave', ready, width);
		part('--wave-ready', played, ready);
		part('--wave-played', 0, played);
		if (this.#duration > 0) {
			context.fillStyle = colours.getPropertyValue('--wave-head');
			context.fillRect(Math.min(played, width - this.#head), 0, this.#head, height);
		}
	}

	/**
	 * @param {CanvasRenderingContext2D} context
	 * @param {string} colour
	 * @param {number} left   device pixels, as the next
	 * @param {number} right
	 */
	#drawBars(context, colour, left, right) {
		const middle = this.#canvas.height / 2 / devicePixelRatio;
		const scale = middle / this.#loudest;
		const step = (BAR + GAP) * devicePixelRatio;
		if (right <= left)
			return;

		context.save();
		context.beginPath();
		context.rect(left, 0, right - left, this.#canvas.height);
		context.clip();
		context.scale(devicePixelRatio, devicePixelRatio);
		context.fillStyle = colour;
		for (let bar = Math.max(0, Math.floor(left / step)); bar < this.#peaks.length && bar * step < right; bar++) {
			const { low, high } = this.#peaks[bar];
			const up = Math.max(THIN, high * scale);
			const down = Math.max(THIN, -low * scale);

			context.fillRect(bar * (BAR + GAP), middle - up, BAR, up + down);
		}
		context.restore();
	}

	/** The canvas does not follow the style sheet by itself. */
	#redrawOnTheme() {
		const draw = () => this.#draw();

		matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
		new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ['data-theme'] });
	}
}
