-- upload_received: bytes [i_from, i_to) are on disk.
--
-- received  bytes from 0 on without a gap
-- probe     nothing is known of the content yet, and enough is new to look at: the caller does
-- DR423: another writer has taken over; DR409: there are too many gaps. Writes drift.upload;
-- its time to expire begins anew when bytes have come.
create or replace function drift.upload_received(i_upload uuid, i_writer integer, i_from bigint,
	i_to bigint)
returns table (received bigint, probe boolean)
language plpgsql security definer set search_path = drift, pg_temp as $$
#variable_conflict use_column
declare
	l_upload drift.upload := drift.upload_owned(i_upload, i_writer);
	l_received int8multirange := l_upload.received
		+ int8multirange(int8range(i_from, least(i_to, l_upload.length)));
	l_offset bigint := drift.upload_offset(l_received);
	l_tail boolean := coalesce(upper(l_received) = l_upload.length, false);
	l_probe boolean;
begin
	-- a row is written at every acknowledgement: it must not become a book
	if l_received <> l_upload.received and (select count(*) from unnest(l_received)) > 4096 then
		raise exception 'the pieces leave too many gaps' using errcode = 'DR409';
	end if;
	l_probe := i_to > i_from and l_upload.kind <> 'part' and l_offset > 0 and l_offset is distinct from l_upload.length
		and (l_offset >= l_upload.probe_at or l_tail and not l_upload.tail_probed)
		and exists (select from drift.source s where s.track = l_upload.track
			and s.version = l_upload.version and s.codec is null);
	update drift.upload
	set received = l_received,
		expires = case when i_to > i_from then now() + keep else expires end,
		active = case when i_to > i_from then now() else active end,
		probe_at = case when l_probe then greatest(2 * l_offset, probe_at) else probe_at end,
		tail_probed = tail_probed or l_probe and l_tail
	where id = i_upload;
	return query select l_offset, l_probe;
end $$;
comment on function drift.upload_received(uuid, integer, bigint, bigint) is
	'Notes bytes that are on disk; returns those from 0 on without a gap.';
