-- job_failures: what failed last, for drift-transcoder --status.
--
--   i_limit  rows at most
create or replace function drift.job_failures(i_limit integer)
returns table (track uuid, kind text, error text) language sql stable security definer
set search_path = drift, pg_temp as $$
	select j.track, j.kind, j.error from drift.job j where j.state = 'failed'
	order by j.changed desc, j.id limit i_limit
$$;
comment on function drift.job_failures(integer) is 'The jobs that failed last, with their sentences.';
