-- upload_join: a transfer of several parts, all of which are here.
--
--   i_key            who sends; the parts are of the same key
--   i_parts          one after the other
--   i_most           bytes at most
--   others           as upload_create
--
-- DR400: it has no part, or one that is none; DR404: no such track; DR409: a part is not whole
-- yet; DR413: more than i_most. Writes as upload_create.
create or replace function drift.upload_join(i_key bigint, i_track uuid, i_parts uuid[],
	i_most bigint, i_name text, i_metadata jsonb, i_expires_hours integer)
returns uuid language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_parts integer;
	l_whole boolean;
	l_length bigint;
	l_upload uuid;
begin
	select count(u.id), bool_and(u.received @> int8multirange(int8range(0, u.length))), sum(u.length)
	into l_parts, l_whole, l_length
	from unnest(i_parts) p
	join drift.upload u on u.id = p and u.kind = 'part' and u.key is not distinct from i_key;
	if l_parts = 0 or l_parts < cardinality(i_parts) then
		raise exception 'what is to be joined are no parts' using errcode = 'DR400';
	end if;
	if not coalesce(l_whole, false) then
		raise exception 'a part is not whole yet' using errcode = 'DR409';
	end if;
	if l_length > i_most then
		raise exception 'the parts are too long together' using errcode = 'DR413';
	end if;
	select c.upload into l_upload from drift.upload_create(i_key, i_track, l_length, i_name,
		i_metadata, i_expires_hours) c;
	update drift.upload set kind = 'joined', parts = i_parts where id = l_upload;
	return l_upload;
end $$;
comment on function drift.upload_join(bigint, uuid, uuid[], bigint, text, jsonb, integer) is
	'Begins a transfer of several parts.';
