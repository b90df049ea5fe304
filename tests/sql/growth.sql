-- A fragmented MP4 that is heard while it is made: who makes it, who wants it, what is kept of it.
begin;
select plan(43);

create temp table u as select * from drift.upload_create(null, null, 1000, 'My song.wav', '{}', 48);
create function pg_temp.alive() returns boolean language sql as
	'select alive from drift.growth_state((select track from u), 1, ''remux'')';
create function pg_temp.card() returns jsonb language sql as
	'select drift.growth_card((select track from u), 1, ''remux'', ''/c/'', ''/m/'')';
create function pg_temp.wait(i_at bigint) returns text language sql as
	'select wanted || '' '' || reach from drift.growth_wait((select track from u), 1, ''remux'', (select upload from u), i_at)';
create function pg_temp.keep(i_kind text) returns boolean language sql as
	'select drift.growth_publish((select track from u), 1, i_kind, i_kind, 7, ''m'', 1, ''{}'')';
create function pg_temp.probe() returns void language sql as
	'select drift.upload_probed((select upload from u), ''audio/wav'', ''wav'', ''pcm'', 44100, 2, 16, true, 250, ''{}'')';

create function pg_temp.state() returns text language sql as
	'select drift.remux_state((select track from u), 1)';

-- what its type is called
select is(drift.mime_types('video/mp4; codecs="avc1.64001f,fLaC"'),
	'["video/mp4; codecs=\"avc1.64001f,fLaC\"", "video/mp4; codecs=\"avc1.64001f,flac\""]', 'as registered, then as older browsers know it');
select is(drift.mime_types('audio/mp4; codecs="mp4a.40.2"'), '["audio/mp4; codecs=\"mp4a.40.2\""]', 'once where all know it');

-- who wants it, and who makes it
select is(pg_temp.state(), 'missing', 'of what is not known yet it may come');
select is((select count(*) from drift.growth_source((select track from u), 1)), 0::bigint,
	'nothing is known of what arrives');
select pg_temp.probe();
select is((select s.*::text from drift.growth_source((select track from u), 1) s), '(1000,44100,250,t)', 'then it is');
select throws_ok('select * from drift.growth_ask(gen_random_uuid(), 1, ''remux'')', 'DR404', null, 'of no other track');
select is(pg_temp.wait(0), null, 'nobody has asked for it');
select is((select alive from drift.growth_ask((select track from u), 1, 'remux')), false, 'somebody asks, and nobody makes it');
select is(pg_temp.wait(0), 'true 0', 'who begins is told that it is wanted');
select ok(pg_temp.alive(), 'and is seen');
select is((select alive from drift.growth_ask((select track from u), 1, 'remux')), true, 'by the next one who asks');
select is((select at from drift.listener where listener = 'growth'), 0::bigint, 'what it waits for is wanted first');
select is(pg_temp.card(), null, 'there is nothing to be heard of it yet');
select drift.growth_tell((select track from u), 1, 'remux', 'fLaC', 0, null, null);
select is(pg_temp.card() ->> 'mime', 'audio/mp4; codecs="fLaC"', 'then there is');
select is(pg_temp.card() ->> 'url', '/m/growing.mp4', 'at its place');
select is(pg_temp.state(), 'growing', 'and is told of');
update drift.growth set seen = now() - interval '1 hour', asked = now() - interval '2 minutes';
select is(pg_temp.card(), null, 'one that nobody makes any more is none');
select is(pg_temp.wait(0), 'false 0', 'and after a while nobody wants it');

select drift.growth_tell((select track from u), 1, 'opus', 'opus', 312, null, null);
select is(drift.growth_card((select track from u), 1, 'opus', '/c/', '/m/') ->> 'sidecar', '/m/growing.opus.seekidx',
	'another kind is at another place');
select is(pg_temp.card() ->> 'codec', 'fLaC', 'and changes nothing of this one');
select drift.growth_end((select track from u), 1, 'opus');
select is(drift.growth_card((select track from u), 1, 'opus', '/c/', '/m/'), null, 'until it ends');

