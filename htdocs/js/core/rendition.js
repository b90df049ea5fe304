/**
 * Which rendition of a track a listener gets, and why. Pure.
 * @module
 */

/** @typedef {'lossless' | 'opus'} RenditionName */

/**
 * One rendition as the manifest describes it.
 * @typedef {object} Rendition
 * @property {'ready' | 'virtual' | 'growing' | 'missing' | 'failed'} state  virtual: made as it is asked for; growing: being uploaded, or heard while it is made
 * @property {string} codec       of the file, as the catalogue calls it: pcm, flac, aac, …
 * @property {string} mime        of the file
 * @property {boolean} [lossless] whether the file's codec loses nothing
 * @property {number | null} bitrate  bit/s
 * @property {number | null} bytes
 * @property {string | null} url      the file itself, served by the web server
 * @property {string} stream          the same from stream.fcgi
 * @property {string | null} sidecar  its seek index as a file; of the lossless one it is fmp4's
 * @property {string | null} [seekidx] the same from seekidx.fcgi; also while it grows
 * @property {number} [pre_skip]      samples that a decoder of Opus drops
 * @property {Made & { codec: string, url: string } | null} [fmp4] the lossless one as fragmented MP4
 * @property {Made & { codec: string, stream: string, url: string } | null} [growing] that, or Opus, while
 *     it is made; null before somebody has asked for its index (seekidx)
 * @property {'ready' | 'growing' | 'missing' | 'failed' | 'none'} [fmp4_state] missing: it is still to be made; none: it never is
 * @property {('fmp4' | 'file')[]} [prefer] which to try first
 */

/**
 * Something of which a browser can be asked whether it takes it.
 * @typedef {object} Made
 * @property {string} mime
 * @property {string[]} [types]  the same in all its spellings, the registered one first
 */

/**
 * What stream.fcgi says about a track (manifest.json), as far as it is used here.
 * @typedef {object} Manifest
 * @property {string} track
 * @property {number} version
 * @property {string} [state]  of its upload: "waiting_headers", … "completed"
 * @property {string} title
 * @property {string | null} artist  all of them, "Alpha; Beta"
 * @property {string | null} album
 * @property {number} sample_rate  Hz, of the lossless rendition
 * @property {number} samples      of it
 * @property {{ track: number | null, album: number | null, peak: number | null }} gain  dB, dB, dBTP
 * @property {number} timescale  ticks a second
 * @property {number} duration   ticks
 * @property {{ samples: number, count: number }} chunk  ticks of each
 * @property {string | null} waveform  URL
 * @property {string | null} cover     URL
 * @property {Record<RenditionName, Rendition>} renditions
 */

/**
 * @typedef {object} Choice
 * @property {RenditionName} name
 * @property {string} url      for the browser's own element
 * @property {string} file     URL by which the rendition is known: two of the same sound the same
 * @property {string} note     why it is not the one that was asked for; "" when it is
 * @property {boolean} pending the wanted one may come later: ask again
 */

/**
 * The manifest of a track whose Opus is to sound otherwise: only its URL is another one, since
 * length, places and sidecar stay.
 * @param {Manifest} manifest
 * @param {string} preset     "" and "none": as it is
 * @param {number} intensity  0 to 1
 * @returns {Manifest}
 */
export function withPreset(manifest, preset, intensity) {
	const { opus } = manifest.renditions;

	if (!preset || preset === 'none' || !(intensity > 0) || !['ready', 'virtual'].includes(opus.state))
		return manifest;
	const url = `${opus.stream}&preset=${encodeURIComponent(preset)}&intensity=${intensity.toFixed(2)}`;

	return { ...manifest, renditions: { ...manifest.renditions, opus: { ...opus, url } } };
}

/** States in which a rendition can be played. */
const PLAYABLE = { lossless: ['ready', 'growing'], opus: ['ready', 'virtual', 'growing'] };

const ARRIVING = 'It is still being uploaded, and plays as it arrives.';

/** What the element is asked about, whatever the manifest's exact spelling. */
export const OPUS_MIME = 'audio/ogg; codecs=opus';

