-- cover_set: a track gets another picture, or none, by hand.
--
--   i_version  in whose folder the files are
--   i_name, i_mime, i_small  of the picture; null: none
--
-- Returns the track's card. DR404: no such track; DR409: it has another version by now.
-- Writes drift.source, drift.track.
create or replace function drift.cover_set(i_track uuid, i_version integer, i_name text, i_mime text,
	i_small text)
returns jsonb language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_version integer;
begin
	update drift.track
	set by_hand = array(select unnest(by_hand) union select 'cover'), changed = now()
	where id = i_track and deleted is null
	returning version into l_version;
	if not found then
		raise exception 'no such track' using errcode = 'DR404';
	end if;
	if l_version <> i_version then
		raise exception 'the audio was replaced meanwhile' using errcode = 'DR409';
	end if;
	update drift.source set cover_name = i_name, cover_mime = i_mime, cover_small = i_small
	where track = i_track and version = i_version;
	return drift.track_card(i_track);
end $$;
comment on function drift.cover_set(uuid, integer, text, text, text) is
	'Gives a track another picture, or none.';
