-- upload_live: has a transfer a row? For the sweep, which removes files without one.
create or replace function drift.upload_live(i_upload uuid)
returns boolean language sql stable security definer set search_path = drift, pg_temp as $$
	select exists (select from drift.upload where id = i_upload)
$$;
comment on function drift.upload_live(uuid) is 'Has a transfer a row?';
