-- upload_forget: removes a transfer's row, the version it did not become, and a
-- track that has none.
--
-- Writes drift.upload, drift.source, drift.track.
create or replace function drift.upload_forget(i_upload uuid)
returns void language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_upload drift.upload;
begin
	delete from drift.upload where id = i_upload returning * into l_upload;
	if l_upload.state = 'stored' then
		return;
	end if;
	delete from drift.source
	where track = l_upload.track and version = l_upload.version and state <> 'stored';
	delete from drift.track t
	where t.id = l_upload.track and t.version = 0
		and not exists (select from drift.source s where s.track = t.id);
end $$;
comment on function drift.upload_forget(uuid) is 'Removes a transfer and what it did not become.';
