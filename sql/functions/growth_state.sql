-- growth_state: the fragmented MP4 of a version that may have been made while it arrived.
--
-- alive  somebody is making it
-- made   there is one
create or replace function drift.growth_state(i_track uuid, i_version integer)
returns table (alive boolean, made boolean)
language sql stable security definer set search_path = drift, pg_temp as $$
	select exists (select from drift.growth g where g.track = i_track and g.version = i_version
			and g.seen > now() - interval '3 seconds'),
		exists (select from drift.artifact a where a.track = i_track and a.version = i_version
			and a.kind = 'remux')
$$;
comment on function drift.growth_state(uuid, integer) is
	'Is a version''s fragmented MP4 being made, or made already?';
