#!/usr/bin/perl
# make dist: the tarball, unpacked into an empty home, is a site under Apache
use strict;
use warnings;
use lib 'tests/http/lib';

use Cwd qw(getcwd);
use Drift;
use File::Glob ':bsd_glob';
use Port;
use Test::More;
use Workshop;

my $root = getcwd;
my $w = Workshop->new;    # for its database and its user
my $state = $w->dir;      # where etc/dev/apache.conf looks for everything
my $home = "$state/home";
my $server;

sub as_user { return $w->run(@_) }

sub start_apache {
	my ($port) = @_;
	as_user('mkdir', '-p', "$state/run", "$state/log");
	my $pid = fork // die $!;
	if (!$pid) {
		%ENV = (PATH => $ENV{PATH}, DRIFT_STATE => $state, DRIFT_PORT => $port);
		open STDERR, '>', "$state/tmp/apache.log";
		exec $w->as_user('/usr/sbin/apache2', '-DFOREGROUND', '-f', "$root/etc/dev/apache.conf")
		  or POSIX::_exit(127);
	}
	return $pid;
}

END {
	my $code = $?;
	if ($server) {
		kill 'TERM', $server;
		waitpid $server, 0;
	}
	$? = $code;
}

# pressing it well would take most of the test's time
is system('make', '-s', 'dist', 'COMPRESS=gzip -1'), 0, 'it is made';
my ($tarball) = glob 'build/drift-*.tar.gz';

as_user('mkdir', $home);
as_user('tar', 'xzf', "$root/$tarball", '--strip-components=1', '-C', $home);

my @programs = map { glob } "$home/drift/bin/*", "$home/public_html/cgi-bin/*.fcgi";
cmp_ok scalar @programs, '>=', 7, 'it holds the programs';
my @foreign = grep { m{=> /} && !m{=> \Q$home\E/} && !m{/lib(c|m|dl|rt|resolv|pthread)\.so} } map { `ldd $_` } @programs;
is_deeply \@foreign, [], 'its programs need no library of the host but the C library';

as_user("$w->{pg_bin}/createdb", '-h', "$state/pg", '-U', 'drift', 'site');
my $dsn = "host=$state/pg dbname=site user=drift";
my $said = as_user("$home/drift/setup", $dsn);
like $said, qr{\* \* \* \* \*  nice \S+/drift-transcoder}, 'setup says the line for cron';
my $key = as_user('cat', "$home/drift/api-key") =~ s/\s+\z//r;
unlike as_user("$home/drift/setup"), qr/ERROR/, 'setup runs a second time';
is as_user('cat', "$home/drift/api-key") =~ s/\s+\z//r, $key, '... and keeps the key';

as_user('mkdir', '-p', "$state/usr/share/drift/apache");
as_user('cp', "$root/etc/apache/vhost.conf", "$state/usr/share/drift/apache/");
my $port = Port::free();
$server = start_apache($port);

my $wav = Drift::tone_wav(Drift::folder() . '/tone.wav', seconds => 3);
my $url = "http://127.0.0.1:$port";
my $site = bless { url => $url, key => $key, name => 'dist' }, 'Drift';
for (1 .. 100) {
	last if $site->get('/')->{status} == 200;
	select undef, undef, undef, 0.1;
}

is $site->get('/')->{status}, 200, 'the page is there';
is $site->get('/lib/tus.min.js')->{status}, 200, 'its library is there';
is $site->get('/cgi-bin/drift.conf')->{status}, 403, 'drift.conf is not shown';
is $site->get('/cgi-bin/settings.fcgi/boot.js')->{status}, 200, 'a program answers';

my $id = $site->upload($wav);
ok $id, 'it takes an upload';
as_user("$home/drift/bin/drift-transcoder", '--once');
my $jobs = $site->status($id)->{jobs};
is_deeply [ map { $_->{state} } @$jobs ], [ ('done') x @$jobs ],
  'the transcoder finds its drift.conf and works';
ok scalar @$jobs, '... on jobs';

for my $format (qw(lossless opus)) {
	my $answer = $site->get("/cgi-bin/stream.fcgi/$id?format=$format");
	is $answer->{status}, 200, "it streams $format";
	is $answer->{headers}{'drift-format'}, $format, '... and says so';
	my $start = { lossless => 'RIFF', opus => 'OggS' }->{$format};
	is substr($answer->{content}, 0, 4), $start, '... as the right bytes';
}
is $site->get("/cgi-bin/stream.fcgi/$id?format=lossless")->{content}, Drift::slurp($wav),
  'what comes back is what was sent';

done_testing;
