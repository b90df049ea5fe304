-- track_list: public tracks, newest first, a page at a time.
--
--   i_q      words, each the beginning of one in title, artist or album; null or '': all
--   i_after  "after" of the page before; null or '': the first page
--   i_limit  tracks at most, 1 to 200
--
-- DR400: after is not a cursor, or limit is out of range.
create or replace function drift.track_list(i_q text, i_after text, i_limit integer)
returns jsonb language plpgsql stable security definer set search_path = drift, pg_temp as $$
declare
	l_query tsquery;
	l_created timestamptz := 'infinity';
	l_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
	l_part text[];
	l_tracks jsonb;
	l_after text;
begin
	if i_limit not between 1 and 200 then
		raise exception 'limit is out of range' using errcode = 'DR400';
	end if;
	if coalesce(i_after, '') <> '' then
		l_part := regexp_match(i_after, '^(\d{1,17})_([0-9a-f-]{36})$');
		if l_part is null then
			raise exception 'after is not a cursor' using errcode = 'DR400';
		end if;
		l_created := timestamptz 'epoch' + l_part[1]::bigint * interval '1 microsecond';
		l_id := l_part[2]::uuid;
	end if;
	select to_tsquery('simple', string_agg(quote_literal(word) || ':*', ' & ')) into l_query
	from regexp_split_to_table(lower(coalesce(i_q, '')), '[^[:alnum:]]+') word where word <> '';

	with page as (
		select t.* from drift.track t
		where t.version > 0 and t.deleted is null and not t.private
			and (t.created, t.id) < (l_created, l_id)
			and (l_query is null or t.words @@ l_query)
		order by t.created desc, t.id desc
		limit i_limit
	)
	select coalesce(jsonb_agg(jsonb_build_object('track', p.id, 'title', p.title,
			'artist', p.artist, 'album', p.album,
			'seconds', round(s.samples::numeric / s.sample_rate, 3),
			'version', p.version, 'created', p.created, 'plays', coalesce(c.plays, 0),
			'opus', exists (select from drift.artifact a where a.track = p.id
				and a.version = p.version and a.kind = 'opus'),
			'cover', s.cover_name is not null) order by p.created desc, p.id desc), '[]'),
		case when count(*) = i_limit then (array_agg(
			(extract(epoch from p.created) * 1000000)::bigint || '_' || p.id
			order by p.created, p.id))[1] end
	into l_tracks, l_after
	from page p
	join drift.source s on s.track = p.id and s.version = p.version
	left join drift.play_count c on c.track = p.id;
	return jsonb_build_object('tracks', l_tracks, 'after', l_after);
end $$;
comment on function drift.track_list(text, text, integer) is
	'Public tracks, newest first, a page at a time, as JSON.';
