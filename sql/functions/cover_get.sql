-- cover_get: the pictures of a track's present version, as files in its folder.
--
-- Null where there is none. DR404: no such track.
create or replace function drift.cover_get(i_track uuid)
returns table (name text, small text)
language plpgsql stable security definer set search_path = drift, pg_temp as $$
begin
	return query
	select s.cover_name, s.cover_small from drift.track t
	left join drift.source s on s.track = t.id and s.version = t.version
	where t.id = i_track and t.deleted is null;
	if not found then
		raise exception 'no such track' using errcode = 'DR404';
	end if;
end $$;
comment on function drift.cover_get(uuid) is 'The pictures of a track''s present version.';
