-- upload_create_part: a transfer begins that is a part of one that is joined later.
--
--   i_key            who sends
--   i_length         bytes in all; null: the sender will say later
--   i_metadata       what the client said of it
--   i_expires_hours  unjoined, it is kept that long after the last byte
--
-- Writes drift.upload.
create or replace function drift.upload_create_part(i_key bigint, i_length bigint, i_metadata jsonb,
	i_expires_hours integer)
returns uuid language sql security definer set search_path = drift, pg_temp as $$
	insert into drift.upload (kind, key, metadata, length, keep, expires)
	values ('part', i_key, coalesce(i_metadata, '{}'), i_length,
		make_interval(hours => i_expires_hours), now() + make_interval(hours => i_expires_hours))
	returning id
$$;
comment on function drift.upload_create_part(bigint, bigint, jsonb, integer) is
	'Begins a part of a transfer.';
