-- Keys, metadata, lists, plays, settings, and the end of versions.
begin;
select plan(34);

create function pg_temp.stored(i_name text, i_tags jsonb) returns uuid language plpgsql as $$
declare
	u record;
begin
	select * into u from drift.upload_create(null, null, 100, i_name, '{}', 48);
	perform drift.upload_take(u.upload, 0, null);
	perform drift.upload_publish(u.upload, 1, 'source.wav', 100, 1700000000000000, null,
		'audio/wav', 'wav', 'pcm', 48000, 2, 16, true, 480000, 0, 0, i_tags, null, null);
	return u.track;
end $$;

create temp table k as select drift.key_create('a tool', 'upload') as key;
create temp table h as select encode(sha256(convert_to(key, 'UTF8')), 'hex') as hash from k;
select ok(drift.key_check((select hash from h), 'listen') > 0, 'a key may do what less scope may');
select ok(drift.key_check((select hash from h), 'upload') > 0, 'and what its own may');
select throws_ok($$ select drift.key_check((select hash from h), 'admin') $$, 'DR403', null,
	'but no more');
select throws_ok($$ select drift.key_check('', 'listen') $$, 'DR401', null,
	'an unknown key is none');
select is_empty($$ select from drift.api_key, k where position(k.key in api_key::text) > 0 $$,
	'the key itself is kept nowhere');

create temp table t as select n, pg_temp.stored(n || '.wav', jsonb_build_object('TITLE', 'Song ' || n))
	as id from generate_series(1, 5) n;
update drift.track set created = now() - (6 - n) * interval '1 minute' from t where t.id = track.id;
create temp table one as select id from t where n = 1;

create temp table page as select drift.track_list('', '', 2) as p;
select is((select jsonb_path_query_array(p, '$.tracks[*].title') from page), '["Song 5", "Song 4"]',
	'the newest come first');
select is(jsonb_path_query_array(drift.track_list('', p ->> 'after', 2), '$.tracks[*].title'),
	'["Song 3", "Song 2"]', 'then the next page') from page;
select throws_ok($$ select drift.track_list('', '1_x', 2) $$, 'DR400', null,
	'what is no cursor is refused');
select is(drift.track_list('', '', 4) ->> 'after' is not null, true, 'a page before others has a cursor');
select is(drift.track_list('', '', 5) ->> 'after', null, 'the last one has none, though it is full');
select throws_ok($$ select drift.track_list('', '9999999999999999_' || repeat('-', 36), 2) $$, 'DR400', null,
	'nor is an id that is none');

select drift.track_update(id, '{"title": "Mix.2024 (x-ray)", "artist": "AC/DC"}') from t where n = 2;
select is((select array_agg(jsonb_array_length(drift.track_list(q, null, 9) -> 'tracks') order by place)
	from unnest(array['ac/dc', 'dc', '2024', 'ray', 'song', 'SONG 3', 'ong', '%', ''' | !x:*'])
		with ordinality q(q, place)),
	array[1, 1, 1, 1, 4, 1, 0, 5, 1], 'words are found by their beginnings, however they are joined');

select is(drift.track_update((select id from one), '{"title": "Other", "private": true}') ->> 'title',
	'Other', 'metadata can be changed');
select is(jsonb_array_length(drift.track_list('other', null, 9) -> 'tracks'), 0,
	'a private track is in no list');
select throws_like($$ select drift.track_update((select id from one), '{"titel": "x"}') $$, '%titel%',
	'an unknown member is named');
select throws_ok($$ select drift.track_update((select id from one), '{"private": "yes"}') $$, 'DR400', null,
	'one of the wrong form is refused');
select throws_ok($$ select drift.track_update((select id from one), '[]') $$, 'DR400', null,
	'so is what is no object');

select is(drift.play_add((select id from one), 'x', 'opus', 'play'), 1::bigint, 'a play is counted');
select is(drift.play_add((select id from one), 'x', 'lossless', 'play'), 1::bigint,
	'a reload is not, whatever the rendition');
select is(drift.play_add((select id from one), 'y', 'opus', 'play'), 2::bigint,
	'another listener is');
select is(drift.play_add((select id from one), 'x', 'opus', 'share'), 1::bigint,
	'shares are counted by themselves');
select throws_ok($$ select drift.play_add((select id from one), 'x', 'mp3', 'play') $$, 'DR400', null,
	'an unknown rendition is refused');

update drift.play set slot = slot - interval '30 minutes', at = at - interval '29 minutes';
select is(drift.play_add((select id from one), 'x', 'opus', 'play'), 2::bigint,
	'nor is a reload when the clock strikes the half hour');
update drift.play set at = at - interval '2 minutes';
select is(drift.play_add((select id from one), 'x', 'opus', 'play'), 3::bigint,
	'who comes back later is counted');
select throws_ok(format($$ select drift.play_post('{"track": "%s", "rendition": "opus"}', 'z', false) $$, id),
	'DR401', null, 'a private track''s plays need a key') from one;
select is(drift.play_post(format('{"track": "%s", "rendition": "opus"}', id)::jsonb, 'z', true) ->> 'count',
	'4', 'with one they are counted') from one;
select throws_ok(format('select drift.play_post(%L, %L, true)', body, 'z'), 'DR400', null, body || ' is refused')
	from unnest(array['[]', '{}', '"x"', '{"track": 5}', '{"track": "x", "rendition": "opus"}']) body;

select drift.track_delete(id) from one;
select throws_ok($$ select drift.track_get((select id from one)) $$, 'DR404', null,
	'a deleted track is not found');
select is_empty('select * from drift.version_drop(24)', 'its files stay for a day');
update drift.source set superseded = now() - interval '25 hours' where track = (select id from one);
select results_eq('select track, version from drift.version_drop(24)', 'select id, 1 from one',
	'then they may go');

select * from finish();
rollback;
