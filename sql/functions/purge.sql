-- purge: removes a track and all its rows at once, plays too; its files go with the sweep, a
-- day later, as files without a row.
--
-- DR404: no such track. Writes drift.track and what hangs on it.
create or replace function drift.purge(i_track uuid)
returns void language plpgsql security definer set search_path = drift, pg_temp as $$
begin
	delete from drift.track where id = i_track;
	if not found then
		raise exception 'no such track' using errcode = 'DR404';
	end if;
end $$;
comment on function drift.purge(uuid) is 'Removes a track and all its rows at once.';
