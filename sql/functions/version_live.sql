-- version_live: has a version a row? For the sweep, which removes folders without one.
create or replace function drift.version_live(i_track uuid, i_version integer)
returns boolean language sql stable security definer set search_path = drift, pg_temp as $$
	select exists (select from drift.source where track = i_track and version = i_version)
$$;
comment on function drift.version_live(uuid, integer) is 'Has a version a row?';
