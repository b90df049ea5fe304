-- upload_owned: locks a transfer's row for a writer that still may write.
--
-- DR404: no such transfer; DR423: another writer has taken its bytes over.
create or replace function drift.upload_owned(i_upload uuid, i_writer integer)
returns drift.upload language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_upload drift.upload;
begin
	select * into l_upload from drift.upload where id = i_upload for update;
	if not found then
		raise exception 'no such upload' using errcode = 'DR404';
	end if;
	if not exists (select from drift.upload_writer where upload = i_upload and writer = i_writer) then
		raise exception 'another request writes this upload' using errcode = 'DR423';
	end if;
	return l_upload;
end $$;
comment on function drift.upload_owned(uuid, integer) is 'Locks a transfer for one of its writers.';
