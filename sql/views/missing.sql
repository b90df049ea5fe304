-- missing: the artifacts that stored, present versions lack.
create or replace view drift.missing as
select distinct s.track, s.version, k.kind, t.title, k.priority
from drift.source s
join drift.track t on t.id = s.track and t.version = s.version and t.deleted is null
cross join drift.kinds(s.codec, s.lossless, s.video, s.container) k
join (values ('opus', 'opus'), ('waveform', 'waveform'), ('waveform', 'waveform_zoom'),
	('remux', 'remux')) m (kind, artifact) using (kind)
where s.state = 'stored' and not exists (select from drift.artifact a
	where a.track = s.track and a.version = s.version and a.kind = m.artifact);
comment on view drift.missing is
	'Artifacts that tracks lack, by the job that makes them; drift.backfill() queues these.';

-- as it was called before it knew of chains; this view was its last user
drop function if exists drift.kinds(text, boolean, text);
