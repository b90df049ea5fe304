-- remux_state: what has become of a source's fragmented MP4.
--
-- Returns ready; growing: it can be heard while it is made; missing: it is still to be made; failed:
-- it could not be made; none: it is not made of such a source (see kinds).
create or replace function drift.remux_state(i_track uuid, i_version integer)
returns text language sql stable security definer set search_path = drift, pg_temp as $$
	select case
		when exists (select from drift.artifact a
			where a.track = s.track and a.version = s.version and a.kind = 'remux') then 'ready'
		when drift.growth_card(s.track, s.version, 'remux', '', '') is not null then 'growing'
		when s.codec is null then 'missing'
		when not exists (select from drift.kinds(s.codec, s.lossless,
				coalesce(s.video, substring(s.mime from '^video')), s.container) k
			where k.kind = 'remux') then 'none'
		when exists (select from drift.job j
			where j.track = s.track and j.version = s.version and j.kind = 'remux' and j.state = 'failed')
			or s.state <> 'stored' and exists (select from drift.growth g
			where g.track = s.track and g.version = s.version and g.kind = 'remux' and g.failed) then 'failed'
		else 'missing' end
	from drift.source s where s.track = i_track and s.version = i_version
$$;
comment on function drift.remux_state(uuid, integer) is
	'What has become of a source''s fragmented MP4: ready, growing, missing, failed, none.';
