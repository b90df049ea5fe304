-- kinds: what is made of a source, and how urgently.
--
--   i_codec     of its sound;  i_lossless  of it too
--   i_video     of its moving pictures; null: there are none
--   i_container ogg-chain, mp3-chain …: several streams one after the other
--
-- Sound that no browser takes in MP4 and that was not lossless is not repackaged, nor is
-- a chain of streams, each with ends of its own to cut: the Opus rendition serves. Pictures that no browser plays have to be encoded, which takes
-- longer than all else together and so comes after all else.
create or replace function drift.kinds(i_codec text, i_lossless boolean, i_video text, i_container text)
returns table (kind text, priority integer) language sql immutable security definer
set search_path = drift, pg_temp as $$
	select 'opus', 0
	union all
	select 'waveform', 0
	union all
	select 'remux', case when i_video not in ('h264', 'hevc', 'vp9', 'av1') then -2 else 0 end
	where i_video is not null
		or (coalesce(i_container, '') not like '%-chain'
			and (i_lossless or i_codec in
				('flac', 'alac', 'pcm', 'alaw', 'ulaw', 'aac', 'mp3', 'opus')))
$$;
comment on function drift.kinds(text, boolean, text, text) is 'What is made of a source, with its priority.';