/**
 * @param {Manifest} manifest
 * @param {string} wanted  the listener's streamQuality
 * @param {(mime: string) => boolean} canPlay
 * @param {RenditionName[]} [refused]  renditions that have already failed to play
 * @returns {Choice | null} null when nothing is left to try
 */
export function chooseRendition(manifest, wanted, canPlay, refused = []) {
	const usable = (/** @type {RenditionName} */ name) =>
		PLAYABLE[name].includes(manifest.renditions[name].state) && !refused.includes(name);
	const opus = usable('opus') && canPlay(OPUS_MIME);
	const lossless = usable('lossless');
	const offer = offersOf(manifest).find(({ types }) => types.some(canPlay)) ?? null;

	if (manifest.renditions.lossless.state === 'growing' && (lossless || opus))
		return { ...choice(manifest, (wanted === 'opus' && opus) || !lossless ? 'opus' : 'lossless', ARRIVING), pending: true };
	if (wanted === 'opus' && opus)
		return choice(manifest, 'opus', '');
	if (wanted === 'opus' && lossless)
		return { ...losslessChoice(manifest, whyNotOpus(manifest, canPlay, refused), offer),
			pending: manifest.renditions.opus.state === 'missing' && canPlay(OPUS_MIME) };
	/* "no" of canPlayType is no proof for a source: it is tried where there is
	   nothing else */
	if (lossless && (offer || !opus))
		return { ...losslessChoice(manifest, withoutPictures(manifest, offer), offer),
			pending: hasPictures(manifest, 'lossless') && isComing(manifest) };
	if (opus)
		return { ...choice(manifest, 'opus', whyNotLossless(manifest)), pending: isComing(manifest) };
	return null;
}

/* --- the ways of the lossless one ---------------------------------------------------- */

/** What the fragmented MP4 of a sound holds; of any other FLAC. @type {Record<string, string>} */
const OWN_PACKETS = { aac: 'mp4a.40.2', mp3: 'mp4a.6b', opus: 'Opus' };

/**
 * @typedef {object} Offer
 * @property {boolean} isFile  it is the file that was uploaded
 * @property {string[]} types  of which one has to be taken
 * @property {string} url
 */

/**
 * The types by which a browser can be asked whether it takes something.
 * @param {Made} made
 * @returns {string[]}
 */
export function typesOf({ mime, types }) {
	return types ?? [mime];
}

/**
 * Of the MP4 that is made of a sound, before it is there.
 * @param {string} codec  of the file
 * @returns {string[]}
 */
export function expectedTypes(codec) {
	const own = OWN_PACKETS[codec] ?? 'fLaC';

	return [...new Set([own, own.replace('fLaC', 'flac').replace('Opus', 'opus')])]
		.map((name) => `audio/mp4; codecs="${name}"`);
}

/**
 * Whether a rendition has moving pictures.
 * @param {Pick<Manifest, 'renditions'>} manifest
 * @param {RenditionName} name
 */
export function hasPictures({ renditions }, name) {
	const { fmp4, growing, mime } = renditions[name];

	return ((fmp4 ?? growing)?.mime ?? mime ?? '').startsWith('video/');
}

/**
 * Whether there is an MP4 of the lossless rendition, or will be.
 * @param {Pick<Manifest, 'renditions'>} manifest
 */
export function isRepackaged({ renditions: { lossless } }) {
	return !['failed', 'none'].includes(lossless.fmp4_state ?? 'none') || Boolean(lossless.fmp4);
}

/** It is still to be made. @param {Manifest} manifest */
function isComing({ renditions: { lossless } }) {
	return ['missing', 'growing'].includes(lossless.fmp4_state ?? '');
}

/**
 * In which ways it could be played, the best first.
 * @param {Manifest} manifest
 * @returns {Offer[]}
 */
function offersOf(manifest) {
	const { prefer = ['file'] } = manifest.renditions.lossless;
	const file = fileOffer(manifest);
	const mp4 = mp4Offer(manifest);

	return (prefer[0] === 'fmp4' ? [mp4, file] : [file, mp4]).filter((offer) => offer !== null);
}

/** @param {Manifest} manifest @returns {Offer} */
function fileOffer(manifest) {
	return { isFile: true, types: [manifest.renditions.lossless.mime], url: fileOf(manifest, 'lossless') };
}

