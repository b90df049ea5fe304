-- source_status: how far a source is: bytes in all, those received from 0 on without a gap,
-- those that are there ([[from, to)], 64 ranges at most) and those that are wanted next.
create or replace function drift.source_status(s drift.source, u drift.upload)
returns jsonb language sql stable set search_path = drift, pg_temp as $$
	select jsonb_build_object('state', s.state, 'bytes', coalesce(s.bytes, u.length),
		'received', case s.state when 'stored' then s.bytes
			else drift.upload_offset(u.received) end,
		'ranges', case s.state when 'stored' then jsonb_build_array(jsonb_build_array(0, s.bytes))
			else (select coalesce(jsonb_agg(jsonb_build_array(lower(r), upper(r))), '[]')
				from (select r from unnest(u.received) r limit 64) first) end,
		'wanted', case s.state when 'receiving' then
			(select coalesce(jsonb_agg(jsonb_build_array(lower(r), upper(r)) order by n), '[]')
			from (select r, n from unnest(drift.upload_wanted(u, s)) with ordinality w (r, n)
				order by n limit 64) first)
			else '[]' end,
		'error', s.error)
$$;
comment on function drift.source_status(drift.source, drift.upload) is
	'How far a source is, as JSON.';
