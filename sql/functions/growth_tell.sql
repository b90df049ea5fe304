-- growth_tell: so much of an artifact is there that it can be heard.
--
--   i_kind    remux, opus
--   i_codec   as a MIME type has it
--   i_delay   samples before the first one heard
--   i_width, i_height  of moving pictures, pixels; null: there are none
--
-- Nothing when the version is gone. Writes drift.growth.
create or replace function drift.growth_tell(i_track uuid, i_version integer, i_kind text,
	i_codec text, i_delay bigint, i_width integer, i_height integer)
returns void language sql security definer set search_path = drift, pg_temp as $$
	insert into drift.growth (track, version, kind, codec, delay, width, height, seen)
	select s.track, s.version, i_kind, i_codec, i_delay, i_width, i_height, now()
	from drift.source s where s.track = i_track and s.version = i_version
	on conflict on constraint growth_pkey do update
	set codec = excluded.codec, delay = excluded.delay, width = excluded.width,
		height = excluded.height, seen = excluded.seen, failed = false
$$;
comment on function drift.growth_tell(uuid, integer, text, text, bigint, integer, integer) is
	'Says that an artifact can be heard while it is made.';
