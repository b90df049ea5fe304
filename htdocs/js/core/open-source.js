/**
 * Which renditions can be played window by window, and opening them.
 * @module
 */

import { decodeSlice } from './decode.js';
import { OggSource } from './ogg-source.js';
import { PacketSource, hasPackets } from './packet-source.js';
import { decodesOggOpus } from './probe.js';
import { RangeReader } from './range-reader.js';
import { constantSidecar, parseSidecar, readSetup, sidecarHead } from './sidecar.js';
import { SourceDamaged } from './source.js';
import { openWav } from './wav-source.js';

/** @typedef {import('../rendition.js').Manifest} Manifest */
/** @typedef {import('../rendition.js').RenditionName} RenditionName */
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
	const indexed = indexedFile(manifest.renditions[name]);

	if (typeof AudioContext === 'undefined')
		return false;
	if (name === 'opus')
		return !!indexed && decodesOggOpus();
	return !!indexed || WAV_MIMES.includes(manifest.renditions[name].mime);
}

/**
 * The file that a rendition's sidecar is of: of the lossless one its fragmented MP4.
 * null: there is none.
 * @param {import('../rendition.js').Rendition} rendition
 */
function indexedFile({ url, stream, sidecar, seekidx, fmp4 }) {
	const index = sidecar ?? seekidx;

	if (!index || (fmp4 && !CODECS.test(fmp4.codec)))
		return null;
	return { url: fmp4?.url ?? url ?? stream, index, codec: fmp4?.codec ?? null };
}

/**
 * @param {Manifest} manifest
 * @param {RenditionName} name
 * @returns {Promise<Source>}
 * @throws {Error} when it cannot be played by windows after all
 */
export function openSource(manifest, name) {
	const rendition = manifest.renditions[name];
	const indexed = indexedFile(rendition);
	const url = indexed?.url ?? rendition.url ?? rendition.stream;
	const before = opened.get(url);
	const source = before ?? (indexed ? openIndexed(manifest, name, indexed) : openFile(manifest, url, rendition.bytes ?? 0));

	opened.delete(url);
	opened.set(url, source);
	if (!before)
		source.catch(() => opened.delete(url));
	if (opened.size > KEPT)
		opened.delete([...opened.keys()][0]);
	return source;
}

/**
 * @param {Manifest} manifest
 * @param {RenditionName} name
 * @param {{ url: string, index: string, codec: string | null }} file  codec of an MP4; null: it is Ogg Opus
 * @returns {Promise<Source>}
 */
async function openIndexed({ duration, renditions }, name, { url, index, codec }) {
	const { bytes, bitrate, pre_skip: preSkip } = renditions[name];
	const plan = codec ? null : constantSidecar(duration, bytes ?? 0, bitrate ?? 0, preSkip ?? 0);

	if (plan)
		return new OggSource(plan, onceHad(() => fetchSetup(index, plan)), new RangeReader(url, plan.bytes), decodeSlice);
	const sidecar = parseSidecar(await fetchIndex(index));
	const known = codec ? hasPackets(sidecar.codec) : sidecar.codec === 'Opus';

	if (!known || sidecar.growing || sidecar.positions.length === 0)
		throw new SourceDamaged('The index of this track is of another kind.');
	const reader = new RangeReader(url, sidecar.bytes);

	return codec ? new PacketSource(sidecar, codec, reader, decodeSlice)
		: new OggSource(sidecar, async () => sidecar.setup, reader, decodeSlice);
}

/**
 * @param {string} index
 * @param {{ setupBytes: number, bytes: number }} plan
 */
async function fetchSetup(index, plan) {
	const head = sidecarHead(plan.setupBytes);

	return readSetup((await new RangeReader(index, 0).read(0, head, head, UNTIL_HAD)).buffer, plan);
}

/** @param {string} index */
async function fetchIndex(index) {
	const answer = await fetch(index);
	if (!answer.ok)
		throw new SourceDamaged(`The index of this track could not be had (status ${answer.status}).`);

	return answer.arrayBuffer();
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
 * @param {number} bytes
 * @returns {Promise<Source>}
 */
function openFile(manifest, url, bytes) {
	return openWav(new RangeReader(url, bytes), bytes, manifest.samples, decodeSlice,
		manifest.renditions.lossless.state === 'growing' ? GROWING_LONGEST : Infinity, UNTIL_HAD);
}
