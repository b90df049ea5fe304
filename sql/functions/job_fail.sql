-- job_fail: an attempt at a job came to nothing.
--
--   i_error  a sentence for the administrator
--   i_retry  true: again after 30 s, 2 min, 8 min … up to 6 h, until the attempts
--            that job_claim allowed are used up; false: never
--
-- Nothing happens when the job is no longer the worker's. Writes drift.job.
create or replace function drift.job_fail(i_job bigint, i_worker text, i_error text,
	i_retry boolean)
returns void language sql security definer set search_path = drift, pg_temp as $$
	update drift.job
	set state = case when i_retry and attempts < attempts_max then 'queued' else 'failed' end,
		error = i_error, lease = null, worker = null, progress = 0, changed = now(),
		due = now() + least(interval '6 hours',
			interval '30 seconds' * power(4, least(attempts, 12) - 1))
	where id = i_job and worker = i_worker and state = 'running'
$$;
comment on function drift.job_fail(bigint, text, text, boolean) is
	'Ends an attempt badly: queued again with back-off, or failed.';
