-- manifest_growing: all that a player can know of a track whose first source is arriving.
--
--   i_site   what precedes /cgi-bin/ in URLs
--   i_media  URL under which the version's folder is served; null: there is none yet
--   i_opus   Opus can be encoded while it arrives, of what is lossless and says how long it is
--
-- The members of manifest, with what the head of the source says; samples and duration are
-- null unless it states them. source says what is there: ranges of bytes [from, to). DR404:
-- as growing_get.
create or replace function drift.manifest_growing(i_track uuid, i_site text, i_media text,
	i_opus boolean)
returns jsonb language plpgsql stable security definer set search_path = drift, pg_temp as $$
declare
	l_track text := i_site || '/cgi-bin/stream.fcgi/' || i_track;
	l_stream text := l_track || '?format=';
	t drift.track;
	s drift.source;
	u drift.upload;
	g record;
	l_artist text;
	l_opus boolean;
	l_mp4 text; -- as remux_state has it
begin
	select * into g from drift.growing_get(i_track);
	select * into t from drift.track where id = i_track;
	select * into s from drift.source where track = i_track and version = g.version;
	select * into u from drift.upload where id = g.upload;
	l_artist := coalesce(nullif(t.artist, ''), drift.tag_text(s.tags, 'ARTIST'), '');
	l_opus := i_opus and coalesce(s.lossless and s.samples > 0, false) and u.length is not null
		and g.state <> 'failed' and not exists (select from drift.growth w
			where w.track = t.id and w.version = s.version and w.kind = 'opus' and w.failed);
	l_mp4 := drift.remux_state(t.id, s.version);
	return jsonb_build_object(
		'track', t.id, 'version', s.version, 'state', g.state,
		'title', coalesce(nullif(t.title, ''), nullif(drift.tag_text(s.tags, 'TITLE'), ''),
			nullif(regexp_replace(u.name, '\.[^.]{1,5}$', ''), ''), 'Untitled'),
		'artist', l_artist, 'artists', string_to_array(l_artist, '; '),
		'album', coalesce(nullif(t.album, ''), drift.tag_text(s.tags, 'ALBUM'), ''),
		'private', t.private, 'sample_rate', s.sample_rate, 'samples', s.samples,
		'timescale', 48000, 'duration', s.samples48, 'delay', s.delay, 'padding', s.padding,
		'gain', jsonb_build_object('track', null, 'album', null, 'peak', null, 'reference', -18),
		'loudness', null, 'waveform', null, 'cover', null,
		'source', drift.source_status(s, u),
		'renditions', jsonb_build_object(
			'lossless', jsonb_build_object(
				'state', case when s.codec is null then 'missing'
					when g.state = 'failed' then 'failed' else 'growing' end,
				'codec', s.codec, 'mime', s.mime, 'lossless', s.lossless,
				'bitrate', round((8 * drift.source_rate(s, u.length))::numeric),
				'bytes', u.length, 'url', null, 'stream', l_stream || 'lossless',
				'sidecar', null,
				'seekidx', case when s.codec is not null and l_mp4 not in ('failed', 'none') then
					i_site || '/cgi-bin/seekidx.fcgi/' || t.id || '?format=lossless' end,
				'playlist', case when s.codec is not null and l_mp4 not in ('failed', 'none') then
					l_track || '/playlist.m3u8' end,
				'fmp4_state', l_mp4,
				'growing', drift.growth_card(t.id, s.version, 'remux', i_site || '/cgi-bin/', i_media)),
			'opus', jsonb_build_object('state', case when l_opus then 'growing' else 'missing' end,
				'codec', 'opus', 'mime', 'audio/ogg; codecs=opus', 'url', null,
				'stream', l_stream || 'opus', 'sidecar', null,
				'seekidx', case when l_opus then
					i_site || '/cgi-bin/seekidx.fcgi/' || t.id || '?format=opus' end,
				'growing', drift.growth_card(t.id, s.version, 'opus', i_site || '/cgi-bin/', i_media),
				'playlist', null, 'pre_skip', 312)));
end $$;
comment on function drift.manifest_growing(uuid, text, text, boolean) is
	'All that a player can know of a track that is arriving, as JSON.';
