-- track_plain: a page of track_list as rows, for browsers without script.
--
--   i_q, i_after, i_limit  as in track_list
--
-- after, of the next page, stands in every row. DR400 as in track_list.
create or replace function drift.track_plain(i_q text, i_after text, i_limit integer)
returns table (track uuid, title text, artist text, seconds numeric, after text)
language sql stable security definer set search_path = drift, pg_temp as $$
	select (t.value ->> 'track')::uuid, t.value ->> 'title', t.value ->> 'artist',
		(t.value ->> 'seconds')::numeric, l.page ->> 'after'
	from (select drift.track_list(i_q, i_after, i_limit) as page) l
	cross join lateral jsonb_array_elements(l.page -> 'tracks') with ordinality t
	order by t.ordinality
$$;
comment on function drift.track_plain(text, text, integer) is 'A page of the list of tracks, as rows.';
