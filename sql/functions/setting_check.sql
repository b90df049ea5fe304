-- setting_check: may a setting have this value?
--
-- Returns the value as it is kept. DR400, naming the setting: no such one, or not such a value.
create or replace function drift.setting_check(i_name text, i_value text)
returns text language plpgsql stable security definer set search_path = drift, pg_temp as $$
declare
	d drift.setting_definition;
	l_number double precision;
begin
	select * into d from drift.setting_definition where name = i_name;
	if not found then
		raise exception '% is not a setting', left(i_name, 64) using errcode = 'DR400';
	end if;
	if d.kind = 'choice' and exists (select from jsonb_array_elements(d.choices) c
			where c ->> 'value' = i_value) then
		return i_value;
	end if;
	if d.kind = 'number' and i_value ~ '^-?\d{1,9}(\.\d{1,9})?$' then
		l_number := i_value::double precision;
		if l_number between coalesce(d.minimum, l_number) and coalesce(d.maximum, l_number) then
			return l_number::text;
		end if;
	end if;
	raise exception '% cannot have this value', d.name using errcode = 'DR400';
end $$;
comment on function drift.setting_check(text, text) is 'Checks and normalises a setting''s value.';
