-- growth_card: an artifact that can be heard while it is made, for manifests; null where there
-- is none.
--
--   i_kind   remux, opus
--   i_cgi    URL of the programs' folder;  i_media  that of the version's
create or replace function drift.growth_card(i_track uuid, i_version integer, i_kind text,
	i_cgi text, i_media text)
returns jsonb language sql stable security definer set search_path = drift, pg_temp as $$
	select jsonb_build_object('state', 'growing', 'codec', g.codec, 'delay', g.delay)
		|| case i_kind when 'opus' then jsonb_build_object('mime', 'audio/ogg; codecs=opus',
			'url', i_media || 'growing.opus', 'sidecar', i_media || 'growing.opus.seekidx',
			'playlist', null, 'stream', i_cgi || 'stream.fcgi/' || i_track || '?format=opus')
		else jsonb_build_object('mime', m.mime, 'types', drift.mime_types(m.mime),
			'url', i_media || 'growing.mp4', 'sidecar', i_media || 'growing.seekidx',
			'playlist', i_media || 'growing.m3u8',
			'stream', i_cgi || 'stream.fcgi/' || i_track || '/remux.mp4') end
	from drift.growth g
	cross join lateral (select case when g.width is null then 'audio' else 'video' end
		|| '/mp4; codecs="' || g.codec || '"' as mime) m
	where g.track = i_track and g.version = i_version and g.kind = i_kind
		and g.codec is not null and g.seen > now() - interval '10 seconds'
$$;
comment on function drift.growth_card(uuid, integer, text, text, text) is
	'An artifact that can be heard while it is made, as JSON.';
