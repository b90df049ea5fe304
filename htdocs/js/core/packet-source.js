/**
 * A fragmented MP4 with a sidecar as a source. A window's packets are found by the
 * heads of its fragments, fetched without their neighbours, and decoded in a
 * file of their own, behind so many packets as the decoder's state needs.
 *
 * The edit list is taken off, so that what comes out is what the packets say, but for
 * the pre-skip which decoders of Opus drop from any slice. MP3 is decoded as it is
 * outside of MP4, which more browsers know.
 *
 * Sources: doc/seekidx.md; MP3's bit reservoir: ISO/IEC 11172-3 2.4.3.4.
 * @module
 */

import { fragmentedFile, headBytes, readMoof, withoutEdits } from './fragment.js';
import { SourceDamaged } from './source.js';
import { TRIES, wholeSlice } from './whole-slice.js';

/** @typedef {import('./fragment.js').Packet} Packet */
/** @typedef {import('./fragment-index.js').FragmentIndex} FragmentIndex */
/** @typedef {import('./range-reader.js').RangeReader} RangeReader */
/** @typedef {import('./source.js').Pcm} Pcm */

/**
 * @typedef {object} Codec
 * @property {number} preroll  samples decoded before the first wanted one
 * @property {number} packet   samples of a packet, usually: how large a fragment's head may be
 * @property {boolean} [bare]  packets stand by themselves
 * @property {boolean} [skips] a decoder drops the pre-skip
 */

/** @type {Record<string, Codec>} by the sidecar's name */
const CODECS = {
	'fLaC': { preroll: 0, packet: 4096 },
	'mp4a': { preroll: 2 * 1024, packet: 1024 },
	'mp3 ': { preroll: 12 * 1152, packet: 1152, bare: true },
	'Opus': { preroll: 35 * 960, packet: 960, skips: true },
};
/** AAC whose upper half is told of now and then only (SBR), samples. */
const SBR_PREROLL = 50 * 2048;
const PLAIN_AAC = 'mp4a.40.2';
/** Fragments whose packets are kept in mind. */
const HEADS = 4;
/** Of a file that grows, seconds of a window: more may take long to come. */
const GROWING_LONGEST = 1;
/** As long as nothing has been decoded, it may be that this browser cannot. */
const FIRST_TRIES = 2;

/** Whether a fragmented MP4 of a sidecar's codec can be a source. @param {string} codec */
export function hasPackets(codec) {
	return codec in CODECS;
}

export class PacketSource {
	#index;
	#reader;
	#decode;
	#codec;
	#preroll;
	#setup;
	/** by entry, the latest last @type {Map<number, Packet[]>} */
	#heads = new Map();
	/** by offset: what the next window begins with @type {Map<number, Uint8Array>} */
	#kept = new Map();
	#tries = FIRST_TRIES;

	/**
	 * @param {FragmentIndex} index  of one fragment or more
	 * @param {string} codec        as the manifest calls it (RFC 6381)
	 * @param {RangeReader} reader  of the MP4
	 * @param {(slice: Uint8Array<ArrayBuffer>, rate: number) => Promise<Pcm>} decode
	 */
	constructor(index, codec, reader, decode) {
		this.#index = index;
		this.#reader = reader;
		this.#decode = decode;
		this.#codec = CODECS[index.codec];
		this.#preroll = index.codec === 'mp4a' && codec !== PLAIN_AAC ? SBR_PREROLL : this.#codec.preroll;
		this.#setup = withoutEdits(index.setup);
		this.rate = index.rate;
	}

	get length() {
		return this.#index.length;
	}

	get longest() {
		return this.#index.growing ? GROWING_LONGEST : Infinity;
	}

	/** @type {import('./source.js').Source['windowEnd']} */
	windowEnd(from, wanted) {
		return Math.min(this.length, from + wanted);
	}