/** Of sound, chunks can be had before it is made. @param {Manifest} manifest @returns {Offer | null} */
function mp4Offer(manifest) {
	const { fmp4, growing, codec } = manifest.renditions.lossless;
	const url = fmp4?.url ?? fileOf(manifest, 'lossless');

	if (fmp4 ?? growing)
		return { isFile: false, types: typesOf(/** @type {Made} */ (fmp4 ?? growing)), url };
	return isRepackaged(manifest) && !hasPictures(manifest, 'lossless')
		? { isFile: false, types: expectedTypes(codec), url } : null;
}

/* --- in words --------------------------------------------------------------------------- */

/**
 * @param {Manifest} manifest
 * @returns {string} why Opus is heard in place of what was uploaded
 */
function whyNotLossless(manifest) {
	if (isComing(manifest))
		return 'The original is still being prepared for browsers; you hear Opus until then.';
	switch (manifest.renditions.lossless.fmp4_state) {
	case 'failed':
		return 'The original could not be prepared for browsers, so you hear Opus.';
	case 'none':
		return 'Originals of this format are not prepared for browsers, so you hear Opus.';
	default:
		return 'This browser cannot play the original, so you hear Opus.';
	}
}

/**
 * @param {Manifest} manifest
 * @param {Offer | null} offer  what is played
 * @returns {string} why a film is only heard; "" where it is none, or is seen
 */
function withoutPictures(manifest, offer) {
	if (!hasPictures(manifest, 'lossless') || offer?.isFile === false)
		return '';
	if (isComing(manifest))
		return 'The pictures are still being prepared for browsers; you hear the sound until then.';
	return manifest.renditions.lossless.fmp4_state === 'failed'
		? 'The pictures could not be prepared for browsers, so you only hear the sound.'
		: 'This browser cannot show the pictures, so you only hear the sound.';
}

/**
 * @param {Manifest} manifest
 * @param {RenditionName} name
 * @param {string} note
 * @returns {Choice}
 */
function choice(manifest, name, note) {
	const file = fileOf(manifest, name);

	return { name, url: file, file, note, pending: manifest.renditions[name].state === 'growing' };
}

/**
 * @param {Manifest} manifest
 * @param {string} note
 * @param {Offer | null} offer  null: the file is tried
 * @returns {Choice}
 */
function losslessChoice(manifest, note, offer) {
	const chosen = choice(manifest, 'lossless', note);

	return { ...chosen, url: offer?.url ?? chosen.url };
}

/**
 * Where the file of a rendition is.
 * @param {Pick<Manifest, 'renditions'>} manifest
 * @param {RenditionName} name
 */
export function fileOf({ renditions }, name) {
	return renditions[name].url ?? renditions[name].stream;
}

/**
 * @param {Manifest} manifest
 * @param {(mime: string) => boolean} canPlay
 * @param {RenditionName[]} refused
 */
function whyNotOpus(manifest, canPlay, refused) {
	if (!canPlay(OPUS_MIME) || refused.includes('opus'))
		return 'This browser cannot play Ogg Opus, so you hear lossless.';
	if (manifest.renditions.opus.state === 'failed')
		return 'The low-data version could not be made, so you hear lossless.';
	return 'The low-data version is still being made; you hear lossless until then.';
}

/**
 * How a rendition is labelled: "Lossless · FLAC", "Opus · 320 kbit/s".
 * @param {Manifest} manifest
 * @param {RenditionName} name
 */
export function renditionLabel(manifest, name) {
	const { codec, bitrate, lossless } = manifest.renditions[name];

	if (name === 'opus')
		return bitrate ? `Opus · ${Math.round(bitrate / 1000)} kbit/s` : 'Opus';
	if (!codec)
		return 'Original';
	return lossless ? `Lossless · ${codecName(codec)}` : `Original · ${codecName(codec)}`;
}

/** Where it is no abbreviation. @type {Record<string, string>} */
const NAMES = { wavpack: 'WavPack', vorbis: 'Vorbis', opus: 'Opus', alaw: 'A-law', ulaw: 'µ-law' };

/** @param {string} codec  as the catalogue calls it */
function codecName(codec) {
	return NAMES[codec] ?? codec.toUpperCase();
}
