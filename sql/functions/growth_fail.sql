-- growth_fail: no fragmented MP4 can be made of a version while it arrives: nobody is to try again.
--
-- Nothing when the version is gone. Writes drift.growth.
create or replace function drift.growth_fail(i_track uuid, i_version integer)
returns void language sql security definer set search_path = drift, pg_temp as $$
	insert into drift.growth (track, version, failed)
	select s.track, s.version, true
	from drift.source s where s.track = i_track and s.version = i_version
	on conflict on constraint growth_pkey do update
	set failed = true, codec = null, seen = '-infinity'
$$;
comment on function drift.growth_fail(uuid, integer) is
	'Says that no fragmented MP4 can be made of a version while it arrives.';
