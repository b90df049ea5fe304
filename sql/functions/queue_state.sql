-- queue_state: what the transcoder does, waits with and failed at, for an administrator's page.
--
-- At most 50 jobs in each list, of how many there are in all. missing: artifacts that no job
-- is to make.
create or replace function drift.queue_state()
returns jsonb language sql stable security definer set search_path = drift, pg_temp as $$
	select jsonb_build_object(
		'queued', (select count(*) from drift.job where state = 'queued'),
		'running', (select count(*) from drift.job where state = 'running'),
		'failed', (select count(*) from drift.job where state = 'failed'),
		'missing', (select count(*) from drift.missing m where not exists (
			select from drift.job j where j.track = m.track and j.version = m.version
				and j.kind = m.kind and j.state in ('queued', 'running'))),
		'jobs', (select coalesce(jsonb_agg(jsonb_build_object('track', q.track, 'title', q.title,
				'kind', q.kind, 'state', q.state, 'progress', round(q.progress::numeric, 3))), '[]')
			from (select * from drift.queue limit 50) q),
		'failures', (select coalesce(jsonb_agg(jsonb_build_object('track', f.track, 'title', f.title,
				'kind', f.what, 'error', f.error)), '[]')
			from (select * from drift.failures limit 50) f))
$$;
comment on function drift.queue_state() is 'What the transcoder does, waits with and failed at, as JSON.';
