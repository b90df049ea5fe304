#!/usr/bin/perl
# Many workers at one queue: every job is claimed once, none is lost, expired leases are
# taken over once.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../http/lib";
use Test::More;
use Workshop;

my $w = Workshop->new;
my $pgbench = "$w->{pg_bin}/pgbench";

$w->psql(<<~'SQL');
	insert into drift.track (version) select 1 from generate_series(1, 300);
	insert into drift.source (track, version, state, name, bytes, mtime_us, sample_rate, channels, samples)
	select id, 1, 'stored', 'source.wav', 1, 1, 48000, 2, 1 from drift.track;
	insert into drift.job (track, version, kind)
	select id, 1, kind from drift.track cross join (values ('opus'), ('waveform')) k (kind);
	create table public.claim (job bigint, worker text, attempts integer);
	SQL
open my $script, '>', $w->dir . '/claim.sql' or die $!;
print $script <<~'SQL';
	insert into public.claim select job, 'w' || :client_id, attempts
	from drift.job_claim('w' || :client_id, 60, 3);
	SQL
close $script;

sub claim_all {
	return $w->run($pgbench, '-n', '-c', 8, '-j', 2, '-t', 100, '-f', $w->dir . '/claim.sql',
		'-h', $w->dir . '/pg', '-U', 'drift', 'drift');
}

claim_all();
is $w->psql('select count(*), count(distinct job) from public.claim'), '600|600',
  'eight workers claim every job once';
is $w->psql("select count(*) from drift.job where state <> 'running'"), 0, 'none is lost';
is $w->psql('select count(*) from public.claim c join drift.job j on j.id = c.job'
	  . ' where j.worker <> c.worker'), 0, 'each has the worker that claimed it';
is $w->psql('select count(*) from (select from public.claim c join drift.job j on j.id = c.job'
	  . ' group by j.track having count(distinct c.worker) > 1) s'), 0,
  'the jobs of a version stay together';

claim_all();
is $w->psql('select count(*) from public.claim'), 600, 'a lease keeps them';

$w->psql("update drift.job set lease = now() - interval '1 second' where id % 2 = 0");
claim_all();
is $w->psql('select count(*), count(distinct job) from public.claim where attempts = 2'), '300|300',
  'expired leases are taken over, once each';

done_testing;
