-- upload_publish: a transfer has become a version's source, which is played from
-- now on.
--
-- The file is in the version's folder already. Facts as decoder.h has them:
--   i_mtime_us     of the file, microseconds since 1970
--   i_sample_rate  Hz;  i_samples, i_delay, i_padding  samples at that rate
--   i_tags         Vorbis comment names to texts, or to arrays of texts
--   i_video        codec of its moving pictures; null: there are none
--   i_cover_small  file name of the cover made small; null: there is none
--
-- In one transaction: source stored, version set, title from the tags (else
-- from the file's name) unless it was set by hand, jobs of older versions dropped, new ones queued.
-- DR404: no such transfer, or its track is gone; DR423: another writer has taken over.
-- Writes drift.upload, drift.upload_writer, drift.listener, drift.source, drift.track, drift.job;
-- notifies drift_job.
drop function if exists drift.upload_publish(uuid, integer, text, bigint, bigint, text, text, text,
	text, integer, integer, integer, boolean, bigint, integer, integer, jsonb, text, text, text);
create or replace function drift.upload_publish(i_upload uuid, i_writer integer,
	i_source_name text, i_bytes bigint, i_mtime_us bigint, i_sha256 text, i_mime text,
	i_container text, i_codec text, i_sample_rate integer, i_channels integer, i_bits integer,
	i_lossless boolean, i_samples bigint, i_delay integer, i_padding integer, i_tags jsonb,
	i_cover_name text, i_cover_mime text, i_video text default null,
	i_cover_small text default null)
returns table (track uuid, version integer)
language plpgsql security definer set search_path = drift, pg_temp as $$
#variable_conflict use_column
declare
	l_upload drift.upload := drift.upload_owned(i_upload, i_writer);
	l_track drift.track;
	l_most constant integer := 600; -- characters, of which each index has room for all
	l_said jsonb; -- by the file, of what nobody has set by hand
begin
	select t.* into l_track from drift.track t
	where t.id = l_upload.track and t.deleted is null for update;
	if not found then
		raise exception 'the track is gone' using errcode = 'DR404';
	end if;
	update drift.source s
	set state = 'stored', name = i_source_name, bytes = i_bytes, mtime_us = i_mtime_us,
		sha256 = i_sha256, mime = i_mime, container = i_container, codec = i_codec,
		sample_rate = i_sample_rate, channels = i_channels, bits = i_bits,
		lossless = i_lossless, samples = i_samples, delay = i_delay, padding = i_padding,
		tags = coalesce(i_tags, '{}'), cover_name = i_cover_name, cover_mime = i_cover_mime,
		cover_small = i_cover_small, video = i_video,
		superseded = case when l_track.version > l_upload.version then now() end
	where s.track = l_upload.track and s.version = l_upload.version;
	update drift.upload set state = 'stored', error = null where id = i_upload;
	delete from drift.upload_writer w where w.upload = i_upload;
	delete from drift.listener l where l.track = l_upload.track and l.version = l_upload.version;

	-- an older upload that ends after a newer one does not take the track back
	if l_track.version < l_upload.version then
		update drift.source s set superseded = now()
		where s.track = l_upload.track and s.version < l_upload.version
			and s.superseded is null;
		delete from drift.job j
		where j.track = l_upload.track and j.version < l_upload.version;
		l_said := i_tags - (select coalesce(array_agg(upper(k)), '{}') from unnest(l_track.by_hand) k);
		update drift.track t
		set version = l_upload.version, changed = now(),
			title = coalesce(nullif(left(drift.tag_text(l_said, 'TITLE'), l_most), ''), nullif(l_track.title, ''),
				nullif(regexp_replace(l_upload.name, '\.[^.]{1,5}$', ''), ''), 'Untitled'),
			artist = coalesce(nullif(left(drift.tag_text(l_said, 'ARTIST'), l_most), ''), l_track.artist),
			album = coalesce(nullif(left(drift.tag_text(l_said, 'ALBUM'), l_most), ''), l_track.album)
		where t.id = l_upload.track;
		insert into drift.job (track, version, kind, priority)
		select l_upload.track, l_upload.version, k.kind, k.priority
		from drift.kinds(i_codec, i_lossless, i_video, i_container) k;
		notify drift_job;
	end if;
	return query select l_upload.track, l_upload.version;
end $$;
comment on function drift.upload_publish(uuid, integer, text, bigint, bigint, text, text, text, text,
	integer, integer, integer, boolean, bigint, integer, integer, jsonb, text, text, text, text) is
	'Makes a transfer the source of its version, and queues its jobs.';
