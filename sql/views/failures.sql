-- failures: what went wrong, newest first: jobs and uploads.
create or replace view drift.failures as
select j.changed as at, t.title, j.kind as what, j.attempts, j.error, j.track, j.version
from drift.job j
join drift.track t on t.id = j.track
where j.state = 'failed'
union all
select u.created, u.name, 'upload', null, u.error, u.track, u.version
from drift.upload u
where u.state = 'failed'
order by at desc;
comment on view drift.failures is 'Jobs and uploads that failed; drift.retry(track) queues jobs again.';
