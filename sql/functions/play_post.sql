-- play_post: counts what a player tells.
--
--   i_play      {"track", "rendition", "kind"}, as play_add has them; kind may be left out: play
--   i_listener  as in play_add
--   i_admitted  the listener has a key: may count private tracks
--
-- Returns {"track", "kind", "count"}. DR400, naming the member: it is missing or of the wrong form;
-- DR401: the track is private; DR404: no such track. Writes what play_add writes.
create or replace function drift.play_post(i_play jsonb, i_listener text, i_admitted boolean)
returns jsonb language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_kind text := coalesce(i_play ->> 'kind', 'play');
	l_track uuid;
begin
	if jsonb_typeof(i_play) is distinct from 'object' then
		raise exception 'the body is not a JSON object' using errcode = 'DR400';
	end if;
	if coalesce(i_play ->> 'track', '') !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
		raise exception 'track is not the id of a track' using errcode = 'DR400';
	end if;
	l_track := i_play ->> 'track';
	if not i_admitted and exists (select from drift.track where id = l_track and private) then
		raise exception 'the track is private' using errcode = 'DR401';
	end if;
	return jsonb_build_object('track', l_track, 'kind', l_kind, 'count',
		drift.play_add(l_track, i_listener, i_play ->> 'rendition', l_kind));
end $$;
comment on function drift.play_post(jsonb, text, boolean) is 'Counts what a player tells, and says the sum.';
