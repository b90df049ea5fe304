-- upload_parts: what a joined transfer consists of, in order. bytes is null of a part that is
-- not here any more.
create or replace function drift.upload_parts(i_upload uuid)
returns table (part uuid, bytes bigint)
language sql stable security definer set search_path = drift, pg_temp as $$
	select p.id, u.length
	from drift.upload j
	cross join unnest(j.parts) with ordinality p (id, place)
	left join drift.upload u on u.id = p.id
	where j.id = i_upload
	order by p.place
$$;
comment on function drift.upload_parts(uuid) is 'What a joined transfer consists of, in order.';
