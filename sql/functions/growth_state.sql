-- growth_state: an artifact of a version that can perhaps be heard while it is made.
--
--   i_kind  remux, opus
--
-- alive  somebody is making it
-- made   there is one
create or replace function drift.growth_state(i_track uuid, i_version integer, i_kind text)
returns table (alive boolean, made boolean)
language sql stable security definer set search_path = drift, pg_temp as $$
	select exists (select from drift.growth g where g.track = i_track and g.version = i_version
			and g.kind = i_kind and g.seen > now() - interval '3 seconds'),
		exists (select from drift.artifact a where a.track = i_track and a.version = i_version
			and a.kind = i_kind)
$$;
comment on function drift.growth_state(uuid, integer, text) is
	'Is an artifact of a version being made, or made already?';
