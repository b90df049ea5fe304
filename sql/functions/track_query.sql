-- track_query: what somebody types as a search of drift.track.words.
--
--   i_q  words, each the beginning of one in title, artist or album
--
-- Null when there is no word in it: nothing is searched for.
create or replace function drift.track_query(i_q text)
returns tsquery language sql immutable set search_path = drift, pg_temp as $$
	select to_tsquery('simple', string_agg(quote_literal(word) || ':*', ' & '))
	from regexp_split_to_table(lower(i_q), '[^[:alnum:]]+') word where word <> ''
$$;
comment on function drift.track_query(text) is 'What somebody types, as a search of drift.track.words.';
