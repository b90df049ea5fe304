-- job_release: a worker that was told to end gives a job back.
--
-- It is due at once and the attempt does not count. Returns false when the job is
-- no longer the worker's. Writes drift.job, notifies drift_job.
create or replace function drift.job_release(i_job bigint, i_worker text)
returns boolean language plpgsql security definer set search_path = drift, pg_temp as $$
begin
	update drift.job
	set state = 'queued', attempts = greatest(attempts - 1, 0), progress = 0, due = now(),
		lease = null, worker = null, changed = now()
	where id = i_job and worker = i_worker and state = 'running';
	if found then
		notify drift_job;
		return true;
	end if;
	return false;
end $$;
comment on function drift.job_release(bigint, text) is
	'Gives a job back, due at once and at no cost; false: it is somebody else''s.';
