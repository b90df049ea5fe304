-- collection: public tracks of an artist, of an album, or of both, as a page lists them.
--
--   i_artist, i_album  as in collection_tracks
--
-- At most 500. Members as in track_list; "after" is null. DR400: neither is given.
create or replace function drift.collection(i_artist text, i_album text)
returns jsonb language sql stable security definer set search_path = drift, pg_temp as $$
	select jsonb_build_object('artist', i_artist, 'album', i_album, 'after', null,
		'tracks', coalesce(jsonb_agg(jsonb_build_object('track', t.id, 'title', t.title,
			'artist', t.artist, 'artists', t.artists, 'album', t.album, 'seconds', round(s.samples::numeric / s.sample_rate, 3),
			'disc', drift.tag_number(drift.tag_text(s.tags, 'DISCNUMBER')),
			'number', drift.tag_number(drift.tag_text(s.tags, 'TRACKNUMBER')),
			'version', t.version, 'created', t.created, 'plays', coalesce(c.plays, 0),
			'opus', exists (select from drift.artifact a where a.track = t.id
				and a.version = t.version and a.kind = 'opus'),
			'cover', s.cover_name) order by p.place), '[]'))
	from drift.collection_tracks(i_artist, i_album, 500) p
	join drift.track t on t.id = p.track
	join drift.source s on s.track = t.id and s.version = t.version
	left join drift.play_count c on c.track = t.id
$$;
comment on function drift.collection(text, text) is 'Public tracks of an artist or an album, as JSON.';
