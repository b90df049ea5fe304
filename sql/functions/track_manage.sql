-- track_manage: the newest tracks, private ones too, for who may change them.
--
--   i_q      as in track_list
--   i_limit  tracks at most, 1 to 200
create or replace function drift.track_manage(i_q text, i_limit integer)
returns jsonb language plpgsql stable security definer set search_path = drift, pg_temp as $$
declare
	l_query constant tsquery := drift.track_query(i_q);
begin
	if i_limit is null or i_limit not between 1 and 200 then
		raise exception 'limit is not a number from 1 to 200' using errcode = 'DR400';
	end if;
	return (
		with found as (
			select unnest(drift.track_page(l_query, 'infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff',
				i_limit)) as id
			union all
			(select t.id from drift.track t
			where t.private and t.version > 0 and t.deleted is null
				and (l_query is null or t.words @@ l_query)
			order by t.created desc limit i_limit))
		select jsonb_build_object('tracks', coalesce(jsonb_agg(row order by at desc), '[]'))
		from (
			select t.created as at, jsonb_build_object('track', t.id, 'title', t.title,
				'artist', t.artist, 'album', t.album, 'private', t.private, 'version', t.version,
				'cover', s.cover_name,
				'seconds', round(s.samples::numeric / s.sample_rate, 3)) as row
			from found f
			join drift.track t on t.id = f.id
			join drift.source s on s.track = t.id and s.version = t.version
			order by t.created desc limit i_limit) newest);
end $$;
comment on function drift.track_manage(text, integer) is
	'The newest tracks, private ones too, as JSON.';
