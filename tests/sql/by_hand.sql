-- What was set by hand is not changed by the tags of other audio.
begin;
select plan(8);

create function pg_temp.send(i_track uuid, i_tags jsonb) returns uuid language plpgsql as $$
declare
	u record;
begin
	select * into u from drift.upload_create(null, i_track, 100, 'x.wav', '{}', 48);
	perform drift.upload_take(u.upload, 0, null);
	perform drift.upload_publish(u.upload, 1, 'source.wav', 100, 1700000000000000, null,
		'audio/wav', 'wav', 'pcm', 48000, 2, 16, true, 480000, 0, 0, i_tags, null, null);
	return u.track;
end $$;

create temp table t as select pg_temp.send(null, '{"TITLE": "a", "ARTIST": "b", "ALBUM": "c"}') as id;
select drift.track_update(id, '{"title": "mine", "private": false}') from t;
select pg_temp.send(id, '{"TITLE": "d", "ARTIST": "e", "ALBUM": "f"}') from t;
select is(drift.track_card(id) ->> 'title', 'mine', 'a title that was set stays') from t;
select is(drift.track_card(id) ->> 'artist', 'e', 'an artist that was not set is the file''s') from t;
select drift.track_update(id, '{"album": ""}') from t;
select pg_temp.send(id, '{"ARTIST": "g", "ALBUM": "h"}') from t;
select is(drift.track_card(id) ->> 'album', '', 'what was emptied stays empty') from t;
select is((drift.track_card(id) ->> 'version')::integer, 3, 'of the new audio') from t;

select is_empty($$ select c.* from t, drift.cover_chosen(id) c $$, 'nobody has chosen a picture');
select drift.cover_set(id, 3, 'cover-1.png', 'image/png', 'cover-1-small.jpg') from t;
select is(c::text, '(3,cover-1.png,cover-1-small.jpg)', 'one was chosen') from t, drift.cover_chosen(id) c;
select throws_ok(format('select drift.cover_set(%L, 2, null, null, null)', id), 'DR409', null,
	'a picture for audio that was replaced is refused') from t;
select bag_eq(format('select name from drift.version_files(%L, 3)', id),
	array['source.wav', 'cover-1.png', 'cover-1-small.jpg'], 'the sweep knows its files') from t;

select * from finish();
rollback;
