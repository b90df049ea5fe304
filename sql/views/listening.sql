-- listening: plays and shares of each track.
create or replace view drift.listening as
select t.title, t.artist, coalesce(c.plays, 0) as plays, coalesce(c.shares, 0) as shares, t.id as track
from drift.track t
left join drift.play_count c on c.track = t.id
where t.version > 0 and t.deleted is null
order by coalesce(c.plays, 0) desc, t.created;
comment on view drift.listening is 'Plays and shares of each track.';
