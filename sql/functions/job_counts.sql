-- job_counts: the queue in figures, for drift-transcoder --status.
--
-- Returns one row for each kind and state that is not done.
create or replace function drift.job_counts()
returns table (kind text, state text, jobs bigint) language sql stable security definer
set search_path = drift, pg_temp as $$
	select j.kind, j.state, count(*) from drift.job j where j.state <> 'done'
	group by j.kind, j.state order by j.kind, j.state
$$;
comment on function drift.job_counts() is 'Jobs that are not done, by kind and state.';
