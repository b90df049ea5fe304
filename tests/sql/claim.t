#!/usr/bin/perl
# Many workers at one queue: every job is claimed once, none is lost, expired leases are
# taken over once, and so is what workers had that are gone.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../http/lib";
use IPC::Open2;
use Test::More;
use Workshop;

my $w = Workshop->new;
my @open;    # to attendants
my $pgbench = "$w->{pg_bin}/pgbench";

$w->psql(<<~'SQL');
	insert into drift.track (version) select 1 from generate_series(1, 100);
	insert into drift.source (track, version, state, name, bytes, mtime_us, sample_rate, channels, samples)
	select id, 1, 'stored', 'source.wav', 1, 1, 48000, 2, 1 from drift.track;
	insert into drift.job (track, version, kind)
	select id, 1, kind from drift.track cross join (values ('opus'), ('waveform')) k (kind);
	create table public.claim (job bigint, worker text, attempts integer);
	SQL
open my $script, '>', $w->dir . '/claim.sql' or die $!;
print $script <<~'SQL';
	\set worker :first + :client_id
	insert into public.claim select job, 'w' || :worker, attempts
	from drift.job_claim('w' || :worker, 60, 3);
	SQL
close $script;

sub claim_all {
	my ($first) = @_;
	return $w->run($pgbench, '-n', '-c', 8, '-j', 2, '-t', 20, '-D', "first=$first", '-f', $w->dir . '/claim.sql',
		'-h', $w->dir . '/pg', '-U', 'drift', 'drift');
}

# A session that attends eight workers from the first one on; its process. The sessions that
# claim end sooner.
sub attend {
	my ($first) = @_;
	my $pid = open2(my $out, my $in, "$w->{pg_bin}/psql", '-qAtX', '-h', $w->dir . '/pg', '-U', 'drift', '-d', 'drift');
	print $in "select drift.worker_attend('w' || n) from generate_series($first, $first + 7) n;\n",
	  "select 'there';\n";
	$in->flush;
	push @open, $out, $in;
	while (<$out>) {
		return $pid if /there/;
	}
	die 'nobody attends';
}

my $attendant = attend(0);
claim_all(0);
is $w->psql('select count(*), count(distinct job) from public.claim'), '200|200',
  'eight workers claim every job once';
is $w->psql("select count(*) from drift.job where state <> 'running'"), 0, 'none is lost';
is $w->psql('select count(*) from public.claim c join drift.job j on j.id = c.job'
	  . ' where j.worker <> c.worker'), 0, 'each has the worker that claimed it';
is $w->psql('select count(*) from (select from public.claim c join drift.job j on j.id = c.job'
	  . ' group by j.track having count(distinct c.worker) > 1) s'), 0,
  'the jobs of a version stay together';

claim_all(0);
is $w->psql('select count(*) from public.claim'), 200, 'a lease keeps them';

$w->psql("update drift.job set lease = now() - interval '1 second' where id % 2 = 0");
claim_all(0);
is $w->psql('select count(*), count(distinct job) from public.claim where attempts = 2'), '100|100',
  'expired leases are taken over, once each';

my $next = attend(8);
kill 'KILL', $attendant;
ok $w->wait_for("select count(distinct pid) = 1 from pg_locks where locktype = 'advisory'"),
  'workers end without a word';
$w->psql('truncate public.claim');
claim_all(8);
is $w->psql('select count(*), count(distinct job) from public.claim'), '200|200',
  'what they had begun is taken over at once, once each';

kill 'KILL', $next;
done_testing;
