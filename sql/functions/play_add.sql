-- play_add: somebody heard or shared a track.
--
--   i_listener   a hash; who comes again within the half hour is not counted again
--   i_rendition  lossless or opus
--   i_kind       play or share
--
-- Returns the track's plays or shares. DR400: kind or rendition is unknown; DR404: no such
-- track. Writes drift.play, drift.play_count.
create or replace function drift.play_add(i_track uuid, i_listener text, i_rendition text,
	i_kind text)
returns bigint language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_slot constant timestamptz := date_bin('30 minutes', now(), 'epoch');
	l_count bigint;
begin
	if i_kind is null or i_kind not in ('play', 'share') then
		raise exception 'kind is neither play nor share' using errcode = 'DR400';
	end if;
	if i_rendition is null or i_rendition not in ('lossless', 'opus') then
		raise exception 'rendition is neither lossless nor opus' using errcode = 'DR400';
	end if;
	perform from drift.track where id = i_track and deleted is null and version > 0;
	if not found then
		raise exception 'no such track' using errcode = 'DR404';
	end if;
	-- the unique index makes one of many at once; a half hour may lie in two slots
	insert into drift.play (track, kind, listener, rendition, slot)
	select i_track, i_kind, left(i_listener, 64), i_rendition, l_slot
	where not exists (select from drift.play p
		where p.track = i_track and p.kind = i_kind and p.listener = left(i_listener, 64)
			and p.slot = l_slot - interval '30 minutes' and p.at > now() - interval '30 minutes')
	on conflict do nothing;
	if found then
		insert into drift.play_count as c (track, plays, shares)
		values (i_track, (i_kind = 'play')::integer, (i_kind = 'share')::integer)
		on conflict on constraint play_count_pkey do update
		set plays = c.plays + excluded.plays, shares = c.shares + excluded.shares;
	end if;
	select case i_kind when 'play' then plays else shares end into l_count
	from drift.play_count where track = i_track;
	return coalesce(l_count, 0);
end $$;
comment on function drift.play_add(uuid, text, text, text) is 'Counts a play or a share; returns the sum.';
