-- setting_form: the listener's settings as the controls of a form, one row a choice and one a number.
--
--   i_cookies  as in setting_list
create or replace function drift.setting_form(i_cookies jsonb)
returns table (name text, label text, help text, kind text, minimum double precision,
	maximum double precision, step double precision, value text, choice text, choice_label text)
language sql stable security definer set search_path = drift, pg_temp as $$
	select s.name, s.label, s.help, s.kind, s.minimum, s.maximum, s.step, s.value,
		c.value ->> 'value', c.value ->> 'label'
	from drift.setting_list(i_cookies) with ordinality s
	left join lateral jsonb_array_elements(s.choices) with ordinality c on s.kind = 'choice'
	where not exists (select from drift.setting_definition d where d.name = s.name and d.hidden)
	order by s.ordinality, c.ordinality
$$;
comment on function drift.setting_form(jsonb) is 'The listener''s settings, a row for each choice and number.';
