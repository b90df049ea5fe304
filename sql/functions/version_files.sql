-- version_files: the files that rows name in a version's folder, for the sweep.
--
-- bytes is null where no row has it (covers).
create or replace function drift.version_files(i_track uuid, i_version integer)
returns table (name text, bytes bigint) language sql stable security definer
set search_path = drift, pg_temp as $$
	select s.name, s.bytes from drift.source s
	where s.track = i_track and s.version = i_version and s.name is not null
	union all
	select s.cover_name, null from drift.source s
	where s.track = i_track and s.version = i_version and s.cover_name is not null
	union all
	select s.cover_small, null from drift.source s
	where s.track = i_track and s.version = i_version and s.cover_small is not null
	union all
	select a.name, a.bytes from drift.artifact a
	where a.track = i_track and a.version = i_version
$$;
comment on function drift.version_files(uuid, integer) is 'Files that rows name in a version''s folder.';
