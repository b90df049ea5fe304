-- job_done: a job's artifact is published.
--
-- Returns false when the job is no longer the worker's. Writes drift.job.
create or replace function drift.job_done(i_job bigint, i_worker text)
returns boolean language plpgsql security definer set search_path = drift, pg_temp as $$
begin
	update drift.job
	set state = 'done', progress = 1, error = null, lease = null, worker = null, changed = now()
	where id = i_job and worker = i_worker and state = 'running';
	return found;
end $$;
comment on function drift.job_done(bigint, text) is 'Ends a job well; false: it is somebody else''s.';
