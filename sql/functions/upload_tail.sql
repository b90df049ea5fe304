-- upload_tail: where the bytes begin that are there up to a transfer's end without a gap; null
-- when its last one is not there.
create or replace function drift.upload_tail(i_upload uuid)
returns bigint language sql stable security definer set search_path = drift, pg_temp as $$
	select lower(r) from drift.upload u, unnest(u.received) r
	where u.id = i_upload and upper(r) = u.length
$$;
comment on function drift.upload_tail(uuid) is 'Where the bytes at a transfer''s end begin.';
