-- upload_expire: removes the transfers whose time is over. Their files are the
-- sweep's to remove.
--
-- Returns their ids. Writes drift.upload, drift.source, drift.track.
create or replace function drift.upload_expire()
returns setof uuid language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_upload uuid;
begin
	for l_upload in
		select id from drift.upload where expires < now() - case state when 'storing' then interval '1 day' else interval '0' end
		order by expires for update skip locked
	loop
		perform drift.upload_forget(l_upload);
		return next l_upload;
	end loop;
end $$;
comment on function drift.upload_expire() is 'Removes expired transfers; returns their ids.';
