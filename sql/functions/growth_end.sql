-- growth_end: the fragmented MP4 of a version does not grow any more. Writes drift.growth.
create or replace function drift.growth_end(i_track uuid, i_version integer)
returns void language sql security definer set search_path = drift, pg_temp as $$
	delete from drift.growth where track = i_track and version = i_version
$$;
comment on function drift.growth_end(uuid, integer) is
	'The fragmented MP4 of a version does not grow any more.';
