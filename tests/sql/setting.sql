-- Settings: what applies, what is taken, and what a definition may be.
begin;
select plan(24);

delete from drift.setting_definition where name not in ('streamQuality', 'theme');
select is(drift.setting_values('{}'), '{"streamQuality": "lossless", "theme": "auto"}',
	'who has chosen nothing gets the fallbacks');
select is(drift.setting_values('{"theme": "dark", "streamQuality": "mp3", "more": "x"}'),
	'{"streamQuality": "lossless", "theme": "dark"}', 'a cookie counts if the setting can have it');
select is(drift.setting_state('{"theme": "dark"}') #>> '{settings,1,value}', 'dark',
	'a menu shows it too, in its order');
select results_eq($$ select name, choice from drift.setting_form('{}') $$,
	$$ values ('streamQuality', 'lossless'), ('streamQuality', 'opus'), ('theme', 'auto'),
		('theme', 'light'), ('theme', 'dark') $$, 'a form has a row a choice');
select results_eq($$ select name, value from drift.setting_change('{"theme": "dark"}') $$,
	$$ values ('theme', 'dark') $$, 'a change gives what is kept');
select throws_like($$ select * from drift.setting_change('{"theme": "pink"}') $$, 'theme %',
	'a setting names itself when it cannot have a value');
select throws_like($$ select * from drift.setting_change('{"them": "dark"}') $$, 'them %',
	'so does one that is none');
select throws_ok(format('select * from drift.setting_change(%L)', body), 'DR400', null, body || ' is refused')
	from unnest(array['[]', '"theme"', 'null', '{"theme": null}', '{"theme": {"a": 1}}']) body;

insert into drift.setting_definition (name, label, kind, fallback, minimum, maximum, step, position)
values ('crossfade', 'Crossfade', 'number', '0', 0, 12, 0.5, 3);
select is(drift.setting_values('{"crossfade": "3.50"}') ->> 'crossfade', '3.5', 'a number is kept plainly');
select results_eq($$ select value from drift.setting_change('{"crossfade": 2}') $$,
	$$ values ('2') $$, 'JSON may have it as a number');
select is((select count(*) from unnest(array['13', '-1', 'NaN', '1e1', '', ' 1', '1;', '0x1']) v
	where drift.setting_values(jsonb_build_object('crossfade', v)) ->> 'crossfade' <> '0'), 0::bigint,
	'what is no number of its range counts for nothing');

insert into drift.setting_definition (name, label, kind, fallback, minimum, maximum, step, position, hidden)
values ('share', 'Share', 'number', '7', 0, 100, 1, 9, true);
select is(drift.setting_values('{}') ->> 'share', '7', 'a hidden one applies');
select is((drift.setting_state('{}') || jsonb_build_object('form', (select jsonb_agg(f) from drift.setting_form('{}') f)))
	@? '$.**.name ? (@ == "share")', false, 'and is in no menu');

select throws_ok(format($$ insert into drift.setting_definition (name, label, kind, choices, fallback, position)
	values (%L, 'x', %L, %L, %L, 4) $$, d[1], d[2], d[3], d[4]), '23514', null, d[5])
from (values
	(array['a-b', 'choice', '[{"value": "x"}]', 'x', 'a name is fit for a cookie and a page']),
	(array['a', 'choice', '[{"value": "x;"}]', 'x;', 'so is a value']),
	(array['a', 'choice', '[{"value": "x"}]', 'y', 'a fallback is one of the choices']),
	(array['a', 'number', '[]', 'y', 'or a number']),
	(array['a', 'text', '[]', '', 'a kind is a known one'])) v(d);

select is_empty($$ select from unnest(array['setting_normal', 'setting_list', 'setting_check']) n, pg_proc p
	where p.proname = n and has_function_privilege('drift_web', p.oid, 'execute') $$,
	'programs call whole answers only');
select is(drift.setting_values(null), drift.setting_values('{}'), 'no cookies are an empty object');

select * from finish();
rollback;
