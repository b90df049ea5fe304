-- upload_received: bytes [i_from, i_to) are on disk.
--
-- Returns the bytes from 0 on without a gap. DR423: another writer has taken over.
-- Writes drift.upload; its time to expire begins anew.
create or replace function drift.upload_received(i_upload uuid, i_writer integer, i_from bigint,
	i_to bigint)
returns bigint language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_upload drift.upload := drift.upload_owned(i_upload, i_writer);
	l_received int8multirange := l_upload.received
		+ int8multirange(int8range(i_from, least(i_to, l_upload.length)));
begin
	update drift.upload
	set received = l_received, expires = now() + keep
	where id = i_upload;
	return drift.upload_offset(l_received);
end $$;
comment on function drift.upload_received(uuid, integer, bigint, bigint) is
	'Notes bytes that are on disk; returns those from 0 on without a gap.';
