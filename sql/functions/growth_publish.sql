-- growth_publish: a file of the fragmented MP4 that was made while its source arrived is in
-- the version's folder, whole: makes its row. That of the MP4 itself (kind remux) comes last, and
-- settles the job unless somebody is at it.
--
-- Returns false when the version is not stored, or not what was read while it arrived. Writes
-- drift.artifact, drift.job, drift.growth.
create or replace function drift.growth_publish(i_track uuid, i_version integer, i_kind text,
	i_name text, i_bytes bigint, i_mime text, i_mtime_us bigint, i_meta jsonb)
returns boolean language plpgsql security definer set search_path = drift, pg_temp as $$
begin
	perform from drift.growth_settled(i_track, i_version, 'remux') s where s.state = 'stored' and s.is_same;
	if not found or i_kind not in ('remux', 'remux_seekidx', 'playlist', 'master') then
		return false;
	end if;
	insert into drift.artifact (track, version, kind, name, bytes, mime, mtime_us, meta)
	values (i_track, i_version, i_kind, i_name, i_bytes, i_mime, i_mtime_us, i_meta)
	on conflict on constraint artifact_pkey do update
	set name = excluded.name, bytes = excluded.bytes, mime = excluded.mime,
		mtime_us = excluded.mtime_us, meta = excluded.meta, created = now();
	if i_kind = 'remux' then
		update drift.job set state = 'done', progress = 1, error = null, changed = now()
		where track = i_track and version = i_version and kind = 'remux' and state = 'queued';
		perform drift.growth_end(i_track, i_version, i_kind);
	end if;
	return true;
end $$;
comment on function drift.growth_publish(uuid, integer, text, text, bigint, text, bigint, jsonb) is
	'Makes the row of a file that was made while its source arrived.';
