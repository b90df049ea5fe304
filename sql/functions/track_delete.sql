-- track_delete: nobody hears the track any more; its files go with the sweep.
--
-- DR404: no such track. Writes drift.track, drift.source, drift.job.
create or replace function drift.track_delete(i_track uuid)
returns void language plpgsql security definer set search_path = drift, pg_temp as $$
begin
	update drift.track set deleted = now(), changed = now()
	where id = i_track and deleted is null;
	if not found then
		raise exception 'no such track' using errcode = 'DR404';
	end if;
	update drift.source set superseded = coalesce(superseded, now()) where track = i_track;
	delete from drift.job where track = i_track;
end $$;
comment on function drift.track_delete(uuid) is 'Removes a track; its files go with the sweep.';
