/**
 * Makes a track of the queue ready: asks for its manifest, chooses the rendition
 * and the way to play it, and opens it.
 * @module
 */

import { expectManifest, fetchKnown, takeManifest } from './manifests.js';
import { hasWindows, openSource } from './open-source.js';
import { decodesOggOpus } from './probe.js';
import { OPUS_MIME, chooseRendition, fileOf, hasPictures, withPreset } from './rendition.js';
import { hasSegments, openSegments, streamTakes } from './segments.js';
import { SourceGone } from './source.js';

/** @typedef {import('./rendition.js').Manifest} Manifest */
/** @typedef {import('./rendition.js').RenditionName} RenditionName */
/** @typedef {import('./rendition.js').Choice} Choice */
/** @typedef {import('./deck.js').Entry} Entry */
/** @typedef {import('./deck.js').Load} Load */
/** @typedef {import('./deck.js').Way} Way */

/** Hz */
const OPUS_RATE = 48000;
const USUAL_RATE = 44100;

/**
 * What has been found out about an entry's track by trying.
 * @typedef {object} Experience
 * @property {Manifest | null} manifest
 * @property {RenditionName[]} refused  play in no way
 * @property {string[]} closed          ways of renditions that have failed
 * @property {string} failedAt             where the last failure was; one more there is final
 */

export class Loader {
	#quality;
	#preset;
	#windows;
	#elementPlays;
	#sparing;
	/** @type {WeakMap<Entry, Experience>} */
	#experiences = new WeakMap();

	/**
	 * @param {() => string} quality        the listener's streamQuality
	 * @param {() => { name: string, intensity: number }} preset  how Opus is to sound
	 * @param {() => boolean} windows       whether this listener gets the window engine
	 * @param {(mime: string) => boolean} elementPlays
	 * @param {boolean} sparing             memory is short
	 */
	constructor(quality, preset, windows, elementPlays, sparing) {
		this.#quality = quality;
		this.#preset = preset;
		this.#windows = windows;
		this.#elementPlays = elementPlays;
		this.#sparing = sparing;
		if (windows())
			decodesOggOpus(); /* asked before somebody waits for the answer */
	}

	/**
	 * The sample rate that an entry will probably have, before anything is known of it.
	 * @param {Entry} entry
	 */
	likelyRate(entry) {
		const opus = (entry.format || this.#quality()) === 'opus';

		return opus ? OPUS_RATE : this.manifestOf(entry)?.sample_rate ?? USUAL_RATE;
	}

	/** @param {Entry} entry */
	manifestOf(entry) {
		return this.#experience(entry).manifest;
	}

	/**
	 * @param {Entry} entry
	 * @param {AbortSignal} signal
	 * @returns {Promise<Load>}
	 * @throws {Error} in words for the listener
	 */
	async load(entry, signal) {
		const known = this.#experience(entry);
		const manifest = this.#sounding(known.manifest ??= await takeManifest(entry.track, signal), entry);
		const choice = await this.#choose(manifest, entry);

		const way = await this.#wayOf(manifest, choice.name, known);

		try {
			return { entry, manifest, choice, way,
				source: way === 'windows' ? await openSource(manifest, choice.name) : null,
				segments: way === 'stream' ? await openSegments(manifest, choice.name, signal) : null };
		} catch (error) {
			signal.throwIfAborted();
			console.warn(`${way}:`, error);
			known.closed.push(`${way} ${choice.name}`);
			return this.load(entry, signal);
		}
	}

	/**
	 * A track will probably be played in a moment: asks for what comes before its sound. What still grows is
	 * not made for that.
	 * @param {string} track
	 */
	async expect(track) {
		const { signal } = new AbortController();
		const { state, renditions } = await expectManifest(track);

		if (state === 'completed' && !renditions.lossless.growing)
			await this.load({ track, format: '' }, signal);
	}

	/**
	 * Asks anew, for an entry that is in hand.
	 * @param {Entry} entry
	 * @param {AbortSignal} signal
	 */
	async refresh(entry, signal) {
		const manifest = await fetchKnown(entry.track, signal);

		if (manifest.renditions.lossless.fmp4 && !this.manifestOf(entry)?.renditions.lossless.fmp4)
			this.forgive(entry); /* what failed was another way */
		this.#experience(entry).manifest = manifest;
		return manifest;
	}

	/** All ways are open again: the listener wants something else. @param {Entry} entry */
	forgive(entry) {
		this.#experiences.set(entry, { ...fresh(), manifest: this.manifestOf(entry) });
	}

	/**
	 * After a failure: the same again if the file has moved, else in another way. The
	 * manifest is asked for anew, since direct URLs expire and audio is replaced.
	 * @param {Load} failed
	 * @param {Error} error
	 * @param {number} position  seconds
	 * @param {AbortSignal} signal
	 * @returns {Promise<Load>}
	 */
	async another(failed, error, position, signal) {
		const manifest = this.#sounding(await this.refresh(failed.entry, signal), failed.entry);
		const known = this.#experience(failed.entry);
		const { name, file } = failed.choice;
		const place = `${name} ${Math.round(position)}`;
		const moved = fileOf(manifest, name) !== file;

		if (!moved && (known.failedAt === place || !(error instanceof SourceGone)))
			this.#close(known, failed.way, name);
		known.failedAt = place;
		return this.load(failed.entry, signal);
	}

	/**
	 * As the listener wants Opus to sound.
	 * @param {Manifest} manifest
	 * @param {Entry} entry
	 */
	#sounding(manifest, entry) {
		const { name, intensity } = entry.preset ?? this.#preset();

		return withPreset(manifest, name, intensity);
	}

