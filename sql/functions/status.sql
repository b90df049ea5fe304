-- status: how far the newest version of a track is, for its uploader.
--
-- source.wanted is the bytes still missing, [[from, to)]. DR404: no such track.
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
		'source', jsonb_build_object('state', s.state, 'bytes', coalesce(s.bytes, u.length),
			'received', case s.state when 'stored' then s.bytes
				else drift.upload_offset(u.received) end,
			'wanted', case s.state when 'receiving' then
				(select coalesce(jsonb_agg(jsonb_build_array(lower(r), upper(r))), '[]')
				from unnest(int8multirange(int8range(0, u.length)) - u.received) r)
				else '[]' end,
			'error', s.error),
		'jobs', (select coalesce(jsonb_agg(jsonb_build_object('kind', j.kind, 'state', j.state,
				'progress', round(j.progress::numeric, 3), 'error', j.error) order by j.id), '[]')
			from drift.job j where j.track = i_track and j.version = s.version));
end $$;
comment on function drift.status(uuid) is 'How far the newest version of a track is, as JSON.';
