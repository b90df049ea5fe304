-- upload_reach: how far a transfer can be read from a place on.
--
--   i_at  byte
--
-- reach  end of the bytes that are there from i_at on without a gap; i_at when it is not
-- state  of the transfer; no row when it is gone
create or replace function drift.upload_reach(i_upload uuid, i_at bigint)
returns table (state text, reach bigint, length bigint)
language sql stable security definer set search_path = drift, pg_temp as $$
	select u.state, coalesce((select upper(r) from unnest(u.received) r where r @> i_at), i_at),
		u.length
	from drift.upload u where u.id = i_upload
$$;
comment on function drift.upload_reach(uuid, bigint) is
	'How far a transfer can be read from a place on.';
