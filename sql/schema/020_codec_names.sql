-- 020_codec_names - codecs of fragmented MP4 as they are registered: fLaC and Opus (mp4ra.org).

update drift.artifact
set mime = replace(replace(mime, 'flac', 'fLaC'), 'opus', 'Opus'),
	meta = jsonb_set(meta, '{codec}', to_jsonb(replace(replace(meta ->> 'codec', 'flac', 'fLaC'), 'opus', 'Opus')))
where kind = 'remux' and meta ->> 'codec' ~ 'flac|opus';

-- made by a program of before, it begins anew; of kind opus the codec is Ogg's: opus
delete from drift.growth where kind = 'remux' and codec ~ 'flac|opus';
