-- A transfer from its first byte to a track, and what can go wrong with it.
begin;
select plan(29);
create temp table u as select * from drift.upload_create(null, null, 100, 'My song.wav', '{}', 48);
grant select on u to public;

select is((select version from u), 1, 'a new track begins with version 1');
select is((select received from drift.upload_get((select upload from u))), 0::bigint,
	'nothing has come yet');
select throws_ok('select drift.upload_get(gen_random_uuid())', 'DR404', null,
	'an unknown transfer is not found');
select is(drift.upload_take((select upload from u), 0, null), 1, 'the first writer is number 1');
select is((drift.upload_received((select upload from u), 1, 0, 40)).received, 40::bigint,
	'what has come is counted');
select is((drift.upload_received((select upload from u), 1, 60, 100)).received, 40::bigint,
	'a gap holds the count back');
select is(drift.status((select track from u)) #> '{source,wanted}', '[[40, 60]]',
	'the status says what is missing');
select is(drift.upload_take((select upload from u), 0, null), 2, 'a second writer takes over');
select throws_ok('select drift.upload_received((select upload from u), 1, 40, 60)', 'DR423', null,
	'the first one is out');
select is((drift.upload_received((select upload from u), 2, 40, 60)).received, 100::bigint,
	'the second one fills the gap');
select is((drift.upload_received((select upload from u), 2, 40, 60)).received, 100::bigint,
	'the same bytes again change nothing');
select lives_ok('select drift.upload_state((select upload from u), 2, ''storing'')',
	'it is being stored');
select throws_ok('select * from drift.track_list(null, null, 0)', 'DR400', null,
	'a list of nothing is refused');
select is(jsonb_array_length(drift.track_list(null, null, 10) -> 'tracks'), 0,
	'no list shows it yet');
select throws_ok($$ select drift.manifest((select track from u), '', '/m/') $$, 'DR404', null,
	'nor has it a manifest');

select lives_ok($$
	select drift.upload_publish((select upload from u), 2, 'source.wav', 100, 1700000000000000,
		null, 'audio/wav', 'wav', 'pcm', 44100, 2, 16, true, 441001, 0, 0,
		'{"ARTIST": "Somebody"}', null, null)
$$, 'it is published');
select is((select title from drift.track_get((select track from u))), 'My song',
	'without a title tag the name is the title');
select is((select samples48 from drift.track_get((select track from u))), 480002::bigint,
	'its length at 48 kHz is rounded up');
select is((select count(*) from drift.queue where track = (select track from u)), 3::bigint,
	'its jobs are queued');
select is(drift.track_list('some', null, 10) #>> '{tracks,0,artist}', 'Somebody',
	'the beginning of a word finds it');
select is(jsonb_array_length(drift.track_list($$x' & | !( \$$, null, 10) -> 'tracks'), 0,
	'what looks like a query is only words');

create temp table v as
select * from drift.upload_create(null, (select track from u), 50, 'new.wav', '{}', 48);
select is((select version from v), 2, 'a replacement is version 2');
select is((select version from drift.track_get((select track from u))), 1,
	'version 1 is played until it has come');
select lives_ok('select drift.upload_delete((select upload from v))', 'it can be given up');
select is((select count(*) from drift.source where track = (select track from u)), 1::bigint,
	'and leaves nothing');
select is((select version from drift.upload_create(null, (select track from u), 50, 'new.wav', '{}',
	48)), 3, 'its number is not given again: its files may just be on their way');

create temp table x as select * from drift.upload_create(null, null, 9, 'x', '{}', 48);
update drift.upload set expires = now() - interval '1 second' where id = (select upload from x);
select throws_ok('select drift.upload_get((select upload from x))', 'DR410', null,
	'an expired transfer is gone');
select results_eq('select drift.upload_expire()', 'select upload from x',
	'the sweep is told which');

create temp table y as select * from drift.upload_create(null, null, 9, 'x', '{}', 48);
select results_eq('select drift.upload_of_track(track) from y', 'select upload from y',
	'who removes a track is told of its transfers');

select * from finish();
rollback;
