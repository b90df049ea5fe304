-- growth_fail: an artifact of a version cannot be made while it arrives: nobody is to try again.
--
--   i_kind  remux, opus
--
-- Nothing when the version is gone. Writes drift.growth.
create or replace function drift.growth_fail(i_track uuid, i_version integer, i_kind text)
returns void language sql security definer set search_path = drift, pg_temp as $$
	insert into drift.growth (track, version, kind, failed)
	select s.track, s.version, i_kind, true
	from drift.source s where s.track = i_track and s.version = i_version
	on conflict on constraint growth_pkey do update
	set failed = true, codec = null, seen = '-infinity'
$$;
comment on function drift.growth_fail(uuid, integer, text) is
	'Says that an artifact of a version cannot be made while it arrives.';
