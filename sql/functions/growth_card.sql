-- growth_card: a fragmented MP4 that can be heard while it is made, for manifests; null where there
-- is none.
--
--   i_cgi    URL of the programs' folder;  i_media  that of the version's
create or replace function drift.growth_card(i_track uuid, i_version integer, i_cgi text,
	i_media text)
returns jsonb language sql stable security definer set search_path = drift, pg_temp as $$
	select jsonb_build_object('state', 'growing', 'codec', g.codec,
		'mime', case when g.width is null then 'audio' else 'video' end
			|| '/mp4; codecs="' || g.codec || '"',
		'delay', g.delay, 'url', i_media || 'growing.mp4', 'sidecar', i_media || 'growing.seekidx',
		'playlist', i_media || 'growing.m3u8',
		'stream', i_cgi || 'stream.fcgi/' || i_track || '/remux.mp4')
	from drift.growth g
	where g.track = i_track and g.version = i_version and g.codec is not null
		and g.seen > now() - interval '10 seconds'
$$;
comment on function drift.growth_card(uuid, integer, text, text) is
	'A fragmented MP4 that can be heard while it is made, as JSON.';
