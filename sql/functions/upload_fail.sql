-- upload_fail: what came is not taken.
--
--   i_error  a sentence for who sent it
--
-- Writes drift.upload, drift.source.
create or replace function drift.upload_fail(i_upload uuid, i_error text)
returns void language sql security definer set search_path = drift, pg_temp as $$
	with failed as (
		update drift.upload set state = 'failed', error = i_error where id = i_upload
		returning track, version
	)
	update drift.source s set state = 'failed', error = i_error
	from failed f where s.track = f.track and s.version = f.version and s.state <> 'stored'
$$;
comment on function drift.upload_fail(uuid, text) is 'Ends a transfer badly, with a sentence.';
