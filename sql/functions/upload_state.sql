-- upload_state: receiving, or storing (being probed and published).
--
-- DR423: another writer has taken over. Writes drift.upload, drift.source.
create or replace function drift.upload_state(i_upload uuid, i_writer integer, i_state text)
returns void language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_upload drift.upload := drift.upload_owned(i_upload, i_writer);
begin
	update drift.upload set state = i_state where id = i_upload;
	update drift.source set state = i_state
	where track = l_upload.track and version = l_upload.version and state <> 'stored';
end $$;
comment on function drift.upload_state(uuid, integer, text) is 'Sets a transfer''s state.';
