-- track_update: changes a track's metadata.
--
--   i_patch  an object with any of title, artist, album (texts of at most 1,000
--            characters) and private (true or false)
--
-- What is set so no tags change any more. Returns the track's card. DR400: a member is unknown or of the wrong form;
-- DR404: no such track. Writes drift.track.
create or replace function drift.track_update(i_track uuid, i_patch jsonb)
returns jsonb language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_key text;
	l_value jsonb;
begin
	if jsonb_typeof(i_patch) is distinct from 'object' then
		raise exception 'the body is not a JSON object' using errcode = 'DR400';
	end if;
	for l_key, l_value in select * from jsonb_each(i_patch) loop
		if (l_key in ('title', 'artist', 'album') and jsonb_typeof(l_value) = 'string'
				and length(l_value #>> '{}') <= 1000)
			or (l_key = 'private' and jsonb_typeof(l_value) = 'boolean') then
			continue;
		end if;
		raise exception '% is not a member that can be set so', left(l_key, 40)
			using errcode = 'DR400';
	end loop;
	update drift.track
	set by_hand = array(select unnest(by_hand)
			union select k from jsonb_object_keys(i_patch) k where k in ('title', 'artist', 'album')),
		title = coalesce(i_patch ->> 'title', title),
		artist = coalesce(i_patch ->> 'artist', artist),
		album = coalesce(i_patch ->> 'album', album),
		private = coalesce((i_patch ->> 'private')::boolean, private), changed = now()
	where id = i_track and deleted is null;
	if not found then
		raise exception 'no such track' using errcode = 'DR404';
	end if;
	return drift.track_card(i_track);
end $$;
comment on function drift.track_update(uuid, jsonb) is 'Changes title, artist, album, private.';
