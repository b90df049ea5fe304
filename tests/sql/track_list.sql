-- The list stays flat: however many tracks there are, a page reads few of them.
begin;
select plan(8);

insert into drift.track (id, version, title, created)
select md5(n::text)::uuid, 1, 'Common' || case when n % 10 = 0 then ' tenth' else '' end
	|| case when n = 77 then ' needle' else '' end || case when n < 3000 then ' old' else '' end,
	timestamptz '2020-01-01' + n * interval '1 minute'
from generate_series(1, 60000) n;
insert into drift.source (track, version, state, name, bytes, mtime_us, sample_rate, channels, samples)
select id, 1, 'stored', 'source.wav', 1, 1, 44100, 2, 44100 from drift.track;
analyze drift.track, drift.source;

create function pg_temp.rows_read() returns bigint language sql volatile as $$
	select sum(seq_tup_read + idx_tup_fetch)::bigint from pg_stat_xact_user_tables
	where schemaname = 'drift'
$$;
create function pg_temp.cost(i_q text, i_after text) returns bigint language plpgsql as $$
declare
	l_before bigint := pg_temp.rows_read();
begin
	perform drift.track_list(i_q, i_after, 50);
	return pg_temp.rows_read() - l_before;
end $$;
create temp table deep as
select (extract(epoch from created) * 1000000)::bigint || '_' || id as cursor from drift.track
order by created desc offset 55000 limit 1;

select cmp_ok(pg_temp.cost('', ''), '<=', 400::bigint, 'the first page');
select cmp_ok(pg_temp.cost('', cursor), '<=', 400::bigint, 'a page far down') from deep;
select cmp_ok(pg_temp.cost('common', ''), '<=', 400::bigint, 'a word that all have');
select cmp_ok(pg_temp.cost('common', cursor), '<=', 400::bigint, 'the same far down') from deep;
select cmp_ok(pg_temp.cost('tenth', ''), '<=', 1000::bigint, 'a word that many have');
select cmp_ok(pg_temp.cost('needle', ''), '<=', 20500::bigint, 'a word that one has');
select cmp_ok(pg_temp.cost('old', ''), '<=', 24000::bigint, 'a word of old tracks only');
select is(jsonb_path_query_array(drift.track_list('needle', null, 50), '$.tracks[*].track'),
	jsonb_build_array(md5('77')::uuid), 'and it finds it');

select * from finish();
rollback;
