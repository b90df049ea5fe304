-- regenerate: queues jobs of a track's present version, made before or not.
--
--   i_kind  opus, waveform, remux; null: all that the source is made into
--
-- Returns how many jobs are queued; a running one starts anew. DR404: no such
-- track, or nothing stored yet; DR400: no such kind. Writes drift.job,
-- notifies drift_job.
create or replace function drift.regenerate(i_track uuid, i_kind text)
returns integer language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_source drift.source;
	l_count integer;
begin
	if i_kind not in ('opus', 'waveform', 'remux') then
		raise exception 'kind is not known' using errcode = 'DR400';
	end if;
	select s.* into l_source from drift.track t
	join drift.source s on s.track = t.id and s.version = t.version
	where t.id = i_track and t.deleted is null;
	if not found then
		raise exception 'no such track' using errcode = 'DR404';
	end if;
	insert into drift.job (track, version, kind, priority)
	select i_track, l_source.version, k.kind, k.priority
	from drift.kinds(l_source.codec, l_source.lossless, l_source.video,
		l_source.container) k
	where k.kind = coalesce(i_kind, k.kind)
	on conflict on constraint job_once do update
	set state = 'queued', progress = 0, attempts = 0, due = now(), lease = null,
		worker = null, error = null, changed = now();
	get diagnostics l_count = row_count;
	notify drift_job;
	return l_count;
end $$;
comment on function drift.regenerate(uuid, text) is
	'Queues the jobs (opus, waveform, remux; null: all) of a track''s present version.';