	/** @type {import('./source.js').Source['read']} */
	async read(from, to, ahead, signal) {
		const { preSkip } = this.#index;
		const dropped = this.#codec.skips ? preSkip : 0;

		if (this.#index.growing)
			await this.#index.reach(to + preSkip, signal);
		if (from >= this.length)
			return [new Float32Array(0)];
		const end = Math.min(to, this.length);
		/** @type {Packet[]} */
		let packets = [];

		const pcm = await wholeSlice(async (again) => {
			const { data, ...found } = await this.#fetch(from + preSkip, end + preSkip, ahead + preSkip, signal, again);

			packets = found.packets;
			return this.#codec.bare ? data : fragmentedFile(this.#setup, packets, data);
		}, (slice) => this.#decode(slice, this.rate),
		([channel]) => channel.length === endOf(packets) - packets[0].at - dropped, signal, this.#tries);
		const start = packets[0].at + dropped - preSkip;

		this.#tries = TRIES;
		return pcm.map((channel) => channel.slice(from - start, end - start));
	}

	/**
	 * The packets of samples [from, to), counted from the first packet of all, and of the pre-roll.
	 * @param {number} from
	 * @param {number} to
	 * @param {number} ahead
	 * @param {AbortSignal} signal
	 * @param {boolean} again  nothing that is kept is trusted
	 */
	async #fetch(from, to, ahead, signal, again) {
		const first = Math.max(0, from - this.#preroll);
		const packets = [];
		const parts = [];

		if (again)
			this.#forget();
		for (let entry = this.#index.entryOf(first); entry < this.#index.count && this.#index.at(entry) < to; entry++) {
			const goesOn = first <= this.#index.at(entry) + this.#codec.packet;
			const wanted = (await this.#head(entry, goesOn ? ahead : 0, signal, again))
				.filter(({ at, samples }) => at + samples > first && at < to);

			packets.push(...wanted);
			parts.push(...await this.#bytesOf(wanted, ahead, signal, again));
		}
		if (packets.length === 0 || endOf(packets) < to)
			throw new SourceDamaged('The index of this track belongs to another file.');
		const data = joined(parts);

		this.#keepEnd(packets, data);
		return { packets, data };
	}

	/**
	 * @param {number} entry
	 * @param {number} ahead  sample; all up to there will be read next
	 * @param {AbortSignal} signal
	 * @param {boolean} again
	 * @returns {Promise<Packet[]>}
	 */
	async #head(entry, ahead, signal, again) {
		const known = this.#heads.get(entry);
		if (known)
			return known;
		const place = this.#index.offset(entry);
		const guess = place + headBytes(Math.ceil((this.#index.at(entry + 1) - this.#index.at(entry)) / this.#codec.packet));
		const furthest = Math.min(this.#index.offset(this.#index.count), Math.max(guess, this.#offsetOf(ahead)));
		const cache = again ? 'reload' : 'default';
		const begin = await this.#reader.read(place, place + 8, furthest, signal, cache);
		const end = place + new DataView(begin.buffer).getUint32(0);
		if (end < place + 8 || end + 8 > this.#index.offset(entry + 1))
			throw new SourceDamaged('The index of this track belongs to another file.');
		/* and the head of mdat: what follows is read on in one answer */
		const rest = await this.#reader.read(place + 8, end + 8, furthest, signal, cache);
		const packets = readMoof(joined([begin, rest]).subarray(0, end - place), place);

		this.#heads.set(entry, packets);
		if (this.#heads.size > HEADS)
			this.#heads.delete([...this.#heads.keys()][0]);
		return packets;
	}

	/**
	 * @param {Packet[]} packets  of one fragment
	 * @param {number} ahead      sample
	 * @param {AbortSignal} signal
	 * @param {boolean} again
	 */
	async #bytesOf(packets, ahead, signal, again) {
		const parts = [];

		for (const { from, to, kept } of runsOf(packets, this.#kept))
			parts.push(kept ?? await this.#reader.read(from, to, Math.max(to, this.#offsetOf(ahead)), signal,
				again ? 'reload' : 'default'));
		return parts;
	}

	/**
	 * The next window begins with the pre-roll, and with what this one used of its last packet.
	 * @param {Packet[]} packets
	 * @param {Uint8Array} data  theirs
	 */
	#keepEnd(packets, data) {
		const last = packets[packets.length - 1];
		const from = last.at - this.#preroll;
		let end = data.length;

		this.#kept = new Map();
		for (const { offset, bytes } of packets.filter(({ at, samples }) => at + samples > from).reverse())
			{
			this.#kept.set(offset, data.slice(end - bytes, end));
			end -= bytes;
		}
	}

	#forget() {
		this.#heads = new Map();
		this.#kept = new Map();
	}

	/** Behind the packet of a sample; of a fragment not known yet behind that. @param {number} sample */
	#offsetOf(sample) {
		const entry = this.#index.entryOf(sample);
		const last = this.#heads.get(entry)?.find((packet) => packet.at + packet.samples >= sample);

		return last ? last.offset + last.bytes : this.#index.offset(Math.min(this.#index.count, entry + 1));
	}
}

/** @param {Packet[]} packets */
function endOf(packets) {
	const last = packets[packets.length - 1];

	return last.at + last.samples;
}

/**
 * What is kept stands alone; what lies behind each other in the file is read at once.
 * @param {Packet[]} packets
 * @param {Map<number, Uint8Array>} kept
 */
function runsOf(packets, kept) {
	/** @type {{ from: number, to: number, kept?: Uint8Array }[]} */
	const runs = [];

	for (const { offset, bytes } of packets) {
		const last = runs[runs.length - 1];

		if (last && !last.kept && !kept.has(offset) && last.to === offset)
			last.to += bytes;
		else
			runs.push({ from: offset, to: offset + bytes, kept: kept.get(offset) });
	}
	return runs;
}

/** @param {Uint8Array[]} parts */
function joined(parts) {
	const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
	let at = 0;

	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}
