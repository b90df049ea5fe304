-- growth_ask: somebody wants to hear an artifact of a version that is not whole.
--
--   i_kind  remux, opus
--
-- alive   somebody is making it
-- failed  it cannot be made while the source arrives
-- DR404: no such version. Writes drift.growth, at most once a second.
create or replace function drift.growth_ask(i_track uuid, i_version integer, i_kind text)
returns table (alive boolean, failed boolean)
language plpgsql security definer set search_path = drift, pg_temp as $$
#variable_conflict use_column
begin
	if not exists (select from drift.source where track = i_track and version = i_version) then
		raise exception 'no such version' using errcode = 'DR404';
	end if;
	insert into drift.growth as g (track, version, kind, asked) values (i_track, i_version, i_kind, now())
	on conflict on constraint growth_pkey do update set asked = now()
	where g.asked < now() - interval '1 second';
	return query select g.seen > now() - interval '3 seconds', g.failed from drift.growth g
	where g.track = i_track and g.version = i_version and g.kind = i_kind;
end $$;
comment on function drift.growth_ask(uuid, integer, text) is
	'Notes that somebody wants to hear a growing artifact; tells whether it is being made.';
