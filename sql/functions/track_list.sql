-- track_list: public tracks, newest first, a page at a time.
--
--   i_q      words, each the beginning of one in title, artist or album; null or '': all
--   i_after  "after" of the page before; null or '': the first page
--   i_limit  tracks at most, 1 to 200
--
-- after is null on the last page. DR400: after is not a cursor, or limit is out of range.
create or replace function drift.track_list(i_q text, i_after text, i_limit integer)
returns jsonb language plpgsql stable security definer set search_path = drift, pg_temp as $$
declare
	l_created timestamptz := 'infinity';
	l_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
	l_part text[];
	l_ids uuid[];
begin
	if i_limit is null or i_limit not between 1 and 200 then
		raise exception 'limit is not a number from 1 to 200' using errcode = 'DR400';
	end if;
	if i_after <> '' then
		l_part := regexp_match(i_after, '^(\d{1,16})_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$');
		if l_part is null then
			raise exception 'after is not a cursor of this list' using errcode = 'DR400';
		end if;
		l_created := timestamptz 'epoch' + l_part[1]::bigint * interval '1 microsecond';
		l_id := l_part[2];
	end if;
	-- one more than is shown tells whether there is a next page
	l_ids := drift.track_page(drift.track_query(i_q), l_created, l_id, i_limit + 1);
	return jsonb_build_object(
		'tracks', (select coalesce(jsonb_agg(jsonb_build_object('track', t.id,
				'title', t.title, 'artist', t.artist, 'artists', t.artists, 'album', t.album,
				'seconds', round(s.samples::numeric / s.sample_rate, 3),
				'version', t.version, 'created', t.created, 'plays', coalesce(c.plays, 0),
				'opus', exists (select from drift.artifact a where a.track = t.id
					and a.version = t.version and a.kind = 'opus'),
				'cover', s.cover_name) order by p.place), '[]')
			from unnest(l_ids[1:i_limit]) with ordinality p(id, place)
			join drift.track t on t.id = p.id
			join drift.source s on s.track = t.id and s.version = t.version
			left join drift.play_count c on c.track = t.id),
		'after', (select (extract(epoch from t.created) * 1000000)::bigint || '_' || t.id
			from drift.track t where t.id = l_ids[i_limit] and cardinality(l_ids) > i_limit));
end $$;
comment on function drift.track_list(text, text, integer) is
	'Public tracks, newest first, a page at a time, as JSON.';
