-- source_measured: what was measured of a version; the first measurement stays,
-- because the setup pages of its Opus rendition carry it.
--
--   i_loudness      EBU R128 integrated, LUFS; null for silence
--   i_range         LU; null for silence
--   i_true_peak     dBTP
--   i_blocks        blocks of 0.4 s by loudness, each tenth of a LU from -70 LUFS on
--   i_spectrum      dB by thirds of an octave, 20 Hz to 20 kHz
--   i_silence_start, i_silence_end  samples below -60 dBFS at both ends
--   i_sha256        of the file, hexadecimal; null: not known
--
-- Writes drift.source.
create or replace function drift.source_measured(i_track uuid, i_version integer,
	i_loudness double precision, i_range double precision, i_true_peak double precision,
	i_blocks integer[], i_spectrum real[], i_silence_start bigint, i_silence_end bigint,
	i_sha256 text)
returns void language sql security definer set search_path = drift, pg_temp as $$
	update drift.source
	set loudness = coalesce(loudness, i_loudness),
		loudness_range = coalesce(loudness_range, i_range),
		true_peak = coalesce(true_peak, i_true_peak),
		blocks = coalesce(blocks, i_blocks),
		spectrum = coalesce(spectrum, i_spectrum),
		silence_start = coalesce(silence_start, i_silence_start),
		silence_end = coalesce(silence_end, i_silence_end),
		sha256 = coalesce(sha256, i_sha256)
	where track = i_track and version = i_version
$$;
comment on function drift.source_measured(uuid, integer, double precision, double precision,
	double precision, integer[], real[], bigint, bigint, text) is
	'Stores what was measured of a version, once.';
