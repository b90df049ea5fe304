-- upload_wanted: the bytes of a transfer that are missing, those that are wanted first
-- at the front: what those who listen hear in the next 30 seconds, then head and tail (an
-- index may be there), then the rest in order.
create or replace function drift.upload_wanted(u drift.upload, s drift.source)
returns int8range[] language plpgsql stable set search_path = drift, pg_temp as $$
declare
	l_left int8multirange := int8multirange(int8range(0, u.length)) - u.received;
	l_tail bigint := least(greatest(u.length / 64, 1048576), 8388608);
	l_ahead bigint := 30 * drift.source_rate(s, u.length);
	l_first int8range;
	l_wanted int8range[] := '{}';
begin
	for l_first in
		select w.bytes from (
			select 1 as class, l.at as place, int8range(l.at, l.at + l_ahead) as bytes
			from drift.listener l
			where l.track = u.track and l.version = u.version
				and l.noted > now() - interval '1 minute'
			union all
			values (2, 0, int8range(0, 2097152)),
				(3, 0, int8range(greatest(u.length - l_tail, 0), u.length))) w
		where w.class < 3 or u.length is not null
		order by w.class, w.place
	loop
		l_wanted := l_wanted || array(select unnest(l_left * int8multirange(l_first)));
		l_left := l_left - int8multirange(l_first);
	end loop;
	return l_wanted || array(select unnest(l_left));
end $$;
comment on function drift.upload_wanted(drift.upload, drift.source) is
	'The missing bytes of a transfer, those wanted first at the front.';
