-- track_page: ids of public tracks, newest first, that come after a place in that order.
--
--   i_query    of track_query; null: all
--   i_created  of the place, as i_id
--   i_limit    ids at most
--
-- Few steps of an index give a page of all tracks, and of those with a word that many have; the
-- index of words gives those with a word that few have. No estimate says which of the two it is:
-- a word may be in each old track and in no new one. So the next 10,000 tracks are looked through,
-- and only if they do not fill the page, all that have the words are found and sorted.
create or replace function drift.track_page(i_query tsquery, i_created timestamptz, i_id uuid,
	i_limit integer)
returns uuid[] language plpgsql stable set search_path = drift, pg_temp
set plan_cache_mode = force_custom_plan set enable_seqscan = off as $$
declare
	l_near constant integer := 10000;
	l_ids uuid[];
begin
	if i_query is null then
		return array(
			select t.id from drift.track t
			where t.version > 0 and t.deleted is null and not t.private
				and (t.created, t.id) < (i_created, i_id)
			order by t.created desc, t.id desc limit i_limit);
	end if;
	l_ids := array(
		select near.id from (
			select t.id, t.created, t.words from drift.track t
			where t.version > 0 and t.deleted is null and not t.private
				and (t.created, t.id) < (i_created, i_id)
			order by t.created desc, t.id desc limit l_near) near
		where near.words @@ i_query
		order by near.created desc, near.id desc limit i_limit);
	if cardinality(l_ids) = i_limit or not exists (
			select from drift.track t
			where t.version > 0 and t.deleted is null and not t.private
				and (t.created, t.id) < (i_created, i_id)
			order by t.created desc, t.id desc offset l_near) then
		return l_ids;
	end if;
	return array(
		select hit.id from (
			select t.id, t.created from drift.track t
			where t.version > 0 and t.deleted is null and not t.private
				and (t.created, t.id) < (i_created, i_id) and t.words @@ i_query
			offset 0) hit -- planned by itself: no order to follow
		order by hit.created desc, hit.id desc limit i_limit);
end $$;
comment on function drift.track_page(tsquery, timestamptz, uuid, integer) is
	'Ids of public tracks after a place in the list, newest first.';
