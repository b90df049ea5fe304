-- worker_attend: this session works for a worker; for as long as it is connected, the
-- worker is there (job_claim). Any number of sessions may, any number of times.
--
-- The lock is the session's and not the transaction's: it goes when the connection
-- does, which the kernel sees to however the worker ends.
create or replace function drift.worker_attend(i_worker text)
returns void language sql volatile security definer set search_path = drift, pg_temp as $$
	select pg_try_advisory_lock_shared(hashtext('drift.worker'), hashtext(i_worker))
$$;
comment on function drift.worker_attend(text) is
	'Says that a worker is there, until this session ends.';
