-- upload_probed: what the head of a transfer says of its content; the whole file may say
-- otherwise later, and counts then.
--
--   i_samples  as the head states it; null: it does not
--   i_tags     Vorbis comment names to texts, or to arrays of texts
--
-- Writes drift.source.
create or replace function drift.upload_probed(i_upload uuid, i_mime text, i_container text,
	i_codec text, i_sample_rate integer, i_channels integer, i_bits integer, i_lossless boolean,
	i_samples bigint, i_tags jsonb)
returns void language sql security definer set search_path = drift, pg_temp as $$
	update drift.source s
	set mime = i_mime, container = i_container, codec = i_codec, sample_rate = i_sample_rate,
		channels = i_channels, bits = i_bits, lossless = i_lossless, samples = i_samples,
		tags = coalesce(i_tags, '{}')
	from drift.upload u
	where u.id = i_upload and s.track = u.track and s.version = u.version and s.state = 'receiving'
$$;
comment on function drift.upload_probed(uuid, text, text, text, integer, integer, integer, boolean,
	bigint, jsonb) is 'What the head of a transfer says of its content.';
