-- What is measured of a source, and how loud an album is.
begin;
select plan(14);

create function pg_temp.stored(i_title text, i_artist text, i_album text, i_tags jsonb default '{}')
returns uuid language plpgsql as $$
declare
	u record;
begin
	select * into u from drift.upload_create(null, null, 100, 'x.wav', '{}', 48);
	perform drift.upload_take(u.upload, 0, null);
	perform drift.upload_publish(u.upload, 1, 'source.wav', 100, 1700000000000000, null,
		'audio/wav', 'wav', 'pcm', 48000, 2, 16, true, 480000, 0, 0,
		i_tags || jsonb_build_object('TITLE', i_title, 'ARTIST', i_artist, 'ALBUM', i_album), null, null);
	return u.track;
end $$;

-- so many blocks of one loudness
create function pg_temp.blocks(i_lufs double precision, i_count integer) returns integer[] language sql as $$
	select array_fill(0, array[round((i_lufs + 70) * 10)::integer]) || i_count
$$;
create function pg_temp.measured(i_track uuid, i_blocks integer[]) returns void language sql as $$
	select drift.source_measured(i_track, 1, -20, 3, -1, i_blocks, array_fill(-60::real, array[31]),
		100, 200, repeat('ab', 32))
$$;

create temp table t as
select pg_temp.stored('one', 'Band', 'Record') as one, pg_temp.stored('two', 'BAND', 'record') as two,
	pg_temp.stored('else', 'Others', 'Record') as other, pg_temp.stored('single', 'Band', '') as single,
	pg_temp.stored('guest', 'Guest', 'Record', '{"ALBUMARTIST": "Band"}') as guest;

select is(drift.album_loudness(one), null, 'what is not measured has no loudness') from t;
select pg_temp.measured(one, pg_temp.blocks(-20, 300)), pg_temp.measured(other, pg_temp.blocks(-5, 300)),
	pg_temp.measured(single, pg_temp.blocks(-5, 300)) from t;
select is(drift.album_loudness(one), null, 'nor has an album before all of it is') from t;
select pg_temp.measured(two, pg_temp.blocks(-17, 100)), pg_temp.measured(guest, pg_temp.blocks(-45, 1000)) from t;
select cmp_ok(abs(drift.album_loudness(one) - 10 * log((3 * 0.01 + power(10, -1.7)) / 4)::double precision),
	'<', 0.06::double precision, 'its blocks are gated together, by artist of the album') from t;
select is(drift.album_loudness(two), drift.album_loudness(one), 'whichever track one asks for') from t;
select is(drift.album_loudness(guest), drift.album_loudness(one), 'a guest''s track too') from t;
select cmp_ok(abs(drift.album_loudness(other) + 5), '<', 0.06::double precision,
	'a record of the same name by somebody else is another one') from t;
select is(drift.album_loudness(single), null, 'a track without album has none') from t;
select is(drift.manifest(one, '', '/m') #>> '{gain,album}',
	round((-18 - drift.album_loudness(one))::numeric, 2)::text, 'the manifest has the album''s gain') from t;
select drift.track_delete(two) from t;
select cmp_ok(abs(drift.album_loudness(one) + 20), '<', 0.06::double precision,
	'a track that is deleted is out of it') from t;
select drift.track_update(single, '{"album": "Quiet"}') from t;
update drift.source set blocks = '{}' from t where track = single;
select is(drift.album_loudness(single), null, 'silence has no loudness') from t;

select pg_temp.measured(one, pg_temp.blocks(-1, 1)) from t;
select is(drift.album_loudness(one) < -19, true, 'the first measurement stays') from t;
select is(drift.manifest(one, '', '/m') -> 'silence', '{"start": 100, "end": 200}',
	'the manifest has the silence at both ends') from t;
select is(jsonb_array_length(drift.manifest(one, '', '/m') -> 'spectrum'), 31, 'and the spectrum') from t;
select is((select sha256 from drift.source, t where track = one), repeat('ab', 32),
	'the hash of the source is kept');

select * from finish();
rollback;
