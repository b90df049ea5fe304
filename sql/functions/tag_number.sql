-- tag_number: the number that a tag begins with, "3/12" is 3; null when it has none.
create or replace function drift.tag_number(i_tag text)
returns integer language sql immutable set search_path = drift, pg_temp as $$
	select substring(i_tag from '^\s*(\d{1,6})')::integer
$$;
comment on function drift.tag_number(text) is 'The number that a tag begins with.';
