-- regenerate: queues jobs of a track's present version, made before or not.
--
--   i_kind  opus, waveform; null: both
--
-- Returns how many jobs are queued; a running one starts anew. DR404: no such
-- track, or nothing stored yet; DR400: no such kind. Writes drift.job,
-- notifies drift_job.
create or replace function drift.regenerate(i_track uuid, i_kind text)
returns integer language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_version integer;
	l_count integer;
begin
	if i_kind not in ('opus', 'waveform') then
		raise exception 'kind is not known' using errcode = 'DR400';
	end if;
	select version into l_version from drift.track
	where id = i_track and deleted is null and version > 0;
	if not found then
		raise exception 'no such track' using errcode = 'DR404';
	end if;
	insert into drift.job (track, version, kind)
	select i_track, l_version, k from unnest(array['opus', 'waveform']) k
	where k = coalesce(i_kind, k)
	on conflict on constraint job_once do update
	set state = 'queued', progress = 0, attempts = 0, due = now(), lease = null,
		worker = null, error = null, changed = now();
	get diagnostics l_count = row_count;
	notify drift_job;
	return l_count;
end $$;
comment on function drift.regenerate(uuid, text) is
	'Queues the jobs (opus, waveform; null: both) of a track''s present version.';
