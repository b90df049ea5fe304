-- track_get: what a program needs to serve a track: its present version and renditions.
--
-- version 0: nothing is stored yet, all of the source is null. opus_* are null until
-- the Opus rendition and its sidecar are there, remux_* until the fragmented MP4 and
-- what belongs to it are; opus_error is the sentence of a job that failed for good. DR404: no such track.
create or replace function drift.track_get(i_track uuid)
returns table (version integer, private boolean, title text, container text, codec text,
	mime text, lossless boolean, source_name text, source_bytes bigint,
	source_mtime_us bigint, sample_rate integer, channels integer, samples bigint,
	samples48 bigint, opus_name text, opus_bytes bigint, opus_mtime_us bigint,
	opus_seekidx_name text, opus_error text, remux_seekidx_name text, remux_playlist_name text,
	remux_master_name text)
language plpgsql stable security definer set search_path = drift, pg_temp as $$
#variable_conflict use_column
begin
	return query
	select t.version, t.private, t.title, s.container, s.codec, s.mime, s.lossless, s.name,
		s.bytes, s.mtime_us, s.sample_rate, s.channels, s.samples, s.samples48,
		o.name, o.bytes, o.mtime_us, x.name,
		(select j.error from drift.job j where j.track = t.id and j.version = t.version
			and j.kind = 'opus' and j.state = 'failed'),
		rx.name, rp.name, rm.name
	from drift.track t
	left join drift.source s on s.track = t.id and s.version = t.version
	left join drift.artifact x on x.track = t.id and x.version = t.version
		and x.kind = 'seekidx'
	left join drift.artifact o on o.track = t.id and o.version = t.version
		and o.kind = 'opus' and x.name is not null
	left join drift.artifact r on r.track = t.id and r.version = t.version and r.kind = 'remux'
	left join drift.artifact rx on rx.track = r.track and rx.version = r.version
		and rx.kind = 'remux_seekidx'
	left join drift.artifact rp on rp.track = r.track and rp.version = r.version
		and rp.kind = 'playlist'
	left join drift.artifact rm on rm.track = r.track and rm.version = r.version
		and rm.kind = 'master'
	where t.id = i_track and t.deleted is null;
	if not found then
		raise exception 'no such track' using errcode = 'DR404';
	end if;
end $$;
comment on function drift.track_get(uuid) is 'A track''s present version and renditions, for serving it.';
