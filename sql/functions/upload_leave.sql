-- upload_leave: a request writes no more. Writes drift.upload_writer.
create or replace function drift.upload_leave(i_upload uuid, i_writer integer)
returns void language sql security definer set search_path = drift, pg_temp as $$
	delete from drift.upload_writer where upload = i_upload and writer = i_writer
$$;
comment on function drift.upload_leave(uuid, integer) is 'A request writes no more.';