select drift.growth_fail((select track from u), 1, 'remux');
select is((select failed from drift.growth_ask((select track from u), 1, 'remux')), true, 'what cannot be made is told');
select is(pg_temp.state(), 'failed', 'to players');
select is(drift.manifest_growing((select track from u), '', null, true) #>> '{renditions,lossless,playlist}', null,
	'in the manifest too');
select drift.growth_tell((select track from u), 1, 'remux', 'fLaC', 0, null, null);
select is((select failed from drift.growth_ask((select track from u), 1, 'remux')), false, 'until somebody can all the same');
select drift.growth_end((select track from u), 1, 'remux');
select is((select failed from drift.growth_ask((select track from u), 1, 'remux')), false, 'of this one only');
select is(drift.manifest_growing((select track from u), '', null, true) #>> '{renditions,lossless,playlist}',
	'/cgi-bin/stream.fcgi/' || track || '/playlist.m3u8', 'which has a playlist') from u;
select is(drift.manifest_growing((select track from u), '', null, true) #>> '{renditions,lossless,seekidx}',
	'/cgi-bin/seekidx.fcgi/' || track || '?format=lossless', 'and a sidecar') from u;
update drift.growth set seen = '-infinity', asked = '-infinity';

-- what is kept
select drift.upload_take((select upload from u), 0, null);
select drift.upload_received((select upload from u), 1, 0, 600);
select is(pg_temp.wait(100), 'false 600', 'it reads what is there');
select drift.upload_take((select upload from u), 600, null);
select is((select is_same from drift.growth_settled((select track from u), 1, 'remux')), true, 'what comes in order stays');
select is(pg_temp.keep('remux'), false, 'nothing is kept before it is stored');
select drift.upload_received((select upload from u), 2, 600, 1000);
select drift.upload_take((select upload from u), 0, null, true);
select drift.upload_publish((select upload from u), 3, 'source.wav', 1000, 1000000, null, 'audio/wav', 'wav', 'pcm',
	44100, 2, 16, true, 250, 0, 0, '{}', null, null);
select is((select s.*::text from drift.growth_settled((select track from u), 1, 'remux') s), '(stored,t,1000000,0,250,0)',
	'who reads it to store it changes nothing');
select drift.growth_tell((select track from u), 1, 'remux', 'fLaC', 0, null, null);
select ok(m ->> 'seekidx' is not null and m ->> 'sidecar' is null and m -> 'growing' ->> 'codec' = 'fLaC',
	'it is heard meanwhile') from u, lateral (select drift.manifest(track, '', '/m') #> '{renditions,lossless}') x(m);
update drift.growth set seen = '-infinity';
select is(pg_temp.state(), 'missing', 'its job is still to be done');
update drift.source set codec = 'vorbis', lossless = false where track = (select track from u);
select is(pg_temp.state(), 'none', 'of Vorbis there is none');
update drift.source set codec = 'pcm', lossless = true where track = (select track from u);
update drift.growth set seen = now();
select is(pg_temp.keep('opus'), false, 'nothing else is taken for it');
select is(pg_temp.keep('remux_seekidx') and pg_temp.keep('remux'), true, 'then it is');
select is((select state from drift.job where track = (select track from u) and kind = 'remux'), 'done', 'which was the job');
select is(pg_temp.state(), 'ready', 'players are told');
select is((select made and not alive from drift.growth_state((select track from u), 1, 'remux')), true, 'it is made');
select is((select count(*) from drift.growth), 0::bigint, 'and grows no more');
update drift.upload set rewritten = true where id = (select upload from u);
select is(pg_temp.keep('remux'), false, 'of bytes that were written twice nothing is');

select drift.upload_delete(upload) from u;
create temp table v as select * from drift.upload_create(null, null, 1000, 'x', '{}', 48);
select drift.upload_take(upload, 0, null) from v;
select drift.upload_received(upload, 1, 0, 600) from v;
select drift.upload_take(upload, 599, 700) from v;
select is((select rewritten from drift.upload where id = (select upload from v)), true,
	'who may write where bytes are may change them');
select * from finish();
rollback;
