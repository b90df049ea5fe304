-- sound_get: a version's source as an encoder needs it, for encoding on demand.
--
-- DR404: no such track or version, or it is no longer wanted.
drop function if exists drift.sound_get(uuid, integer);
create or replace function drift.sound_get(i_track uuid, i_version integer)
returns table (source_name text, source_mtime_us bigint, sample_rate integer, channels integer,
	samples bigint, samples48 bigint, loudness double precision,
	loudness_range double precision, spectrum real[], title text, tags jsonb,
	delay integer, padding integer)
language plpgsql stable security definer set search_path = drift, pg_temp as $$
#variable_conflict use_column
begin
	return query
	select s.name, s.mtime_us, s.sample_rate, s.channels, s.samples, s.samples48,
		s.loudness, s.loudness_range, s.spectrum, t.title, s.tags,
		coalesce(s.delay, 0), coalesce(s.padding, 0)
	from drift.source s
	join drift.track t on t.id = s.track
	where s.track = i_track and s.version = i_version and t.deleted is null;
	if not found then
		raise exception 'no such version' using errcode = 'DR404';
	end if;
end $$;
comment on function drift.sound_get(uuid, integer) is 'A version''s source as an encoder needs it.';
