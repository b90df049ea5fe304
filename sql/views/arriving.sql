-- arriving: uploads under way, and who hears them already; the one that came on last first.
create or replace view drift.arriving as
select u.track, u.version, u.name, u.kind,
	case when s.track is not null then drift.arrival(s, u) end as state,
	(select coalesce(sum(upper(r) - lower(r)), 0) from unnest(u.received) r) as received,
	u.length, (select count(*) from unnest(u.received)) as ranges,
	(select count(*) from drift.upload_writer w where w.upload = u.id) as writers,
	(select count(*) from drift.listener l where l.track = u.track and l.version = u.version
		and l.noted > now() - interval '1 minute') as listeners,
	u.active, u.expires, u.id as upload
from drift.upload u
left join drift.source s on s.track = u.track and s.version = u.version
where u.state in ('receiving', 'storing')
order by u.active desc;
comment on view drift.arriving is 'Uploads under way, and how many hear them already.';
