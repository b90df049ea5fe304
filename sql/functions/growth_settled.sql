-- growth_settled: what became of a version of which an artifact was made while it arrived.
--
--   i_kind  remux, opus
--
-- state     of the source: receiving, storing, stored, failed
-- is_same   what was read of it while it arrived is what is stored
-- mtime_us  of the stored file;  delay, samples, padding  at its sample rate
-- No row when it is gone. Who asks makes the artifact still. Writes drift.growth.
create or replace function drift.growth_settled(i_track uuid, i_version integer, i_kind text)
returns table (state text, is_same boolean, mtime_us bigint, delay bigint, samples bigint,
	padding bigint)
language sql security definer set search_path = drift, pg_temp as $$
	update drift.growth set seen = now()
	where track = i_track and version = i_version and kind = i_kind;
	select s.state, not u.rewritten, s.mtime_us, s.delay, s.samples, s.padding
	from drift.source s
	join drift.upload u on u.track = s.track and u.version = s.version
	where s.track = i_track and s.version = i_version
$$;
comment on function drift.growth_settled(uuid, integer, text) is
	'What became of a version of which an artifact was made while it arrived.';
