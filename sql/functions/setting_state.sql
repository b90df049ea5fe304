-- setting_state: the listener's settings with their definitions, for a menu.
--
--   i_cookies  as in setting_list
create or replace function drift.setting_state(i_cookies jsonb)
returns jsonb language sql stable security definer set search_path = drift, pg_temp as $$
	select jsonb_build_object('settings', coalesce(jsonb_agg(s), '[]'))
	from drift.setting_list(i_cookies) s
	where not exists (select from drift.setting_definition d where d.name = s.name and d.hidden)
$$;
comment on function drift.setting_state(jsonb) is 'The listener''s settings with their definitions, as JSON.';
