-- setting_normal: a value as its setting keeps it; null when the setting cannot have it.
create or replace function drift.setting_normal(i_setting drift.setting_definition, i_value text)
returns text language sql immutable set search_path = drift, pg_temp as $$
	select case i_setting.kind
	when 'choice' then (select i_value from jsonb_array_elements(i_setting.choices) c
		where c ->> 'value' = i_value limit 1)
	when 'number' then (select n::text
		-- what does not look like a number is null before it is cast
		from cast(substring(i_value from '^-?\d{1,9}(?:\.\d{1,9})?$') as double precision) n
		where n between coalesce(i_setting.minimum, n) and coalesce(i_setting.maximum, n))
	end
$$;
comment on function drift.setting_normal(drift.setting_definition, text) is
	'A value as its setting keeps it; null when it cannot have it.';
