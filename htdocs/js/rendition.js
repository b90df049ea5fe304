/**
 * Which rendition of a track a listener gets, and why. Pure.
 * @module
 */

/** @typedef {'lossless' | 'opus'} RenditionName */

/**
 * One rendition as the manifest describes it.
 * @typedef {object} Rendition
 * @property {'ready' | 'virtual' | 'growing' | 'missing' | 'failed'} state  virtual: made as it is asked for; growing: being uploaded, or heard while it is made
 * @property {string} codec
 * @property {string} mime
 * @property {number | null} bitrate  bit/s
 * @property {number | null} bytes
 * @property {string | null} url      the file itself, served by the web server
 * @property {string} stream          the same from stream.fcgi
 * @property {string | null} sidecar  its seek index as a file; of the lossless one it is fmp4's
 * @property {string | null} [seekidx] the same from seekidx.fcgi; also while it grows
 * @property {number} [pre_skip]      samples that a decoder of Opus drops
 * @property {{ codec: string, mime: string, url: string } | null} [fmp4] the lossless one as fragmented MP4
 * @property {{ codec: string, mime: string, stream: string, url: string } | null} [growing] that, or Opus, while
 *     it is made; null before somebody has asked for its index (seekidx)
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
 * @property {string} url
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

	if (manifest.renditions.lossless.state === 'growing' && (lossless || opus))
		return { ...choice(manifest, (wanted === 'opus' && opus) || !lossless ? 'opus' : 'lossless', ARRIVING), pending: true };
	if (wanted === 'opus' && opus)
		return choice(manifest, 'opus', '');
	if (wanted === 'opus' && lossless)
		return { ...choice(manifest, 'lossless', whyNotOpus(manifest, canPlay, refused)),
			pending: manifest.renditions.opus.state === 'missing' && canPlay(OPUS_MIME) };
	/* "no" of canPlayType is no proof for a source: it is tried where there is
	   nothing else */
	if (lossless && (canPlay(manifest.renditions.lossless.mime) || !opus))
		return choice(manifest, 'lossless', '');
	if (opus)
		return choice(manifest, 'opus', 'This browser cannot play the original, so you hear Opus.');
	return null;
}

/**
 * @param {Manifest} manifest
 * @param {RenditionName} name
 * @param {string} note
 * @returns {Choice}
 */
function choice(manifest, name, note) {
	const { url, stream, state } = manifest.renditions[name];

	return { name, url: url ?? stream, note, pending: state === 'growing' };
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
	const { codec, bitrate } = manifest.renditions[name];

	if (name === 'opus')
		return bitrate ? `Opus · ${Math.round(bitrate / 1000)} kbit/s` : 'Opus';
	if (!codec)
		return 'Original';
	return isLossless(codec) ? `Lossless · ${codecName(codec)}` : `Original · ${codecName(codec)}`;
}

const LOSSLESS_CODECS = ['flac', 'alac', 'wavpack', 'tta', 'ape'];

/** @param {string} codec  as FFmpeg calls it */
function isLossless(codec) {
	return codec.startsWith('pcm') || LOSSLESS_CODECS.includes(codec);
}

/** @param {string} codec  as FFmpeg calls it */
function codecName(codec) {
	return codec.startsWith('pcm') ? 'PCM' : codec.toUpperCase();
}
