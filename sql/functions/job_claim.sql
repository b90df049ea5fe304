-- job_claim: the due jobs of the version that comes first, taken together; of less
-- urgent ones not before nothing more urgent is due anywhere.
--
--   i_worker         who takes them
--   i_lease_seconds  how long they are his without a word
--   i_max_attempts   a lease that ran out for that often is a failure
--
-- Returns the jobs with what a transcoder needs of the source; none when nothing
-- is due. Safe for any number of workers at once: each job goes to one of them. A job
-- whose worker is gone is due at once (job_orphan), one whose worker is silent when its
-- lease runs out. Writes drift.job.
create or replace function drift.job_claim(i_worker text, i_lease_seconds integer,
	i_max_attempts integer)
returns table (job bigint, kind text, attempts integer, track uuid, version integer,
	source_name text, source_bytes bigint, source_mtime_us bigint, sample_rate integer,
	channels integer, samples bigint, samples48 bigint, title text, tags jsonb,
	loudness double precision, true_peak double precision, delay integer, padding integer,
	video text, priority integer)
language plpgsql security definer set search_path = drift, pg_temp as $$
declare
	l_source drift.source;
	l_priority integer;
begin
	perform drift.worker_attend(i_worker);
	perform drift.job_orphan();
	update drift.job j
	set state = 'failed', error = coalesce(j.error,
			'The transcoder stopped in the middle of this job, ' || j.attempts || ' times.'),
		lease = null, worker = null, changed = now()
	where j.id in (select w.id from drift.job w
		where w.state = 'running' and w.lease < now() and w.attempts >= i_max_attempts
		for update skip locked);

	-- The version's source is what two workers compete for, so that its jobs stay
	-- together. Who gets the lock just after another one let go of it finds nothing
	-- left, and looks for the next version.
	loop
		select s.* into l_source from drift.job j
		join drift.source s using (track, version)
		where (j.state = 'queued' and j.due <= now())
			or (j.state = 'running' and j.lease < now())
		order by j.priority desc, j.due, j.id
		limit 1 for no key update of s skip locked;
		exit when not found;
		select max(j.priority) into l_priority from drift.job j
		where j.track = l_source.track and j.version = l_source.version
			and ((j.state = 'queued' and j.due <= now())
				or (j.state = 'running' and j.lease < now()));

		return query
		with due as (
			select j.id from drift.job j
			where j.track = l_source.track and j.version = l_source.version
				and j.priority = l_priority
				and ((j.state = 'queued' and j.due <= now())
					or (j.state = 'running' and j.lease < now()))
			for update
		), taken as (
			update drift.job j
			set state = 'running', worker = i_worker, attempts = j.attempts + 1,
				attempts_max = i_max_attempts, progress = 0, changed = now(),
				lease = now() + make_interval(secs => i_lease_seconds)
			from due where j.id = due.id
			returning j.*
		)
		select j.id, j.kind, j.attempts, j.track, j.version, l_source.name, l_source.bytes,
			l_source.mtime_us, l_source.sample_rate, l_source.channels, l_source.samples,
			l_source.samples48, t.title, l_source.tags, l_source.loudness, l_source.true_peak,
			l_source.delay, l_source.padding, l_source.video, l_priority
		from taken j
		join drift.track t on t.id = j.track
		order by j.id;
		exit when found;
	end loop;
end $$;
comment on function drift.job_claim(text, integer, integer) is
	'Takes the due jobs of the version that comes first, with a lease.';
