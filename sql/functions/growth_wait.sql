-- growth_wait: who makes an artifact of an arriving version needs a byte of it next.
--
--   i_kind    remux, opus
--   i_upload  the transfer
--   i_at      byte
--
-- wanted  somebody has asked for the artifact lately
-- reach   end of the bytes that are there from i_at on without a gap; i_at when it is not
-- No row when the transfer is gone or has failed. A byte that is not there is wanted from the
-- sender as if somebody heard it. Writes drift.growth and drift.listener, about once a second.
create or replace function drift.growth_wait(i_track uuid, i_version integer, i_kind text,
	i_upload uuid, i_at bigint)
returns table (wanted boolean, reach bigint)
language plpgsql security definer set search_path = drift, pg_temp as $$
#variable_conflict use_column
declare
	l_reach bigint;
begin
	select r.reach into l_reach from drift.upload_reach(i_upload, i_at) r
	where r.state <> 'failed';
	if not found then
		return;
	end if;
	update drift.growth g set seen = now()
	where g.track = i_track and g.version = i_version and g.kind = i_kind
		and g.seen < now() - interval '1 second';
	if found and l_reach = i_at then
		perform drift.listener_note(i_track, i_version, 'growth', i_at);
	end if;
	return query select g.asked > now() - interval '1 minute', l_reach from drift.growth g
	where g.track = i_track and g.version = i_version and g.kind = i_kind;
end $$;
comment on function drift.growth_wait(uuid, integer, text, uuid, bigint) is
	'How far an arriving version can be read by who makes an artifact of it.';
