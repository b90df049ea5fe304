-- upload_get: how far a transfer is.
--
-- track     and version are null of a part
-- length    bytes in all; null while the sender has not said
-- received  bytes from 0 on without a gap
-- reach     end of the last byte that is there, behind gaps too
-- DR404: no such transfer; DR410: it has expired.
create or replace function drift.upload_get(i_upload uuid)
returns table (track uuid, version integer, kind text, length bigint, received bigint, reach bigint,
	state text, expires_epoch bigint, error text)
language plpgsql stable security definer set search_path = drift, pg_temp as $$
#variable_conflict use_column
declare
	l_upload drift.upload;
begin
	select u.* into l_upload from drift.upload u where u.id = i_upload;
	if not found then
		raise exception 'no such upload' using errcode = 'DR404';
	end if;
	if l_upload.expires < now() and l_upload.state = 'receiving' then
		raise exception 'the upload has expired' using errcode = 'DR410';
	end if;
	return query select l_upload.track, l_upload.version, l_upload.kind, l_upload.length,
		drift.upload_offset(l_upload.received), coalesce(upper(l_upload.received), 0),
		l_upload.state, extract(epoch from l_upload.expires)::bigint, l_upload.error;
end $$;
comment on function drift.upload_get(uuid) is 'How far a transfer is.';
