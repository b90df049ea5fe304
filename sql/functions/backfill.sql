-- backfill: queues what any stored track lacks.
--
--   i_kind  opus, waveform, remux; null: all
--
-- A job that is queued, running or failed for good is left as it is (see retry). Returns
-- how many were queued; DR400: no such kind. Writes drift.job, notifies drift_job.
create or replace function drift.backfill(i_kind text default null)
returns bigint language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_count bigint;
begin
	if i_kind not in ('opus', 'waveform', 'remux') then
		raise exception 'kind is not known' using errcode = 'DR400';
	end if;
	insert into drift.job (track, version, kind, priority)
	select m.track, m.version, m.kind, m.priority - 1 from drift.missing m
	where m.kind = coalesce(i_kind, m.kind)
	order by m.track, m.kind
	on conflict on constraint job_once do update
	set state = 'queued', priority = excluded.priority, progress = 0, attempts = 0, due = now(),
		error = null, changed = now()
	where job.state = 'done';
	get diagnostics l_count = row_count;
	if l_count > 0 then
		notify drift_job;
	end if;
	return l_count;
end $$;
comment on function drift.backfill(text) is 'Queues what any track lacks (opus, waveform, remux; null: all).';
