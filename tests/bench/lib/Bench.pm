# Bench - a table of figures, each beside a peer's of the same run, and the stacks for it.
package Bench;

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../http/lib";

use Drift;
use File::Temp;
use IO::Socket::INET;
use POSIX qw(WNOHANG);
use Time::HiRes qw(sleep time);

our $ROOT = "$FindBin::Bin/../..";
POSIX::nice(10);    # the transcoder is that modest by itself: so are its peers
my $folder;
my %stacks;    # server => Drift
my %tracks;    # server => the id of the source's track

# --- the table -----------------------------------------------------------------

sub heading {
	printf "%-42s %9s %9s  %-7s %6s  %s\n", 'what', 'Drift', 'peer', 'unit', 'ratio', 'peer';
}

# Figures of Drift and of the peer; no peer's: a figure by itself.
sub row {
	my ($what, $unit, $peer, $drift, $other) = @_;
	return printf "%-42s %9.2f %9s  %s\n", $what, $drift, '-', $unit if !defined $other;
	printf "%-42s %9.2f %9.2f  %-7s %6.2f  %s\n", $what, $drift, $other, $unit, $drift / $other,
	  $peer;
}

# turns(COUNT, WORK...): the works in turn, COUNT times; the median of what each returned
sub turns {
	my ($count, @works) = @_;
	my @figures;
	for (1 .. $count) {
		push @{ $figures[$_] }, $works[$_]->() for 0 .. $#works;
	}
	return map { median(@$_) } @figures;
}

sub median {
	my @sorted = sort { $a <=> $b } @_;
	return ($sorted[ $#sorted / 2 ] + $sorted[ @sorted / 2 ]) / 2;
}

sub seconds {
	my ($work) = @_;
	my $start = time;
	$work->();
	return time - $start;
}

# cost(COMMAND...): seconds it took, and CPU seconds of it and its children
sub cost {
	my (@command) = @_;
	my (undef, undef, @before) = times;
	my $seconds = seconds(sub { run(@command) });
	my (undef, undef, @after) = times;
	return ($seconds, $after[0] + $after[1] - $before[0] - $before[1]);
}

# --- commands ------------------------------------------------------------------

# What a command says; dies when it fails, with what it said then.
sub run {
	my (@command) = @_;
	my $log = folder() . '/log';
	my $pid = open(my $in, '-|') // die $!;
	if (!$pid) {
		open STDERR, '>', $log;
		exec @command or POSIX::_exit(127);
	}
	my $said = do { local $/; <$in> } // '';
	close $in or die "@command: exit $?\n$said" . Drift::slurp($log);
	return $said;
}

# memory(COMMAND...): the most that each process of it had resident at once, MB by name (of
# which Linux keeps 15 letters); by '' the most that all of them had, what they share once
sub memory {
	my (@command) = @_;
	my $pid = fork // die $!;
	if (!$pid) {
		POSIX::setsid();
		open STDOUT, '>', '/dev/null';
		open STDERR, '>', '/dev/null';
		exec @command or POSIX::_exit(127);
	}
	my %peak = ('' => 0);
	until (waitpid $pid, WNOHANG) {
		my $all = 0;
		for my $process (glob '/proc/[0-9]*') {
			next if (session($process) // 0) != $pid;
			my ($name, $mb) = high_water($process) or next;
			$peak{$name} = $mb if $mb > ($peak{$name} // 0);
			$all += share($process);
		}
		$peak{''} = $all if $all > $peak{''};
		sleep 0.02;
	}
	die "@command: exit $?\n" if $?;
	return %peak;
}

# Field 6 of /proc/PID/stat; undef for a process that is gone.
sub session {
	my ($process) = @_;
	my $stat = eval { Drift::slurp("$process/stat") } // return;
	return (split ' ', $stat =~ s/.*\) //sr)[3];
}

# MB that are resident for a process, of what it shares with others its part.
sub share {
	my ($process) = @_;
	my $sum = eval { Drift::slurp("$process/smaps_rollup") } // '';
	return $sum =~ /^Pss:\s+(\d+) kB/m ? $1 * 1024 / 1e6 : 0;
}

# Name and MB; nothing for a process that is gone, or just about to become another program.
sub high_water {
	my ($process) = @_;
	my $status = eval { Drift::slurp("$process/status") } // return;
	my ($name) = $status =~ /^Name:\s+(.*)$/m;
	my ($kb) = $status =~ /^VmHWM:\s+(\d+) kB/m or return;
	return ($name, $kb * 1024 / 1e6);
}

# --- where it runs --------------------------------------------------------------

# A folder that the stacks' user may enter; gone in the end.
sub folder {
	if (!$folder) {
		$folder = File::Temp->newdir('drift-benchXXXXXX', TMPDIR => 1);
		chmod 0755, "$folder";
	}
	return "$folder";
}

sub stack_command {
	my ($server, $command, $port) = @_;
	local %ENV = (%ENV, SERVER => $server, VAR => folder() . "/$server", PORT => $port // 1,
		TRANSCODER => 'no');
	run("$ROOT/etc/dev/stack", $command);
}

sub free_port {
	return IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')->sockport;
}

# The stack of a server; nothing but the benches works there.
sub stack {
	my ($server) = @_;
	if (!$stacks{$server}) {
		$stacks{$server} = undef;    # to be purged, whatever becomes of it
		my $port = free_port();
		stack_command($server, 'up', $port);
		$stacks{$server} = Drift->new(folder() . "/$server");
	}
	return $stacks{$server};
}

sub stacks { return map { stack($_) } qw(lighttpd apache) }

# The track that was made from the file, which is uploaded once.
sub track {
	my ($stack, $file) = @_;
	return $tracks{ $stack->name } //= $stack->upload($file);
}

# The command that runs an installed program of the stack, as the stack's user.
sub program {
	my ($stack, $name, @arguments) = @_;
	return program_with($stack->conf, $stack, $name, @arguments);
}

# The same, with a configuration of its own.
sub program_with {
	my ($conf, $stack, $name, @arguments) = @_;
	my $state = readlink($stack->var . '/state') // $stack->var . '/state';
	my @user = $> == 0 ? qw(setpriv --reuid=www-data --regid=www-data --init-groups) : ();
	return (@user, 'env', "DRIFT_CONF=$conf", "$state/usr/bin/$name", @arguments);
}

# The stack's configuration with one more line; its path.
sub conf_with {
	my ($stack, $line) = @_;
	my $path = folder() . '/' . $line =~ s/\W+/-/gr . '.conf';
	open my $out, '>', $path or die "$path: $!\n";
	print $out Drift::slurp($stack->conf), "$line\n";
	close $out or die "$path: $!\n";
	return $path;
}

$SIG{$_} = sub { exit 1 } for qw(HUP INT TERM);

END {
	my $code = $?;
	stack_command($_, 'purge') for keys %stacks;
	undef $folder;
	$? = $code;
}

1;
