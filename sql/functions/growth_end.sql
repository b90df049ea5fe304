-- growth_end: an artifact of a version does not grow any more. Writes drift.growth.
--
--   i_kind  remux, opus
create or replace function drift.growth_end(i_track uuid, i_version integer, i_kind text)
returns void language sql security definer set search_path = drift, pg_temp as $$
	delete from drift.growth where track = i_track and version = i_version and kind = i_kind
$$;
comment on function drift.growth_end(uuid, integer, text) is
	'An artifact of a version does not grow any more.';
