-- arrival: can the source of a version be heard while it arrives, and how well?
--
--   waiting_headers        what has come does not say yet what it is
--   streaming              it can be heard
--   streaming_with_buffer  and what is to be heard in the next 30 seconds is there
--   stalled                no byte came for 3 seconds, and somebody who listens waits for one
--   completed, failed
create or replace function drift.arrival(s drift.source, u drift.upload)
returns text language plpgsql stable set search_path = drift, pg_temp as $$
declare
	l_ahead bigint := 30 * drift.source_rate(s, u.length);
	l_length bigint := coalesce(u.length, 9223372036854775807);
	l_waits boolean;
	l_buffered boolean;
begin
	if s.state in ('stored', 'failed') then
		return case s.state when 'stored' then 'completed' else 'failed' end;
	end if;
	select coalesce(bool_or(not u.received @> l.at and l.at < l_length), false),
		coalesce(bool_and(u.received @> int8range(l.at,
				least(greatest(l_length, l.at), l.at + l_ahead))),
			u.received @> int8range(0, least(l_length, l_ahead)))
	into l_waits, l_buffered
	from drift.listener l
	where l.track = s.track and l.version = s.version and l.noted > now() - interval '1 minute';
	return case
		when l_waits and u.active < now() - interval '3 seconds' then 'stalled'
		when s.codec is null then 'waiting_headers'
		when l_buffered then 'streaming_with_buffer'
		else 'streaming' end;
end $$;
comment on function drift.arrival(drift.source, drift.upload) is
	'Whether a source can be heard while it arrives: the state that players are told.';
