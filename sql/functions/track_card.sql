-- track_card: one track for people and lists of people. DR404: no such track.
create or replace function drift.track_card(i_track uuid)
returns jsonb language plpgsql stable security definer set search_path = drift, pg_temp as $$
declare
	l_card jsonb;
begin
	select jsonb_build_object('track', t.id, 'title', t.title, 'artist', t.artist, 'artists', t.artists,
		'album', t.album, 'private', t.private, 'version', t.version,
		'seconds', round(s.samples::numeric / s.sample_rate, 3), 'created', t.created,
		'changed', t.changed, 'plays', coalesce(c.plays, 0), 'shares', coalesce(c.shares, 0),
		'opus', exists (select from drift.artifact a where a.track = t.id
			and a.version = t.version and a.kind = 'opus'),
		'cover', s.cover_name, 'codec', s.codec, 'sample_rate', s.sample_rate,
		'channels', s.channels, 'bits', nullif(s.bits, 0), 'lossless', s.lossless,
		'bytes', s.bytes, 'loudness', round(s.loudness::numeric, 2),
		'range', round(s.loudness_range::numeric, 2), 'peak', round(s.true_peak::numeric, 2),
		'tags', coalesce(s.tags, '{}'))
	into l_card
	from drift.track t
	left join drift.source s on s.track = t.id and s.version = t.version
	left join drift.play_count c on c.track = t.id
	where t.id = i_track and t.deleted is null;
	if not found then
		raise exception 'no such track' using errcode = 'DR404';
	end if;
	return l_card;
end $$;
comment on function drift.track_card(uuid) is 'One track for people, as JSON.';
