-- upload_take: a request wants to write; those that may write the same bytes are out
-- from now on, others are not.
--
--   i_from, i_to  the bytes [i_from, i_to); i_to null: all from i_from on
--   i_reads       it keeps the others from writing, and only reads
--
-- Returns the new writer's number. DR404: no such transfer; DR410: expired. Writes
-- drift.upload, drift.upload_writer.
create or replace function drift.upload_take(i_upload uuid, i_from bigint, i_to bigint,
	i_reads boolean default false)
returns integer language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	-- no bytes: the place before the first one
	l_bytes int8range := int8range(i_from, case when i_to = i_from then i_from + 1 else i_to end);
	l_writer integer;
begin
	perform drift.upload_get(i_upload);
	update drift.upload
	set writer = writer + 1,
		rewritten = rewritten or (not i_reads and received && int8range(i_from, i_to))
	where id = i_upload returning writer into l_writer;
	delete from drift.upload_writer where upload = i_upload and bytes && l_bytes;
	insert into drift.upload_writer (upload, writer, bytes) values (i_upload, l_writer, l_bytes);
	return l_writer;
end $$;
comment on function drift.upload_take(uuid, bigint, bigint, boolean) is
	'Makes the caller the only writer of some bytes; returns its number.';
