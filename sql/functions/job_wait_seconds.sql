-- job_wait_seconds: how long until a job can be taken.
--
-- Returns seconds, 0 when one is due; null when none is queued or running.
create or replace function drift.job_wait_seconds()
returns double precision language sql stable security definer
set search_path = drift, pg_temp as $$
	select greatest(extract(epoch from min(case state when 'queued' then due else lease end)
		- now()), 0)::double precision
	from drift.job where state in ('queued', 'running')
$$;
comment on function drift.job_wait_seconds() is 'Seconds until the next job is due; null: none is.';
