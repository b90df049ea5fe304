-- Tags with several values, and the artists of a track.
begin;
select plan(12);

select is(drift.tag_text('{"A": "x"}', 'A'), 'x', 'a text is itself');
select is(drift.tag_text('{"A": ["x", "y", "x"]}', 'A'), 'x; y; x', 'several are parted to read');
select is(drift.tag_text('{"A": ["x"]}', 'B'), null, 'of no other name there is one');

create function pg_temp.send(i_tags jsonb) returns uuid language plpgsql as $$
declare
	u record;
begin
	select * into u from drift.upload_create(null, null, 100, 'x.wav', '{}', 48);
	perform drift.upload_take(u.upload, 0, null);
	perform drift.upload_publish(u.upload, 1, 'source.wav', 100, 1700000000000000, null,
		'audio/wav', 'wav', 'pcm', 48000, 2, 16, true, 480000, 0, 0, i_tags, null, null);
	return u.track;
end $$;

create temp table t as
select pg_temp.send('{"TITLE": ["a", "b"], "ARTIST": ["Alpha", "Beta"], "ALBUM": "c", "TRACKNUMBER": ["2", "x"]}') as two,
	pg_temp.send('{"TITLE": "one", "ARTIST": "Alpha", "ALBUM": "c", "ALBUMARTIST": ["Alpha", "Beta"], "TRACKNUMBER": "1/2"}') as one;

create function pg_temp.titles(i_artist text, i_album text) returns text language sql as $$
	select string_agg(t.value ->> 'title', ',' order by t.ordinality)
	from jsonb_array_elements(drift.collection(i_artist, i_album) -> 'tracks') with ordinality t
$$;
select is((select title || '|' || artist from drift.track, t where id = two), 'a; b|Alpha; Beta', 'a track reads so');
select is(pg_temp.titles('Alpha', 'c'), 'one,a; b', 'an album of one artist has those with others, in order');
select is(pg_temp.titles('Beta', ''), 'a; b', 'each artist is found');
select is(pg_temp.titles('Beta; Alpha', ''), 'a; b', 'and those who are asked for together');
select is(pg_temp.titles('', 'c'), 'one,a; b', 'an album of anybody');
select is((select drift.track_card(two) -> 'artists' from t), '["Alpha", "Beta"]', 'the card has each');
select is((select drift.track_update(two, '{"artist": ""}') -> 'artists' from t), '[]', 'nobody is no artist');
select pg_temp.send(jsonb_build_object('ARTIST', repeat('日', 4000), 'ALBUM', string_agg(chr(19968 + (i * 7919) % 20000), '')))
from generate_series(1, 4000) i;
select is((select max(length(album)) from drift.track), 600, 'a giant text is cut to what indexes hold');
select ok(drift.feed('Alpha', '', 'http://x', 'http://x/f') like '%<title>one</title>%', 'the feed finds them, too');

select * from finish();
rollback;
