/**
 * The bar at the foot of the page: shows the player and drives it.
 * @module
 */

import { byId, icon, make } from './elements.js';
import { renditionLabel } from './rendition.js';
import { SeekBar } from './seek-bar.js';
import { clock } from './time.js';
import { parseWaveform } from './waveform.js';

const STALLED = 'Waiting for the network. It goes on by itself.';

/** @typedef {import('./core/player.js').Player} Player */

export class PlayerBar {
	#player;
	#bar = byId('player', HTMLElement);
	#toggle = byId('toggle', HTMLButtonElement);
	#notice = byId('notice', HTMLElement);
	#seekBar = new SeekBar(byId('seek', HTMLElement));
	#volume = byId('volume', HTMLInputElement);
	/** what #notice says: a live region is written to only when that changes */
	#said = '';
	/** @type {string | null} URL of the waveform in the seek bar */
	#drawn = null;
	#moving = false;

	/** @param {Player} player */
	constructor(player) {
		this.#player = player;
		player.addEventListener('track', () => this.#showTrack());
		player.addEventListener('manifest', () => this.#showTrack());
		player.addEventListener('change', () => this.#showState());
		this.#toggle.addEventListener('click', () => player.toggle());
		this.#seekBar.addEventListener('seek', (event) =>
			player.seek(/** @type {CustomEvent<number>} */ (event).detail));
		this.#volume.addEventListener('input', () => (player.volume = Number(this.#volume.value)));
		this.#volume.value = String(player.volume);
		this.#showState();
	}

	#showTrack() {
		const { manifest, duration } = this.#player;
		if (!manifest)
			return;

		this.#bar.dataset.track = manifest.track;
		byId('title', HTMLElement).textContent = manifest.title;
		byId('artist', HTMLElement).textContent = manifest.artist ?? '';
		byId('cover', HTMLElement).replaceChildren(coverOf(manifest.cover));
		byId('duration', HTMLElement).textContent = clock(duration);
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

		this.#toggle.disabled = !manifest && !failed;
		this.#toggle.setAttribute('aria-label', paused ? 'Play' : 'Pause');
		this.#toggle.replaceChildren(icon(paused ? 'play' : 'pause'));
		this.#bar.classList.toggle('waiting', waiting);
		this.#bar.classList.toggle('failed', failed);
		byId('rendition', HTMLElement).textContent =
			manifest && rendition ? renditionLabel(manifest, rendition) : '';
		this.#say(this.#player.stalled ? STALLED : this.#player.notice);
		this.#showPosition();
		this.#move();
	}

	/** @param {string} sentence */
	#say(sentence) {
		if (sentence !== this.#said)
			this.#notice.textContent = sentence;
		this.#said = sentence;
	}

	#showPosition() {
		byId('position', HTMLElement).textContent = clock(this.#player.position);
		this.#seekBar.position = this.#player.position;
	}

	/** Smoothly while it plays; by the player's own events where less motion is wanted. */
	#move() {
		if (this.#moving || this.#player.paused || matchMedia('(prefers-reduced-motion: reduce)').matches)
			return;
		this.#moving = true;
		requestAnimationFrame(() => {
			this.#moving = false;
			this.#showPosition();
			this.#move();
		});
	}
}

/** @param {string | null} url */
function coverOf(url) {
	return url ? make('img', { src: url, alt: '' }) : icon('note');
}
