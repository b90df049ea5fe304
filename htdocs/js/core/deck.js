/**
 * What the player needs of each way to make sound.
 * @module
 */

/** @typedef {import('./rendition.js').Manifest} Manifest */
/** @typedef {import('./rendition.js').Choice} Choice */
/** @typedef {import('./source.js').Source} Source */
/** @typedef {import('./segments.js').Segments} Segments */

/** Ways to play, the best first. @typedef {'windows' | 'stream' | 'element'} Way */

/**
 * A place in the queue.
 * @typedef {object} Entry
 * @property {string} track   id
 * @property {string} format  "lossless" or "opus"; "" for what the listener's setting says
 * @property {{ name: string, intensity: number }} [preset]  how Opus is to sound, in place of the setting
 */

/**
 * A track ready to be played in one rendition.
 * @typedef {object} Load
 * @property {Entry} entry
 * @property {Manifest} manifest
 * @property {Choice} choice
 * @property {Way} way
 * @property {Source | null} source      of windows
 * @property {Segments | null} segments  of a stream
 */

/**
 * A deck plays one load after the other. Events: "load" (another load is heard,
 * by itself), "change" (playing, paused, waiting, position), "end" (nothing is
 * left to play), "error", whose detail is a DeckFailure.
 * @typedef {object} DeckParts
 * @property {string} name         a Way
 * @property {Load | null} load    in hand
 * @property {boolean} paused
 * @property {boolean} waiting     wants to sound, and has nothing to
 * @property {boolean} stalled     has sounded, and has run dry
 * @property {number} position     seconds
 * @property {number} bufferedTo   seconds, from the position on without a hole
 * @property {number} volume       0 to 1
 * @property {(load: Load, position: number) => void} start  in place of what is played
 * @property {(load: Load) => void} change  another rendition of the track, where it is
 * @property {(load: Load) => void} mend    after an error: the same track, from elsewhere
 * @property {(position: number) => void} seek
 * @property {() => void} resume
 * @property {() => void} pause
 * @property {() => void} stop     gives the load up; pause() spares the sound card then
 * @property {() => void} follow   what comes after the load is another one now
 * @property {() => void} regain   the listener wants another loudness
 */

/** @typedef {EventTarget & DeckParts} Deck */

/** @typedef {{ load: Load, error: Error }} DeckFailure */

export {};
