-- 002_versions - a version's number is given out once, whatever becomes of its transfer.

alter table drift.track add column versions integer not null default 0
	constraint track_versions check (versions >= 0);
comment on column drift.track.versions is 'The highest version number that was given out';
update drift.track t
set versions = coalesce((select max(s.version) from drift.source s where s.track = t.id), 0);
