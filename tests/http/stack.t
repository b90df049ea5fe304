#!/usr/bin/perl
# make up, down, run: a stack of its own, whatever happened to it before
use strict;
use warnings;
use lib 'tests/http/lib';

use Drift;
use File::Spec;
use File::Temp;
use Port;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $folder = File::Temp->newdir('drift stackXXXXXX', TMPDIR => 1);
chmod 0755, "$folder";
our $var = "$folder/a state";
my $port = Port::free();

my $run;    # the process of `make run`
my $other;    # one of the stack's user, but none of its

END {
	my $code = $?;
	for my $pid (grep { $_ } $run, $other) {
		kill 'TERM', $pid;
		waitpid $pid, 0;
	}
	stack('purge');
	undef $folder;    # now, not before
	$? = $code;
}
$SIG{$_} = sub { exit 1 } for qw(HUP INT TERM);

# make's exit code and what it said
sub stack {
	my ($target, %options) = @_;
	local %ENV = (%ENV, VAR => $var, PORT => $port, SERVER => 'lighttpd', %options);
	delete @ENV{qw(MAKEFLAGS MAKELEVEL)};
	my $said = `make -s $target 2>&1`;
	return ($? >> 8, $said);
}

sub pid_of {
	my ($service) = @_;
	return (split ' ', Drift::slurp("$var/state/run/$service.pid"))[0];
}

# processes that have a file of the stack in their command line, or run one
sub processes {
	my $state = readlink "$var/state" // return ();
	return grep { -d $_ } map { m{^(/proc/\d+)/} } grep {
		my $exe = readlink("$_") // '';
		my $line = eval { Drift::slurp(s{exe$}{cmdline}r) } // '';
		"$exe $line" =~ m{\Q$state\E/}
	} glob '/proc/[0-9]*/exe';
}

sub somebody_else {
	my $pid = fork // die $!;
	if (!$pid) {
		POSIX::setuid(scalar getpwnam 'www-data') if $> == 0;
		exec 'sleep', '600' or POSIX::_exit(127);
	}
	return $pid;
}

sub answers {
	my $answer = HTTP::Tiny->new(timeout => 5)
	  ->get("http://127.0.0.1:$port/cgi-bin/catalogue.fcgi/tracks");
	return $answer->{status} == 200;
}

sub wait_for {
	my ($seconds, $what) = @_;
	my $end = time + $seconds;
	while (time < $end) {
		return 1 if $what->();
		sleep 0.1;
	}
	return 0;
}

sub is_up {
	my ($name) = @_;
	my ($code, $said) = stack('up');
	is $code, 0, $name or diag $said;
	ok answers(), '... and it answers';
	return $said;
}

my $said = is_up('it comes up, in a folder with a space in its name');
is scalar(grep { !/^\w+ +\S/ } split /\n/, $said), 0, '... with a line for each step';
like +(stack('up'))[1], qr/^up +\S+ runs already$/, 'a second time it has nothing to do';
like Drift::slurp("$var/api-key"), qr/^drift_[0-9a-f]+$/, 'the key is there';
my $key = Drift::slurp("$var/api-key");

{
	local $var = "$folder/b";
	my ($code, $message) = stack('up');
	isnt $code, 0, 'a port that is taken is refused';
	like $message, qr/^make: port $port of 127\.0\.0\.1 is taken; choose another one with PORT=$/m,
	  '... in one sentence';
	stack('purge');
	ok !-e $var, '... and nothing is left behind';
}
for my $wrong ([ PORT => 'x' ], [ PORT => 0 ], [ SERVER => 'nginx' ], [ TRANSCODER => 'maybe' ]) {
	my ($code, $message) = stack('up', @$wrong);
	isnt $code, 0, "@$wrong is refused";
	like $message, qr/^make: @{[ join '=', @$wrong ]} is /m, '... by name';
}

for my $service (qw(server database transcoder)) {
	my $pid = pid_of($service);
	kill 'KILL', $pid;
	wait_for(5, sub { !-e "/proc/$pid/exe" });
	is_up("it comes up again when its $service was killed");
}
kill 'KILL', map { m{(\d+)$} } processes();
wait_for(10, sub { !processes() });
$other = somebody_else();
for my $file (qw(server.pid database.pid transcoder.pid .s.PGSQL.5432.lock)) {
	open my $out, '>', "$var/state/run/$file" or die $!;
	print $out "$other 1\n";
}
is_up('it comes up again when all of it was killed and its pid files name others');
ok kill(0, $other), '... who live on';
is Drift::slurp("$var/api-key"), $key, '... with what it held';

is +(stack('down'))[0], 0, 'it goes down';
is_deeply [ processes() ], [], '... and leaves no process';
is +(stack('down'))[0], 0, 'what is down goes down again';

# make run, in the foreground
my $log = "$folder/run.log";
$run = fork // die $!;
if (!$run) {
	open STDOUT, '>', $log;
	open STDERR, '>&', \*STDOUT;
	%ENV = (%ENV, VAR => File::Spec->abs2rel($var), PORT => $port);
	delete @ENV{qw(MAKEFLAGS MAKELEVEL)};
	exec 'make', '-s', 'run' or POSIX::_exit(127);
}
ok wait_for(300, sub { -e $log && Drift::slurp($log) =~ /^player +http:/m }), 'make run says where the player is'
  or diag Drift::slurp($log);
my $text = Drift::slurp($log);
like $text, qr/^example +composed; uploading \d+ MB$/m, '... has composed an example';
like $text, qr/^example +Post-Processing: transcoding \d+ %$/m, '... has shown Post-Processing';
like $text, qr/^example +Done\./m, '... to its end';
kill 'TERM', $run;
waitpid $run, 0;
$run = undef;
is_deeply [ processes() ], [], '... and leaves no process when it is stopped';

done_testing;
