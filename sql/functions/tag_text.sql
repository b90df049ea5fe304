-- tag_text: what a tag says, its values parted by "; "; null when there is none of that name.
--
--   i_tags  names to texts, or to arrays of texts
create or replace function drift.tag_text(i_tags jsonb, i_name text)
returns text language sql immutable set search_path = drift, pg_temp as $$
	select case when jsonb_typeof(i_tags -> i_name) = 'array' then
			(select string_agg(v.text, '; ' order by v.place)
			from jsonb_array_elements_text(i_tags -> i_name) with ordinality v(text, place))
		else i_tags ->> i_name end
$$;
comment on function drift.tag_text(jsonb, text) is 'What a tag says, all its values.';
