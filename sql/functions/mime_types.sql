-- mime_types: the spellings of an MP4's type by which browsers can be asked whether they take it, the
-- registered one first.
--
--   i_mime  as registered: video/mp4; codecs="avc1.64001f,fLaC"
--
-- Safari's HLS takes fLaC and Opus alone, as they are registered (mp4ra.org); older browsers
-- know some of them as flac and opus only.
create or replace function drift.mime_types(i_mime text)
returns jsonb language sql immutable security definer set search_path = drift, pg_temp as $$
	select to_jsonb(array[i_mime]
		|| array_remove(array[replace(replace(i_mime, 'fLaC', 'flac'), 'Opus', 'opus')], i_mime))
$$;
comment on function drift.mime_types(text) is
	'The spellings of an MP4''s type by which browsers can be asked whether they take it.';
