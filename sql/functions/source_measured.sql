-- source_measured: what was measured of a version; the first measurement stays,
-- because the setup pages of its Opus rendition carry it.
--
--   i_loudness   EBU R128 integrated, LUFS; null for silence
--   i_range      LU; null for silence
--   i_true_peak  dBTP
--
-- Writes drift.source.
create or replace function drift.source_measured(i_track uuid, i_version integer,
	i_loudness double precision, i_range double precision, i_true_peak double precision)
returns void language sql security definer set search_path = drift, pg_temp as $$
	update drift.source
	set loudness = coalesce(loudness, i_loudness),
		loudness_range = coalesce(loudness_range, i_range),
		true_peak = coalesce(true_peak, i_true_peak)
	where track = i_track and version = i_version
$$;
comment on function drift.source_measured(uuid, integer, double precision, double precision,
	double precision) is 'Stores loudness, range and true peak of a version, once.';
