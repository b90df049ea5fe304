-- Pieces in any order, who may write them, what is wanted next, and what a listener is told.
begin;
select plan(40);

create temp table u as select * from drift.upload_create(null, null, 40000000, 'My song.wav', '{}', 48);
create function pg_temp.got(i_writer integer, i_from bigint, i_to bigint) returns bigint language sql as
	'select (drift.upload_received((select upload from u), i_writer, i_from, i_to)).received';
create function pg_temp.source(i_member text) returns jsonb language sql as
	'select drift.status((select track from u)) -> ''source'' -> i_member';
create function pg_temp.state() returns text language sql as
	'select drift.status((select track from u)) ->> ''state''';

-- writers
select is(drift.upload_take((select upload from u), 0, 1000), 1, 'a request takes some bytes');
select is(drift.upload_take((select upload from u), 1000, 2000), 2, 'another one those behind them');
select is(drift.upload_take((select upload from u), 5000, null), 3, 'a third one all from a place on');
select lives_ok('select pg_temp.got(w, 0, 0) from generate_series(1, 3) w', 'all three may write');
select is(drift.upload_take((select upload from u), 1500, 1600), 4, 'who comes for bytes of one');
select throws_ok('select pg_temp.got(2, 1000, 1001)', 'DR423', null, 'pushes that one out');
select lives_ok('select pg_temp.got(w, 0, 0) from unnest(array[1, 3, 4]) w', 'and no other');
select drift.upload_leave((select upload from u), 4);
select throws_ok('select pg_temp.got(4, 0, 0)', 'DR423', null, 'who has left writes no more');
select is(drift.upload_take((select upload from u), 7000, 7000), 5, 'a place without bytes is one too');
select throws_ok('select pg_temp.got(3, 5000, 5001)', 'DR423', null, 'for those who had it');
select is(drift.upload_take((select upload from u), 0, null), 6, 'who takes all');
select is((select array_agg(writer) from drift.upload_writer where upload = (select upload from u)),
	array[6], 'is alone');

-- the map
select is(pg_temp.state(), 'waiting_headers', 'nothing is known yet');
select is(pg_temp.got(6, 1000, 2000), 0::bigint, 'what is behind a gap does not count');
select is(pg_temp.source('ranges'), '[[1000, 2000]]', 'but is there');
select is(pg_temp.got(6, 500, 1500), 0::bigint, 'bytes that lap into it');
select is(pg_temp.got(6, 0, 500), 2000::bigint, 'and what closes the gap');
select is(pg_temp.source('ranges'), '[[0, 2000]]', 'make one range');
select is((select reach from drift.upload_get((select upload from u))), 2000::bigint, 'which ends there');

-- what is wanted, and when the head is looked at
select is(pg_temp.source('wanted'), '[[2000, 2097152], [38951424, 40000000], [2097152, 38951424]]',
	'the head is wanted first, then the tail, then the rest');
select is((drift.upload_received((select upload from u), 6, 2000, 60000)).probe, false,
	'too little to look at');
select is((drift.upload_received((select upload from u), 6, 60000, 70000)).probe, true, 'now it is enough');
select is((drift.upload_received((select upload from u), 6, 70000, 80000)).probe, false, 'once');
select is((drift.upload_received((select upload from u), 6, 38951424, 40000000)).probe, true,
	'again when the tail is there');
select is((drift.upload_received((select upload from u), 6, 80000, 160000)).probe, true,
	'and when there is twice as much');
select drift.upload_probed((select upload from u), 'audio/wav', 'wav', 'pcm', 50000, 2, 16, true,
	10000000, '{"ARTIST": "Somebody"}');
select is((drift.upload_received((select upload from u), 6, 160000, 10000000)).probe, false,
	'not once it is known');
select is((select drift.source_rate(s, 40000000) from drift.source s where track = (select track from u)),
	200000::double precision, 'a second has so many bytes');
select is(pg_temp.state(), 'streaming_with_buffer', 'half a minute is there');
select drift.listener_note((select track from u), 1, 'a', 20000000);
select is(pg_temp.source('wanted'), '[[20000000, 26000000], [10000000, 20000000], [26000000, 38951424]]',
	'who listens comes first, with 30 seconds');
select is(pg_temp.state(), 'streaming', 'what is to be heard is not all there');
select drift.listener_note((select track from u), 1, 'b', null, 60);
select is(pg_temp.source('wanted') -> 0, '[12000000, 18000000]', 'a position in seconds is one in bytes');
update drift.upload set active = now() - interval '4 seconds' where id = (select upload from u);
select is(pg_temp.state(), 'stalled', 'somebody waits and nothing comes');
update drift.listener set at = 100;
select is(pg_temp.state(), 'streaming_with_buffer', 'nobody waits');
update drift.listener set noted = now() - interval '2 minutes', at = 20000000;
select is(pg_temp.source('wanted') -> 0, '[10000000, 38951424]', 'who has left wants nothing');

select is(drift.manifest_growing((select track from u), '', null, true) #>> '{renditions,lossless,state}', 'growing',
	'a manifest says that it grows');
select is(drift.manifest_growing((select track from u), '', null, true) ->> 'artist', 'Somebody', 'and what the head says');
select is(jsonb_array_length(drift.track_list(null, null, 10) -> 'tracks'), 0, 'no list shows it yet');

select results_eq($$ select state, received, ranges, writers, listeners from drift.arriving
	where track = (select track from u) $$,
	$$ values ('streaming_with_buffer', 11048576::numeric, 2::bigint, 1::bigint, 0::bigint) $$, 'the administrator sees it');

-- parts
create temp table p as select drift.upload_create_part(null, n, '{}', 48) as id, n from generate_series(10, 20, 10) n;
select throws_ok('select drift.upload_join(null, null, (select array_agg(id) from p), 100, '''', ''{}'', 48)',
	'DR409', null, 'parts that are not whole are not joined');
select drift.upload_received(id, drift.upload_take(id, 0, null), 0, n) from p;
select throws_ok('select drift.upload_join(null, null, (select array_agg(id) from p), 29, '''', ''{}'', 48)',
	'DR413', null, 'nor more than the limit');

select * from finish();
rollback;
