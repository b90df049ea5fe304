-- version_drop: removes the rows of versions that nobody plays any more, and of tracks that
-- have none left. Their files are the sweep's to remove.
--
--   i_keep_hours  since they were superseded or their track was deleted
--
-- Returns the versions. Writes drift.source and what hangs on it, drift.track.
create or replace function drift.version_drop(i_keep_hours integer)
returns table (track uuid, version integer)
language plpgsql security definer set search_path = drift, pg_temp as $$
#variable_conflict use_column
begin
	return query
	delete from drift.source s
	using drift.track t
	where t.id = s.track and s.superseded < now() - make_interval(hours => i_keep_hours)
		and (t.deleted is not null or t.version <> s.version)
	returning s.track, s.version;
	delete from drift.track t
	where t.deleted < now() - make_interval(hours => i_keep_hours)
		and not exists (select from drift.source s where s.track = t.id);
end $$;
comment on function drift.version_drop(integer) is
	'Removes the rows of versions superseded or deleted so many hours ago.';
