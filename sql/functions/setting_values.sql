-- setting_values: what applies to the listener, {"name": "value"}.
--
--   i_cookies  as in setting_list
create or replace function drift.setting_values(i_cookies jsonb)
returns jsonb language sql stable security definer set search_path = drift, pg_temp as $$
	select coalesce(jsonb_object_agg(s.name, s.value), '{}') from drift.setting_list(i_cookies) s
$$;
comment on function drift.setting_values(jsonb) is 'The values that apply to the listener, as JSON.';
