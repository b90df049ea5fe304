-- collection_tracks: public tracks of an artist, of an album, or of both.
--
--   i_artist  one of a track's artists, or several parted by "; ", all of whom it has; '': any
--   i_album   as it is written; '': any
--   i_limit            tracks at most
--
-- An album in the order of its discs and numbers, as its files' tags have them; anything
-- else newest first. DR400: neither is given.
create or replace function drift.collection_tracks(i_artist text, i_album text, i_limit integer)
returns table (track uuid, place bigint) language plpgsql stable security definer
set search_path = drift, pg_temp as $$
begin
	if coalesce(i_artist, '') = '' and coalesce(i_album, '') = '' then
		raise exception 'artist or album is missing' using errcode = 'DR400';
	end if;
	return query
	select t.id, row_number() over (order by
		case when i_album <> '' then drift.tag_number(drift.tag_text(s.tags, 'DISCNUMBER')) end,
		case when i_album <> '' then drift.tag_number(drift.tag_text(s.tags, 'TRACKNUMBER')) end,
		case when i_album <> '' then t.created end, t.created desc, t.id)
	from drift.track t
	join drift.source s on s.track = t.id and s.version = t.version
	where t.version > 0 and t.deleted is null and not t.private
		and (coalesce(i_artist, '') = '' or t.artists @> string_to_array(left(i_artist, 600), '; '))
		and (coalesce(i_album, '') = '' or t.album = i_album)
	order by 2 limit i_limit;
end $$;
comment on function drift.collection_tracks(text, text, integer) is
	'Public tracks of an artist or an album, in order.';
