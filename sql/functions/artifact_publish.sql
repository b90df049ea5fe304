-- artifact_publish: the file is in the version's folder: makes or changes its row.
--
--   i_kind  opus, seekidx, waveform, waveform_zoom, remux, remux_seekidx, playlist,
--           master or packets
--   i_meta  what it was made with
--
-- Returns false when the job is no longer the worker's. Writes drift.artifact.
create or replace function drift.artifact_publish(i_job bigint, i_worker text, i_kind text,
	i_name text, i_bytes bigint, i_mime text, i_mtime_us bigint, i_meta jsonb)
returns boolean language plpgsql security definer set search_path = drift, pg_temp as $$
begin
	insert into drift.artifact (track, version, kind, name, bytes, mime, mtime_us, meta)
	select j.track, j.version, i_kind, i_name, i_bytes, i_mime, i_mtime_us, i_meta
	from drift.job j where j.id = i_job and j.worker = i_worker and j.state = 'running'
	for update
	on conflict on constraint artifact_pkey do update
	set name = excluded.name, bytes = excluded.bytes, mime = excluded.mime,
		mtime_us = excluded.mtime_us, meta = excluded.meta, created = now();
	return found;
end $$;
comment on function drift.artifact_publish(bigint, text, text, text, bigint, text, bigint, jsonb) is
	'Makes or changes the row of a published file; false: the job is somebody else''s.';
