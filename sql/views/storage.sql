-- storage: bytes in the store, by kind.
create or replace view drift.storage as
select f.kind, count(*) as files, sum(f.bytes) as bytes, pg_size_pretty(sum(f.bytes)) as size
from (
	select case when s.superseded is null then 'source' else 'source, superseded' end as kind,
		s.bytes
	from drift.source s where s.state = 'stored'
	union all
	select a.kind, a.bytes from drift.artifact a
	union all
	select 'upload', (select coalesce(sum(upper(r) - lower(r)), 0) from unnest(u.received) r)
	from drift.upload u where u.state in ('receiving', 'storing')
) f
group by f.kind order by sum(f.bytes) desc;
comment on view drift.storage is 'Bytes in the store, by kind.';
