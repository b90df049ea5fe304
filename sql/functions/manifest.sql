-- manifest: all that a player needs of a track.
--
--   i_site   what precedes /cgi-bin/ in URLs
--   i_media  URL under which the version's folder is served
--   i_opus   bytes and bitrate of an Opus rendition that is encoded on demand; null
--            where it is not
--
-- Lengths are samples: samples, delay, padding, silence at sample_rate; duration and chunk
-- at timescale. gain is dB to reach the reference of -18 LUFS (ReplayGain 2). spectrum is dB
-- by thirds of an octave from 20 Hz on. The lossless rendition is there as the file that was
-- uploaded and, once it is made, as fragmented MP4, to which sidecar and playlist belong; prefer
-- says which to try first (no browser but Firefox takes MP3 out of MP4), and fmp4_state what has
-- become of that MP4, as remux_state has it. DR404: no such track,
-- or nothing stored yet.
drop function if exists drift.manifest(uuid, text, text);
create or replace function drift.manifest(i_track uuid, i_site text, i_media text,
	i_opus jsonb default null)
returns jsonb language plpgsql stable security definer set search_path = drift, pg_temp as $$
declare
	l_media text := rtrim(i_media, '/') || '/';
	l_cgi text := i_site || '/cgi-bin/';
	l_stream text := l_cgi || 'stream.fcgi/' || i_track || '?format=opus';
	l_seekidx text := l_cgi || 'seekidx.fcgi/' || i_track || '?format=opus';
	l_failed boolean;
	l_growing jsonb;
	l_growing_mp4 jsonb;
	t drift.track;
	s drift.source;
	o drift.artifact;
	x drift.artifact;
	w drift.artifact;
	z drift.artifact;
	r drift.artifact;
	l_remux jsonb;
begin
	select * into t from drift.track where id = i_track and deleted is null and version > 0;
	if not found then
		raise exception 'no such track' using errcode = 'DR404';
	end if;
	select * into s from drift.source where track = t.id and version = t.version;
	select * into o from drift.artifact where track = t.id and version = t.version and kind = 'opus';
	select * into x from drift.artifact where track = t.id and version = t.version and kind = 'seekidx';
	select * into w from drift.artifact where track = t.id and version = t.version and kind = 'waveform';
	select * into z from drift.artifact where track = t.id and version = t.version and kind = 'waveform_zoom';
	select * into r from drift.artifact where track = t.id and version = t.version and kind = 'remux';
	select jsonb_object_agg(kind, l_media || name) into l_remux from drift.artifact
	where track = t.id and version = t.version and kind in ('remux_seekidx', 'playlist', 'master')
		and r.name is not null;
	l_failed := exists (select from drift.job where track = t.id and version = t.version
		and kind = 'opus' and state = 'failed');
	if o.name is null then
		l_growing := drift.growth_card(t.id, t.version, 'opus', l_cgi, l_media);
	end if;
	if r.name is null then
		l_growing_mp4 := drift.growth_card(t.id, t.version, 'remux', l_cgi, l_media);
	end if;
	return jsonb_build_object(
		'track', t.id, 'version', t.version, 'state', 'completed', 'title', t.title, 'artist', t.artist, 'artists', t.artists,
		'album', t.album, 'private', t.private,
		'sample_rate', s.sample_rate, 'samples', s.samples, 'timescale', 48000,
		'duration', s.samples48, 'delay', s.delay, 'padding', s.padding,
		'chunk', jsonb_build_object('samples', 240000, 'count', (s.samples48 + 239999) / 240000),
		'gain', jsonb_build_object('track', round((-18 - s.loudness)::numeric, 2),
			'album', round((-18 - drift.album_loudness(t.id))::numeric, 2), 'peak', round(s.true_peak::numeric, 2), 'reference', -18),
		'loudness', round(s.loudness::numeric, 2),
		'silence', jsonb_build_object('start', s.silence_start, 'end', s.silence_end),
		'spectrum', to_jsonb(s.spectrum),
		'waveform', l_media || w.name, 'waveform_zoom', l_media || z.name, 'cover', l_media || s.cover_name,
		'renditions', jsonb_build_object(
			'lossless', jsonb_build_object('state', 'ready', 'codec', s.codec,
				'mime', s.mime, 'lossless', s.lossless,
				'bitrate', case when s.samples > 0 then
					round(s.bytes * 8.0 * s.sample_rate / s.samples) end,
				'bytes', s.bytes, 'url', l_media || s.name,
				'stream', l_cgi || 'stream.fcgi/' || t.id || '?format=lossless',
				'sidecar', l_remux -> 'remux_seekidx', 'playlist', l_remux -> 'playlist',
				'master', l_remux -> 'master',
				'seekidx', case when r.name is not null or l_growing_mp4 is not null then
					l_cgi || 'seekidx.fcgi/' || t.id || '?format=lossless' end,
				'fmp4', case when r.name is not null then r.meta || jsonb_build_object(
					'mime', r.mime, 'types', drift.mime_types(r.mime), 'bytes', r.bytes, 'url', l_media || r.name) end,
				'fmp4_state', drift.remux_state(t.id, t.version),
				'growing', l_growing_mp4,
				'prefer', case when r.name is null then '["file"]'::jsonb
					when r.meta ->> 'codec' like 'mp4a.6%' then '["file", "fmp4"]'
					else '["fmp4", "file"]' end),
			'opus', jsonb_build_object(
				'state', case when o.name is not null and x.name is not null then 'ready'
					when i_opus is not null then 'virtual'
					when l_growing is not null then 'growing'
					when l_failed then 'failed' else 'missing' end,
				'codec', 'opus', 'mime', 'audio/ogg; codecs=opus',
				'bitrate', coalesce(o.meta, i_opus) -> 'bitrate',
				'bytes', coalesce(to_jsonb(o.bytes), i_opus -> 'bytes'),
				'url', coalesce(l_media || o.name, case when i_opus is not null then l_stream end),
				'stream', l_stream,
				'sidecar', coalesce(l_media || x.name, case when i_opus is not null then l_seekidx end),
				'seekidx', l_seekidx, 'growing', l_growing,
				'playlist', null, 'pre_skip', 312)));
end $$;
comment on function drift.manifest(uuid, text, text, jsonb) is 'All that a player needs of a track, as JSON.';
