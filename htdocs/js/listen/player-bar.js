/**
 * The bar at the foot of the page: shows the player and drives it.
 * @module
 */

import { renditionLabel } from '../core/rendition.js';
import { icon, make } from '../page/elements.js';
import { clock } from '../page/time.js';
import { artistLinks } from './artist-links.js';
import { SeekBar } from './seek-bar.js';
import { parseWaveform } from './waveform.js';

/** In the browser's own store: no server needs to know. */
const VOLUME = 'drift.volume';
/** Milliseconds between two of the player's own events, by which what moves slower follows it. */
const SMOOTH = 250;
const STALLED = 'Waiting for the network. It goes on by itself.';
const STALLED_UPLOAD = 'Waiting for more of the upload. It goes on by itself.';

/** @typedef {import('./bar.js').Bar} Bar */
/** @typedef {import('../core/player.js').Player} Player */
/** @typedef {import('../core/rendition.js').Manifest} Manifest */

export class PlayerBar {
	#player;
	#bar;
	#seekBar;
	/** what #notice says: a live region is written to only when that changes */
	#said = '';
	/** @type {string | null} URL of the waveform in the seek bar */
	#drawn = null;
	#moving = false;
	/** the volume that is shown and kept */
	#loud = -1;

	/**
	 * @param {Player} player
	 * @param {Bar} bar
	 */
	constructor(player, bar) {
		this.#player = player;
		this.#bar = bar;
		this.#seekBar = new SeekBar(bar.seek);
		player.addEventListener('track', () => this.#showTrack());
		player.addEventListener('manifest', () => this.#showTrack());
		player.addEventListener('change', () => this.#showState());
		player.addEventListener('queue', () => this.#showState());
		bar.toggle.addEventListener('click', () => player.toggle());
		bar.previous.addEventListener('click', () => player.previous());
		bar.next.addEventListener('click', () => player.next());
		this.#seekBar.addEventListener('seek', (event) =>
			player.seek(/** @type {CustomEvent<number>} */ (event).detail));
		bar.volume.addEventListener('input', () => (player.volume = Number(bar.volume.value)));
		document.addEventListener('visibilitychange', () => this.#showState());
		player.volume = keptVolume();
		this.#showState();
	}

	#showTrack() {
		const { manifest, duration } = this.#player;
		if (!manifest)
			return;

		const { root, title, artist, cover } = this.#bar;

		root.dataset.track = manifest.track;
		title.textContent = title.title = manifest.title;
		artist.replaceChildren(...artistLinks(manifest.artist, window === window.top ? '' : '_blank'));
		cover.replaceChildren(coverOf(manifest.cover));
		this.#bar.duration.textContent = clock(duration);
		this.#showWaveform(manifest.waveform);
		this.#showState();
	}

	/** @param {string | null} url */
	async #showWaveform(url) {
		if (url !== null && url === this.#drawn)
			return;
		this.#drawn = url;
		this.#seekBar.show(null, this.#player.duration);
		try {
			const waveform = url && parseWaveform(await (await fetch(url)).arrayBuffer());

			if (waveform && this.#drawn === url)
				this.#seekBar.show(waveform, this.#player.duration);
		} catch (error) {
			/* the plain line stays, and seeks as well */
			console.warn('waveform:', error);
		}
	}

	#showState() {
		const { manifest, paused, waiting, failed, rendition } = this.#player;
		const { root, toggle, previous, next } = this.#bar;

		toggle.disabled = !manifest && !failed;
		previous.disabled = !manifest;
		next.disabled = !this.#player.canStep(1);
		this.#showToggle(paused);
		root.classList.toggle('waiting', waiting);
		root.classList.toggle('failed', failed);
		write(this.#bar.rendition, manifest && rendition ? renditionLabel(manifest, rendition) : '');
		this.#tell(this.#player.stalled ? stalledText(manifest) : this.#player.notice);
		this.#showVolume();
		this.#showPosition();
		this.#move();
	}

	/** @param {boolean} paused */
	#showToggle(paused) {
		const { toggle } = this.#bar;
		const name = paused ? 'Play' : 'Pause';

		if (toggle.title === name)
			return;
		toggle.title = name;
		toggle.setAttribute('aria-label', name);
		toggle.replaceChildren(icon(paused ? 'play' : 'pause'));
	}

	#showVolume() {
		const { volume } = this.#player;

		if (volume === this.#loud)
			return;
		this.#loud = volume;
		this.#bar.volume.value = String(volume);
		keepVolume(volume);
	}

	/**
	 * For once, until there is something to tell of the player.
	 * @param {string} sentence
	 */
	say(sentence) {
		this.#bar.notice.textContent = sentence;
	}

	/** @param {string} sentence */
	#tell(sentence) {
		if (sentence !== this.#said)
			this.#bar.notice.textContent = sentence;
		this.#said = sentence;
	}

	#showPosition() {
		if (document.hidden)
			return;
		write(this.#bar.position, clock(this.#player.position));
		this.#seekBar.move(this.#player.position, this.#player.bufferedTo);
	}

	/**
	 * Whenever the played part has grown by a pixel, where the player's own events are not enough for that,
	 * and no less motion is wanted.
	 */
	#move() {
		const pixel = 1000 * this.#seekBar.secondsPerPixel;

		if (this.#moving || this.#player.paused || pixel > SMOOTH || matchMedia('(prefers-reduced-motion: reduce)').matches)
			return;
		this.#moving = true;
		setTimeout(() => requestAnimationFrame(() => {
			this.#moving = false;
			this.#showPosition();
			this.#move();
		}), pixel);
	}
}

/**
 * The same text again would be laid out and painted again.
 * @param {HTMLElement} element
 * @param {string} text
 */
function write(element, text) {
	if (element.textContent !== text)
		element.textContent = text;
}

/** @param {Manifest | null} manifest */
function stalledText(manifest) {
	return manifest?.renditions.lossless.state === 'growing' ? STALLED_UPLOAD : STALLED;
}

/** @param {string | null} url */
function coverOf(url) {
	return url ? make('img', { src: url, alt: '' }) : icon('note');
}

function keptVolume() {
	try {
		const kept = parseFloat(localStorage.getItem(VOLUME) ?? '');

		return kept >= 0 ? kept : 1;
	} catch {
		return 1; /* the store is switched off */
	}
}

/** @param {number} volume */
function keepVolume(volume) {
	try {
		localStorage.setItem(VOLUME, String(volume));
	} catch {
		/* as above */
	}
}
