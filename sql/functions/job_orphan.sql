-- job_orphan: ends the leases of workers that are gone, so that what they had begun is due.
--
-- A worker is gone when no session attends it (worker_attend) although one did since this
-- server started: a restart of the server takes every lock, and its leases run on.
-- Writes drift.job.
create or replace function drift.job_orphan()
returns void language sql volatile security definer set search_path = drift, pg_temp as $$
	-- who is gone is settled once: a row that another one claims meanwhile is compared anew
	-- with that, where a join with pg_locks would let it pass
	update drift.job j set lease = now() - interval '1 second'
	where j.id in (
		select r.id from drift.job r
		where r.state = 'running' and r.lease > now() and r.worker = any (array(
			select w.worker from drift.job w
			where w.state = 'running' and w.changed > pg_postmaster_start_time()
				and not exists (select from pg_locks l
					where l.locktype = 'advisory' and l.granted and l.objsubid = 2
						and l.database = (select d.oid from pg_database d
							where d.datname = current_database())
						and l.classid = (hashtext('drift.worker')::bigint & 4294967295)::oid
						and l.objid = (hashtext(w.worker)::bigint & 4294967295)::oid)))
		for update of r skip locked)
$$;
comment on function drift.job_orphan() is 'Makes due what workers that are gone had begun.';
