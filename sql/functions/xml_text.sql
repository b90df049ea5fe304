-- xml_text: a text without the control characters that XML cannot have.
create or replace function drift.xml_text(i_text text)
returns text language sql immutable set search_path = drift, pg_temp as $$
	select regexp_replace(i_text, E'[\\x01-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff]', '', 'g')
$$;
comment on function drift.xml_text(text) is 'A text without what XML cannot have.';
