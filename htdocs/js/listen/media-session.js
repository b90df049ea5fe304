/**
 * Keys of the keyboard, the headset and the lock screen, and what is shown there.
 *
 * Browsers give them to media elements only, so a silent one runs along with what
 * Web Audio plays; on iOS it also keeps Web Audio alive behind a locked screen.
 * @module
 */

/** @typedef {import('../core/player.js').Player} Player */

const SEEK_SECONDS = 10;
/** Of the silence: shorter sounds count as effects, and get no keys. */
const SILENCE_SECONDS = 10;
const SILENCE_RATE = 8000;

/** @param {Player} player */
export function joinMediaSession(player) {
	const { mediaSession: session } = navigator;
	if (!session)
		return;
	const carrier = makeCarrier();

	takeActions(session, player);
	player.addEventListener('track', () => showTrack(session, player));
	player.addEventListener('manifest', () => showTrack(session, player));
	player.addEventListener('change', () => {
		carry(carrier, player);
		showState(session, player);
	});
}

/**
 * @param {MediaSession} session
 * @param {Player} player
 */
function takeActions(session, player) {
	/** @type {Partial<Record<MediaSessionAction, (details: MediaSessionActionDetails) => void>>} */
	const actions = {
		play: () => player.play(),
		pause: () => player.pause(),
		stop: () => player.pause(),
		nexttrack: () => player.next(),
		previoustrack: () => player.previous(),
		seekto: ({ seekTime }) => player.seek(seekTime ?? 0),
		seekforward: ({ seekOffset }) => player.seek(player.position + (seekOffset ?? SEEK_SECONDS)),
		seekbackward: ({ seekOffset }) => player.seek(player.position - (seekOffset ?? SEEK_SECONDS)),
	};

	for (const [name, act] of Object.entries(actions)) {
		try {
			session.setActionHandler(/** @type {MediaSessionAction} */ (name), act);
		} catch {
			/* a key that this browser does not know */
		}
	}
}

/**
 * @param {MediaSession} session
 * @param {Player} player
 */
function showTrack(session, { manifest }) {
	if (!manifest)
		return;
	const { title, artist, album, cover } = manifest;

	session.metadata = new MediaMetadata({ title, artist: artist ?? '', album: album ?? '',
		artwork: cover ? [{ src: new URL(cover, document.baseURI).href }] : [] });
}

/**
 * @param {MediaSession} session
 * @param {Player} player
 */
function showState(session, { paused, position, duration }) {
	session.playbackState = paused ? 'paused' : 'playing';
	if (duration > 0)
		session.setPositionState?.({ duration, position: Math.min(position, duration), playbackRate: 1 });
}

/**
 * @param {HTMLAudioElement} carrier
 * @param {Player} player
 */
function carry(carrier, { paused, engine }) {
	const wanted = !paused && engine === 'windows';

	if (wanted && carrier.paused)
		carrier.play().catch(() => {}); /* no keys then; the sound does not depend on it */
	else if (!wanted && !carrier.paused)
		carrier.pause();
}

function makeCarrier() {
	const bytes = SILENCE_SECONDS * SILENCE_RATE;
	const wav = new Uint8Array(44 + bytes).fill(0x80, 44); /* unsigned: the middle is silence */
	const view = new DataView(wav.buffer);
	const carrier = new Audio();

	for (const [at, name] of /** @type {[number, string][]} */ ([[0, 'RIFF'], [8, 'WAVE'], [12, 'fmt '], [36, 'data']]))
		[...name].forEach((character, i) => view.setUint8(at + i, character.charCodeAt(0)));
	for (const [at, value] of [[4, 36 + bytes], [16, 16], [24, SILENCE_RATE], [28, SILENCE_RATE], [40, bytes]])
		view.setUint32(at, value, true);
	for (const [at, value] of [[20, 1], [22, 1], [32, 1], [34, 8]])
		view.setUint16(at, value, true);
	carrier.src = URL.createObjectURL(new Blob([wav], { type: 'audio/wav' }));
	carrier.loop = true;
	return carrier;
}
