-- upload_set_length: the sender says how long a transfer is that it began without.
--
--   i_length  bytes in all
--
-- DR404: no such transfer; DR409: its length is known and another, or more bytes than
-- that are here. Writes drift.upload.
create or replace function drift.upload_set_length(i_upload uuid, i_length bigint)
returns void language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_upload drift.upload;
begin
	select * into l_upload from drift.upload where id = i_upload for update;
	if not found then
		raise exception 'no such upload' using errcode = 'DR404';
	end if;
	if l_upload.length <> i_length or upper(l_upload.received) > i_length then
		raise exception 'the upload has another length' using errcode = 'DR409';
	end if;
	update drift.upload set length = i_length where id = i_upload;
end $$;
comment on function drift.upload_set_length(uuid, bigint) is 'Sets the length of a transfer begun without one.';