	/**
	 * @param {Manifest} manifest
	 * @param {Entry} entry
	 * @returns {Promise<Choice>}
	 */
	async #choose(manifest, entry) {
		const { refused } = this.#experience(entry);
		const opus = await decodesOggOpus();
		const wanted = entry.format || this.#quality();
		const choice = chooseRendition(manifest, wanted, (mime) => (mime === OPUS_MIME && opus && this.#windows()) ||
			this.#elementPlays(mime) || streamTakes(mime), refused);
		if (!choice)
			throw new Error(nothingPlays(manifest));

		return choice;
	}

	/**
	 * Windows are exact, but show no pictures, and hold more in memory than a stream.
	 * @param {Manifest} manifest
	 * @param {RenditionName} name
	 * @param {Experience} known
	 * @returns {Promise<Way>}
	 */
	async #wayOf(manifest, name, { closed }) {
		const open = (/** @type {Way} */ way) => !closed.includes(`${way} ${name}`);
		const streams = open('stream') && hasSegments(manifest, name);

		if (streams && (hasPictures(manifest, name) || this.#sparing))
			return 'stream';
		if (this.#windows() && open('windows') && await hasWindows(manifest, name))
			return 'windows';
		/* of what grows a stream would wait for the same */
		return streams && this.#windows() && manifest.renditions[name].state !== 'growing' ? 'stream' : 'element';
	}

	/**
	 * @param {Experience} known
	 * @param {Way} way
	 * @param {RenditionName} name
	 */
	#close({ refused, closed }, way, name) {
		if (way === 'element')
			refused.push(name);
		else
			closed.push(`${way} ${name}`);
	}

	/** @param {Entry} entry */
	#experience(entry) {
		const known = this.#experiences.get(entry) ?? fresh();

		this.#experiences.set(entry, known);
		return known;
	}
}

/** @returns {Experience} */
function fresh() {
	return { manifest: null, refused: [], closed: [], failedAt: '' };
}

/** @param {Manifest} manifest */
function nothingPlays({ renditions: { opus, lossless } }) {
	if (lossless.fmp4_state === 'missing' || lossless.fmp4_state === 'growing')
		return 'This track is still being prepared for browsers. Press Play in a moment.';
	return opus.state === 'missing'
		? 'This browser cannot play the original, and the Opus version is still being made. Press Play in a moment.'
		: 'Neither version of this track can be played here. Press Play to try again, or try another browser.';
}
