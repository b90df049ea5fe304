-- setting_list: the listener's settings, in the order of the menu.
--
--   i_cookies  an object: values by setting, as the listener's browser sent them
--
-- value is the listener's where the setting can have it, else the fallback.
create or replace function drift.setting_list(i_cookies jsonb)
returns table (name text, label text, help text, kind text, choices jsonb, fallback text,
	minimum double precision, maximum double precision, step double precision, value text)
language sql stable security definer set search_path = drift, pg_temp as $$
	select d.name, d.label, d.help, d.kind, d.choices, d.fallback, d.minimum, d.maximum, d.step,
		coalesce(drift.setting_normal(d, i_cookies ->> d.name), d.fallback)
	from drift.setting_definition d order by d.position
$$;
comment on function drift.setting_list(jsonb) is 'The listener''s settings, in the order of the menu.';
