-- retry: queues a track's failed jobs again, with all their attempts.
--
-- Returns how many. Writes drift.job, notifies drift_job.
create or replace function drift.retry(i_track uuid)
returns integer language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_count integer;
begin
	update drift.job
	set state = 'queued', attempts = 0, progress = 0, due = now(), error = null, changed = now()
	where track = i_track and (state = 'failed' or (state = 'queued' and error is not null));
	get diagnostics l_count = row_count;
	if l_count > 0 then
		notify drift_job;
	end if;
	return l_count;
end $$;
comment on function drift.retry(uuid) is 'Queues a track''s failed jobs again.';
