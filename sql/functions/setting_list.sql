-- setting_list: the listener's settings, in the order of the menu.
create or replace function drift.setting_list()
returns table (name text, label text, help text, kind text, choices jsonb, fallback text,
	minimum double precision, maximum double precision, step double precision)
language sql stable security definer set search_path = drift, pg_temp as $$
	select d.name, d.label, d.help, d.kind, d.choices, d.fallback, d.minimum, d.maximum, d.step
	from drift.setting_definition d order by d.position
$$;
comment on function drift.setting_list() is 'The listener''s settings, in the order of the menu.';
