/**
 * Which renditions can be played window by window, and opening them.
 * @module
 */

import { decodeSlice } from './decode.js';
import { FragmentIndex, fetchSidecar, openGrowingIndex } from './fragment-index.js';
import { fetchMade } from './manifests.js';
import { OggSource } from './ogg-source.js';
import { PacketSource, hasPackets } from './packet-source.js';
import { decodesOggOpus } from './probe.js';
import { RangeReader } from './range-reader.js';
import { hasPictures, isRepackaged } from './rendition.js';
import { constantSidecar, readSetup, sidecarHead } from './sidecar.js';
import { SourceDamaged } from './source.js';
import { openWav } from './wav-source.js';

/** @typedef {import('./rendition.js').Manifest} Manifest */
/** @typedef {import('./rendition.js').RenditionName} RenditionName */
/** @typedef {import('./source.js').Source} Source */

const WAV_MIMES = ['audio/wav', 'audio/x-wav', 'audio/vnd.wave'];
/** Of fragmented MP4 (RFC 6381), sound alone: MP3 is one of the mp4a. */
const CODECS = /^(flac|opus|mp4a\.[0-9a-f.]+)$/i;
/** Of a file that arrives, seconds of a window: more may take long to come. */
const GROWING_LONGEST = 1;
/** Sources that are kept: going back to a track, and the qualities of one. */
const KEPT = 6;

/** Nobody gives up what is small, and kept for the next time. */
const UNTIL_HAD = new AbortController().signal;

/** By URL, the last used last. @type {Map<string, Promise<Source>>} */
const opened = new Map();

/**
 * Whether a rendition may be played by windows; opening it may still find that it cannot.
 * @param {Manifest} manifest
 * @param {RenditionName} name
 * @returns {Promise<boolean>}
 */
export async function hasWindows(manifest, name) {
	if (typeof AudioContext === 'undefined')
		return false;
	return fileOf(manifest, name) !== null && (name !== 'opus' || decodesOggOpus());
}

/**
 * What windows of a rendition are made of.
 * @param {Manifest} manifest
 * @param {RenditionName} name
 * @returns {{ key: string, open: () => Promise<Source> } | null} null: there is nothing
 */
function fileOf(manifest, name) {
	const { url, stream, sidecar, seekidx, fmp4, mime, state } = manifest.renditions[name];
	const index = sidecar ?? seekidx;

	if (name === 'opus' && index && state === 'growing')
		return { key: `${stream} ${manifest.version} ${state}`, open: () => openGrowingOgg(manifest, stream, index) };
	if (name === 'opus')
		return index ? { key: url ?? stream, open: () => openOgg(manifest, url ?? stream, index) } : null;
	if (fmp4 && index)
		return CODECS.test(fmp4.codec) ? { key: fmp4.url, open: () => openFragments(index, fmp4) } : null;
	if (WAV_MIMES.includes(mime))
		return { key: url ?? stream, open: () => openFile(manifest, url ?? stream) };
	if (index && isRepackaged(manifest) && !hasPictures(manifest, name))
		return { key: `${stream} ${manifest.version}`, open: () => openGrowing(manifest, index) };
	return null;
}

/**
 * @param {Manifest} manifest
 * @param {RenditionName} name
 * @returns {Promise<Source>}
 * @throws {Error} when it cannot be played by windows after all
 */
export async function openSource(manifest, name) {
	const file = fileOf(manifest, name);
	if (!file)
		throw new SourceDamaged('There is nothing that could be played by windows.');
	const before = opened.get(file.key);
	const source = before ?? file.open();

	opened.delete(file.key);
	opened.set(file.key, source);
	if (!before)
		source.catch(() => opened.delete(file.key));
	if (opened.size > KEPT)
		opened.delete([...opened.keys()][0]);
	return source;
}

/**
 * @param {Manifest} manifest
 * @param {string} url
 * @param {string} index  URL
 * @returns {Promise<Source>}
 */
async function openOgg({ duration, renditions }, url, index) {
	const { bytes, bitrate, pre_skip: preSkip } = renditions.opus;
	const plan = constantSidecar(duration, bytes ?? 0, bitrate ?? 0, preSkip ?? 0);

	if (plan)
		return new OggSource(new FragmentIndex({ ...plan, setup: new Uint8Array(0) }), onceHad(() => fetchSetup(index, plan)),
			new RangeReader(url, plan.bytes), decodeSlice);
	return oggOf(new FragmentIndex(await fetchSidecar(index, UNTIL_HAD)), url);
}

/**
 * While it is encoded. What is read then is a file that stays as it is; the whole one has a place of its
 * own, and other setup pages.
 * @param {Manifest} manifest
 * @param {string} url
 * @param {string} index  URL
 * @returns {Promise<Source>}
 */
async function openGrowingOgg({ track, duration }, url, index) {
	const found = await openGrowingIndex(index, duration ?? 0, UNTIL_HAD, true);
	const file = found.growing ? (await fetchMade(track, 'opus', UNTIL_HAD))?.file : url;

	return oggOf(found, file ?? '');
}

/**
 * @param {FragmentIndex} index
 * @param {string} url
 */
function oggOf(index, url) {
	if (!url || index.codec !== 'Opus')
		throw new SourceDamaged('The index of this track is of another kind.');

	return new OggSource(index, async () => index.setup, new RangeReader(url, index.bytes), decodeSlice);
}

/**
 * @param {string} index  URL
 * @param {{ codec: string, url: string }} file
 * @returns {Promise<Source>}
 */
async function openFragments(index, { codec, url }) {
	return packetsOf(new FragmentIndex(await fetchSidecar(index, UNTIL_HAD)), codec, url);
}

/**
 * While it is made, of an upload or of what has been stored.
 * @param {Manifest} manifest
 * @param {string} index  URL
 * @returns {Promise<Source>}
 */
async function openGrowing({ track, samples }, index) {
	const found = await openGrowingIndex(index, samples ?? 0, UNTIL_HAD);
	const file = await fetchMade(track, 'lossless', UNTIL_HAD);

	return packetsOf(found, file?.codec ?? '', file?.url ?? '');
}

/**
 * @param {import('./fragment-index.js').FragmentIndex} index
 * @param {string} codec
 * @param {string} url
 */
function packetsOf(index, codec, url) {
	if (!url || !hasPackets(index.codec))
		throw new SourceDamaged('The index of this track is of another kind.');

	return new PacketSource(index, codec, new RangeReader(url, index.bytes), decodeSlice);
}

/**
 * @param {string} index
 * @param {{ setupBytes: number, bytes: number }} plan
 */
async function fetchSetup(index, plan) {
	const head = sidecarHead(plan.setupBytes);

	return readSetup((await new RangeReader(index, 0).read(0, head, head, UNTIL_HAD)).buffer, plan);
}

/**
 * Asks once; anew after a failure.
 * @template T
 * @param {() => Promise<T>} ask
 * @returns {() => Promise<T>}
 */
function onceHad(ask) {
	/** @type {Promise<T> | null} */
	let asked = null;

	return () => (asked ??= ask().catch((error) => {
		asked = null;
		throw error;
	}));
}

/**
 * @param {Manifest} manifest
 * @param {string} url
 * @returns {Promise<Source>}
 */
function openFile({ samples, renditions }, url) {
	const { bytes, state } = renditions.lossless;

	return openWav(new RangeReader(url, bytes ?? 0), bytes ?? 0, samples, decodeSlice,
		state === 'growing' ? GROWING_LONGEST : Infinity, UNTIL_HAD);
}
