-- growing_get: the source that arrives of a track that has none yet, for serving it.
--
-- state  as arrival() has it;  mime  null until the content is known
-- DR404: no such track, or nothing is arriving.
create or replace function drift.growing_get(i_track uuid)
returns table (version integer, upload uuid, state text, mime text, error text)
language plpgsql stable security definer set search_path = drift, pg_temp as $$
#variable_conflict use_column
begin
	return query
	select s.version, u.id, drift.arrival(s, u), s.mime, s.error
	from drift.track t
	join drift.source s on s.track = t.id
	join drift.upload u on u.track = s.track and u.version = s.version
	where t.id = i_track and t.deleted is null and t.version = 0
	order by s.state = 'failed', s.version desc limit 1; -- of several, one that may yet be heard
	if not found then
		raise exception 'nothing is arriving' using errcode = 'DR404';
	end if;
end $$;
comment on function drift.growing_get(uuid) is 'The source that arrives of a track that has none yet.';
