-- job_progress: how far a job is; renews its lease.
--
--   i_progress       0 to 1
--   i_lease_seconds  from now on
--
-- Returns false when the job is no longer the worker's: stop. Writes drift.job.
create or replace function drift.job_progress(i_job bigint, i_worker text,
	i_progress double precision, i_lease_seconds integer)
returns boolean language plpgsql security definer set search_path = drift, pg_temp as $$
begin
	perform drift.worker_attend(i_worker); -- this may be another connection than the claim's
	update drift.job
	set progress = least(greatest(i_progress, progress), 1), changed = now(),
		lease = now() + make_interval(secs => i_lease_seconds)
	where id = i_job and worker = i_worker and state = 'running';
	return found;
end $$;
comment on function drift.job_progress(bigint, text, double precision, integer) is
	'Notes progress (0 to 1) and renews the lease; false: the job is somebody else''s.';
