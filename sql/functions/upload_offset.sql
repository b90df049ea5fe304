-- upload_offset: bytes that are on disk without a gap from the start.
create or replace function drift.upload_offset(i_received int8multirange)
returns bigint language sql immutable set search_path = drift, pg_temp as $$
	select coalesce((select upper(r) from unnest(i_received) r where lower(r) = 0), 0)
$$;
comment on function drift.upload_offset(int8multirange) is 'Bytes received from 0 on without a gap.';
