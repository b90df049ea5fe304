-- setting_check: may a setting have this value?
--
-- Returns the value as it is kept. DR400, naming the setting: no such one, or not such a value.
create or replace function drift.setting_check(i_name text, i_value text)
returns text language plpgsql stable security definer set search_path = drift, pg_temp as $$
declare
	d drift.setting_definition;
	l_value text;
begin
	select * into d from drift.setting_definition where name = i_name;
	if not found then
		raise exception '% is not a setting', left(i_name, 64) using errcode = 'DR400';
	end if;
	l_value := drift.setting_normal(d, i_value);
	if l_value is null then
		raise exception '% cannot have this value', d.name using errcode = 'DR400';
	end if;
	return l_value;
end $$;
comment on function drift.setting_check(text, text) is 'Checks and normalises a setting''s value.';
