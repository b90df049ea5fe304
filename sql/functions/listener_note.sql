-- listener_note: somebody hears a source that is still arriving.
--
--   i_listener  a hash
--   i_at        byte of the source that is needed next; null: i_seconds says it
--   i_seconds   position in the sound
--
-- Nothing when the source is whole or gone. Writes drift.listener.
create or replace function drift.listener_note(i_track uuid, i_version integer, i_listener text,
	i_at bigint, i_seconds double precision default null)
returns void language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	s drift.source;
	u drift.upload;
begin
	select * into s from drift.source
	where track = i_track and version = i_version and state in ('receiving', 'storing');
	if not found then
		return;
	end if;
	select * into u from drift.upload where track = i_track and version = i_version;
	insert into drift.listener (track, version, listener, at)
	values (i_track, i_version, i_listener, greatest(0,
		coalesce(i_at, (i_seconds * drift.source_rate(s, u.length))::bigint, 0)))
	on conflict on constraint listener_pkey do update set at = excluded.at, noted = now();
end $$;
comment on function drift.listener_note(uuid, integer, text, bigint, double precision) is
	'Notes where somebody hears a source that is still arriving.';
