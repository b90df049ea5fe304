-- queue: jobs that wait or are being done, in the order in which they will be.
create or replace view drift.queue as
select j.id, t.title, j.kind, j.state, j.progress, j.attempts,
	case j.state when 'queued' then greatest(j.due - now(), interval '0') end as due_in,
	j.worker, case j.state when 'running' then j.lease - now() end as lease_left, j.error,
	j.track, j.version
from drift.job j
join drift.track t on t.id = j.track
where j.state in ('queued', 'running')
order by j.state desc, j.priority desc, j.due, j.id;
comment on view drift.queue is 'Jobs that wait or are being done, in order.';
