-- cover_chosen: the picture that somebody chose for a track, which other audio does not change.
--
-- One row where it was chosen by hand: the version in whose folder the files are, and their
-- names, null where it was chosen that there is none. Else no row.
create or replace function drift.cover_chosen(i_track uuid)
returns table (version integer, name text, small text)
language sql stable security definer set search_path = drift, pg_temp as $$
	select s.version, s.cover_name, s.cover_small
	from drift.track t
	join drift.source s on s.track = t.id and s.version = t.version
	where t.id = i_track and t.deleted is null and 'cover' = any (t.by_hand)
$$;
comment on function drift.cover_chosen(uuid) is 'The picture that was chosen for a track by hand.';
