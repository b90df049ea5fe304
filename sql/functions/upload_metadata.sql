-- upload_metadata: what the sender said of the file when the transfer began.
--
-- DR404: no such transfer.
create or replace function drift.upload_metadata(i_upload uuid)
returns jsonb language plpgsql stable security definer set search_path = drift, pg_temp as $$
declare
	l_metadata jsonb;
begin
	select metadata into l_metadata from drift.upload where id = i_upload;
	if not found then
		raise exception 'no such upload' using errcode = 'DR404';
	end if;
	return l_metadata;
end $$;
comment on function drift.upload_metadata(uuid) is 'What the sender said of the file.';
