-- upload_take: a request wants to write; the one before is out from now on.
--
-- Returns the new writer's number. DR404: no such transfer; DR410: expired.
-- Writes drift.upload.
create or replace function drift.upload_take(i_upload uuid)
returns integer language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_writer integer;
begin
	perform drift.upload_get(i_upload);
	update drift.upload set writer = writer + 1 where id = i_upload returning writer into l_writer;
	return l_writer;
end $$;
comment on function drift.upload_take(uuid) is 'Makes the caller the only writer; returns its number.';
