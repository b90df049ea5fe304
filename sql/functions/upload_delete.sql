-- upload_delete: its sender gives a transfer up. Its file is the caller's to remove.
--
-- DR404: no such transfer. Writes drift.upload, drift.source, drift.track.
create or replace function drift.upload_delete(i_upload uuid)
returns void language plpgsql security definer set search_path = drift, pg_temp as $$
begin
	perform from drift.upload where id = i_upload for update;
	if not found then
		raise exception 'no such upload' using errcode = 'DR404';
	end if;
	perform drift.upload_forget(i_upload);
end $$;
comment on function drift.upload_delete(uuid) is 'Gives a transfer up.';
