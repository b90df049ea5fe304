-- status: how far the newest version of a track is, for its uploader.
--
-- state is what a player is told (arrival), source as source_status has it. DR404: no such track.
create or replace function drift.status(i_track uuid)
returns jsonb language plpgsql stable security definer set search_path = drift, pg_temp as $$
declare
	s drift.source;
	u drift.upload;
begin
	perform from drift.track where id = i_track and deleted is null;
	if not found then
		raise exception 'no such track' using errcode = 'DR404';
	end if;
	select * into s from drift.source where track = i_track order by version desc limit 1;
	select * into u from drift.upload where track = i_track and version = s.version
	order by created desc limit 1;
	return jsonb_build_object('track', i_track, 'version', s.version,
		'state', drift.arrival(s, u), 'source', drift.source_status(s, u),
		'jobs', (select coalesce(jsonb_agg(jsonb_build_object('kind', j.kind, 'state', j.state,
				'progress', round(j.progress::numeric, 3), 'error', j.error) order by j.id), '[]')
			from drift.job j where j.track = i_track and j.version = s.version));
end $$;
comment on function drift.status(uuid) is 'How far the newest version of a track is, as JSON.';
