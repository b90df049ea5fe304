-- growth_source: what has to be known of a source that arrives to make something of it.
--
-- length       bytes that it will have
-- sample_rate  Hz;  samples  as its head says, 0 where it does not;  lossless  likewise
-- No row while that is not known.
create or replace function drift.growth_source(i_track uuid, i_version integer)
returns table (length bigint, sample_rate integer, samples bigint,
	lossless boolean)
language sql stable security definer set search_path = drift, pg_temp as $$
	select u.length, s.sample_rate, coalesce(s.samples, 0),
		coalesce(s.lossless, false)
	from drift.source s
	join drift.upload u on u.track = s.track and u.version = s.version
	where s.track = i_track and s.version = i_version and u.length is not null
		and s.sample_rate is not null
$$;
comment on function drift.growth_source(uuid, integer) is
	'What has to be known of a source that arrives to make something of it.';
