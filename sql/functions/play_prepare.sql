-- play_prepare: makes the partitions of drift.play for the next two months.
--
-- Run by the sweep. A month whose plays lie in the default partition already stays there.
-- Writes no rows.
create or replace function drift.play_prepare()
returns void language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_from timestamptz;
	l_name text;
begin
	perform pg_advisory_xact_lock(hashtext('drift.play_prepare'));
	for i in 1..2 loop
		l_from := date_trunc('month', now(), 'UTC') + make_interval(months => i);
		l_name := 'play_' || to_char(l_from at time zone 'UTC', 'YYYY_MM');
		continue when to_regclass('drift.' || l_name) is not null or exists (
			select from drift.play_default where slot >= l_from
				and slot < l_from + interval '1 month');
		execute format('create table drift.%I partition of drift.play for values from (%L) to (%L)',
			l_name, l_from, l_from + interval '1 month');
		execute format('comment on table drift.%I is %L', l_name, 'Plays of one month.');
	end loop;
end $$;
comment on function drift.play_prepare() is 'Makes the partitions of drift.play for the next two months.';
