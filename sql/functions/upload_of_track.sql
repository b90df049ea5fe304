-- upload_of_track: the transfers to a track's versions, ended or not, for who removes it.
create or replace function drift.upload_of_track(i_track uuid)
returns setof uuid language sql stable security definer set search_path = drift, pg_temp as $$
	select id from drift.upload where track = i_track
$$;
comment on function drift.upload_of_track(uuid) is 'The transfers to a track''s versions.';
