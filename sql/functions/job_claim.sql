-- job_claim: all due jobs of the version that comes first, taken together.
--
--   i_worker         who takes them
--   i_lease_seconds  how long they are his without a word
--   i_max_attempts   a lease that ran out for that often is a failure
--
-- Returns the jobs with what a transcoder needs of the source; none when nothing
-- is due. Safe for any number of workers at once: each job goes to one of them.
-- Writes drift.job.
create or replace function drift.job_claim(i_worker text, i_lease_seconds integer,
	i_max_attempts integer)
returns table (job bigint, kind text, attempts integer, track uuid, version integer,
	source_name text, source_bytes bigint, source_mtime_us bigint, sample_rate integer,
	channels integer, samples bigint, samples48 bigint, title text, tags jsonb,
	loudness double precision, true_peak double precision)
language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_first drift.job;
begin
	update drift.job j
	set state = 'failed', error = coalesce(j.error,
			'The transcoder stopped in the middle of this job, ' || j.attempts || ' times.'),
		lease = null, worker = null, changed = now()
	where j.id in (select w.id from drift.job w
		where w.state = 'running' and w.lease < now() and w.attempts >= i_max_attempts
		for update skip locked);

	select j.* into l_first from drift.job j
	where (j.state = 'queued' and j.due <= now()) or (j.state = 'running' and j.lease < now())
	order by j.priority desc, j.due, j.id
	limit 1 for update skip locked;
	if not found then
		return;
	end if;

	return query
	with due as (
		select j.id from drift.job j
		where j.track = l_first.track and j.version = l_first.version
			and ((j.state = 'queued' and j.due <= now())
				or (j.state = 'running' and j.lease < now()))
		for update skip locked
	), taken as (
		update drift.job j
		set state = 'running', worker = i_worker, attempts = j.attempts + 1,
			attempts_max = i_max_attempts, progress = 0,
			lease = now() + make_interval(secs => i_lease_seconds), changed = now()
		from due where j.id = due.id
		returning j.*
	)
	select j.id, j.kind, j.attempts, s.track, s.version, s.name, s.bytes, s.mtime_us,
		s.sample_rate, s.channels, s.samples, s.samples48, t.title, s.tags, s.loudness,
		s.true_peak
	from taken j
	join drift.source s using (track, version)
	join drift.track t on t.id = j.track
	order by j.id;
end $$;
comment on function drift.job_claim(text, integer, integer) is
	'Takes all due jobs of the version that comes first, with a lease.';
