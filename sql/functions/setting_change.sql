-- setting_change: what the listener wants changed, checked.
--
--   i_changes  an object: values by setting, texts or numbers
--
-- Returns the values as they are kept, for the cookies. DR400, naming the setting: there is no
-- such one, or it cannot have that value; or i_changes is no object.
create or replace function drift.setting_change(i_changes jsonb)
returns table (name text, value text)
language plpgsql stable security definer set search_path = drift, pg_temp as $$
begin
	if jsonb_typeof(i_changes) is distinct from 'object' then
		raise exception 'the settings have to be a JSON object' using errcode = 'DR400';
	end if;
	return query select c.key, drift.setting_check(c.key, c.value #>> '{}')
	from jsonb_each(i_changes) c;
end $$;
comment on function drift.setting_change(jsonb) is 'Checks what the listener wants changed.';
