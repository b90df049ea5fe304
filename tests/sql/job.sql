-- The queue: leases, back-off, giving up, giving back.
begin;
select plan(39);

create function pg_temp.stored() returns uuid language plpgsql as $$
declare
	u record;
begin
	select * into u from drift.upload_create(null, null, 100, 'a.wav', '{}', 48);
	perform drift.upload_take(u.upload, 0, null);
	perform drift.upload_publish(u.upload, 1, 'source.wav', 100, 1700000000000000, null,
		'audio/wav', 'wav', 'pcm', 48000, 2, 16, true, 48000, 0, 0, '{}', null, null);
	return u.track;
end $$;
create temp table t as select pg_temp.stored() as id;
create temp table claimed as select * from drift.job_claim('one', 60, 2);

select results_eq('select kind, attempts from claimed order by kind',
	$$ values ('opus', 1), ('remux', 1), ('waveform', 1) $$, 'all due jobs of a version come together');
select is_empty($$ select * from drift.job_claim('two', 60, 2) $$, 'nobody else gets them');
create temp table j as select job as id from claimed where kind = 'opus';
select ok(drift.job_done(job, 'one'), 'one of them is done') from claimed where kind = 'remux';
create temp table k as select job as id from claimed where kind = 'waveform';
select ok(drift.job_progress((select id from j), 'one', 0.4, 60), 'its worker notes progress');
select ok(drift.job_progress((select id from j), 'one', 0.2, 60), 'an older note is no error');
select is((select progress from drift.job where id = (select id from j)), 0.4::float8,
	'but does not turn it back');
select ok(not drift.job_progress((select id from j), 'two', 0.5, 60), 'another worker may not');
select ok(not drift.job_done((select id from j), 'two'), 'nor end it');
select ok(not drift.artifact_publish((select id from j), 'two', 'opus', 'x', 1, 'a/b', 1, '{}'),
	'nor publish');

update drift.job set worker = 'gone', changed = pg_postmaster_start_time() - interval '1 second'
where id = (select id from j);
select is_empty($$ select * from drift.job_claim('two', 60, 2) $$,
	'who was last heard of by a server that was restarted may come back');
select drift.worker_attend('gone');
update drift.job set changed = now() where id = (select id from j);
select is_empty($$ select * from drift.job_claim('two', 60, 2) $$, 'who attends has it');
update drift.job set worker = 'one' where id = (select id from j);

update drift.job set lease = now() - interval '1 second' where id = (select id from j);
select results_eq($$ select job, attempts from drift.job_claim('two', 60, 2) $$,
	'select id, 2 from j', 'a lease that ran out is taken over');
select ok(not drift.job_progress((select id from j), 'one', 0.5, 60), 'the first worker is told');
update drift.job set lease = now() - interval '1 second' where id = (select id from j);
select is_empty($$ select * from drift.job_claim('three', 60, 2) $$,
	'after the last attempt nobody takes it');
select results_eq('select state, error from drift.job where id = (select id from j)', $$
	values ('failed', 'The transcoder stopped in the middle of this job, 2 times.') $$,
	'it is failed, with a sentence');
select is((select opus_error from drift.track_get((select id from t))),
	'The transcoder stopped in the middle of this job, 2 times.', 'which the track knows');
select is(drift.retry((select id from t)), 1, 'retry queues it again');

select ok(drift.job_release((select id from k), 'one'), 'a job can be given back');
select results_eq('select state, attempts from drift.job where id = (select id from k)',
	$$ values ('queued', 0) $$, 'and has cost no attempt');
select is((select count(*) from drift.job_claim('one', 60, 2)), 2::bigint, 'both are due');
select lives_ok($$ select drift.job_fail((select id from j), 'one', 'Bad luck.', true) $$,
	'an attempt can come to nothing');
select results_eq('select state, due - now() from drift.job where id = (select id from j)',
	$$ values ('queued', interval '30 seconds') $$, 'it waits half a minute');
select is_empty($$ select * from drift.job_claim('one', 60, 2) $$, 'in which nobody gets it');
update drift.job set due = now() where id = (select id from j);
select is((select attempts from drift.job_claim('one', 60, 2)), 2, 'then it is tried again');
select lives_ok($$ select drift.job_fail((select id from j), 'one', 'Bad luck.', true) $$,
	'and fails again');
select is((select state from drift.job where id = (select id from j)), 'failed',
	'now for good: its attempts are used up');

select ok(drift.artifact_publish((select id from k), 'one', 'waveform', 'waveform.dat', 9, 'a/b', 1,
	'{}'), 'an artifact is published');
select ok(drift.artifact_publish((select id from k), 'one', 'waveform_zoom', 'waveform-zoom.dat', 9, 'a/b',
	1, '{}'), 'so is another one of the same job');
select ok(drift.job_done((select id from k), 'one'), 'and its job done');
select is(drift.backfill('waveform'), 0::bigint, 'backfill finds nothing to do');
delete from drift.artifact where kind = 'waveform_zoom';
select is(drift.backfill('waveform'), 1::bigint, 'but what is lacking');
select throws_ok($$ select drift.backfill('mp3') $$, 'DR400', null, 'an unknown kind is refused');

-- what takes long and is not urgent waits for all that is
create function pg_temp.film(i_video text) returns uuid language plpgsql as $$
declare
	u record;
begin
	select * into u from drift.upload_create(null, null, 100, 'a.avi', '{}', 48);
	perform drift.upload_take(u.upload, 0, null);
	perform drift.upload_publish(u.upload, 1, 'source.avi', 100, 1700000000000000, null,
		'video/x-msvideo', 'avi', 'mp3', 48000, 2, 0, false, 48000, 0, 0, '{}', null, null, i_video);
	return u.track;
end $$;
delete from drift.job;
create temp table f as select pg_temp.film('mpeg4') as id;
create temp table g as select pg_temp.film('h264') as id;
select results_eq('select kind from drift.job_claim(''one'', 60, 2) order by kind',
	$$ values ('opus'), ('waveform') $$, 'pictures that must be encoded are not begun with the sound');
select results_eq('select kind, video from drift.job_claim(''one'', 60, 2) order by kind',
	$$ values ('opus', 'h264'), ('remux', 'h264'), ('waveform', 'h264') $$,
	'nor while another track has sound to be made; those that are copied are');
select results_eq('select track, kind from drift.job_claim(''one'', 60, 2)',
	$$ select id, 'remux' from f $$, 'but after it');
select is_empty($$ select from drift.kinds('vorbis', false, null, 'ogg') where kind = 'remux' $$,
	'sound that no browser takes in MP4 is not repackaged');
select isnt_empty($$ select from drift.kinds('vorbis', false, 'vp9', 'matroska') where kind = 'remux' $$,
	'but with pictures it is');
select is_empty($$ select from drift.kinds('opus', false, null, 'ogg-chain') where kind = 'remux' $$,
	'nor are streams one after the other');

update drift.job set worker = 'never seen', attempts = 1 where track = (select id from f) and state = 'running';
select results_eq('select track, attempts from drift.job_claim(''one'', 60, 9) group by track, attempts',
	$$ select id, 2 from f $$, 'what a worker had begun that is gone is due at once');

select * from finish();
rollback;
