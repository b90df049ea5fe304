-- upload_create: a transfer begins; the track's id is minted here.
--
--   i_key            who sends
--   i_track          replace its audio; null: a new track
--   i_length         bytes in all; null: the sender will say later
--   i_name           the file's name: a title of last resort
--   i_metadata       what the client said of it
--   i_expires_hours  unfinished, it is kept that long after the last byte
--
-- DR404: no such track. Writes drift.track, drift.source, drift.upload.
create or replace function drift.upload_create(i_key bigint, i_track uuid, i_length bigint,
	i_name text, i_metadata jsonb, i_expires_hours integer)
returns table (upload uuid, track uuid, version integer)
language plpgsql security definer set search_path = drift, pg_temp as $$
#variable_conflict use_column
declare
	l_track uuid := i_track;
	l_version integer;
	l_upload uuid;
begin
	if l_track is null then
		insert into drift.track default values returning id into l_track;
	end if;
	-- never a number that a given up transfer had: its files may just be on their way
	update drift.track t
	set versions = 1 + greatest(t.versions,
		(select max(s.version) from drift.source s where s.track = t.id))
	where t.id = l_track and t.deleted is null
	returning t.versions into l_version;
	if not found then
		raise exception 'no such track' using errcode = 'DR404';
	end if;
	insert into drift.source (track, version) values (l_track, l_version);
	insert into drift.upload (key, track, version, name, metadata, length, keep, expires)
	values (i_key, l_track, l_version, coalesce(i_name, ''), coalesce(i_metadata, '{}'),
		i_length, make_interval(hours => i_expires_hours),
		now() + make_interval(hours => i_expires_hours))
	returning id into l_upload;
	return query select l_upload, l_track, l_version;
end $$;
comment on function drift.upload_create(bigint, uuid, bigint, text, jsonb, integer) is
	'Begins a transfer, for a new track or a new version of one.';
