# OwnStack - a stack that a test may hurt: its store can be a disk of a few megabytes, its
# catalogue can be stopped, its configuration changed, and its transcoder works only when
# told to. Else it is a Drift as any.
#
#   my $s = OwnStack->new('apache', 40);    # MiB; without: the disk that is there
#   $s->transcode;
#   $s->stop_catalogue;
#   $s->start_catalogue;
#   $s->set(max_upload_bytes => 1000);
package OwnStack;

use strict;
use warnings;
use parent 'Drift';
use Port;
use POSIX ();
use Tus;

my @open;

# Brings it up: a server of that name, a store of so many MiB.
sub new {
	my ($class, $server, $megabytes) = @_;
	my $var = Drift::folder();
	my $own = bless { var => $var, server => $server }, $class;
	push @open, $own;
	mkdir $_ or die "$_: $!" for "$var/state", "$var/state/store";
	$own->{small} = $megabytes && $own->mount($megabytes);
	chomp(my $said = $own->make('up'));
	die "$server does not come up: $said\n" if $?;
	my $self = Drift::new($class, $var);
	$self->{$_} = $own->{$_} for qw(server small);
	return $self;
}

# Is the store a disk of its own? Only root may make one.
sub is_small { $_[0]{small} }

sub mount {
	my ($self, $megabytes) = @_;
	my $options = "size=${megabytes}m,mode=0755,uid=$>";
	return as_root("mount -t tmpfs -o $options tmpfs $self->{var}/state/store");
}

sub as_root {
	my ($command) = @_;
	my $sudo = $> == 0 ? '' : 'sudo -n ';
	return system("$sudo$command 2>/dev/null") == 0;
}

sub make {
	my ($self, $target) = @_;
	my $port = Port::free();
	local %ENV = (%ENV, VAR => $self->{var}, PORT => $port, SERVER => $self->{server}, TRANSCODER => 'no');
	delete @ENV{qw(MAKEFLAGS MAKELEVEL)};
	return scalar `make -s $target 2>&1`;
}

# Runs the transcoder until nothing is due; what it said is in the log.
sub transcode {
	my ($self) = @_;
	waitpid $self->start_transcoder, 0;
	die "drift-transcoder: exit $?" if $?;
}

# Starts it; its process.
sub start_transcoder {
	my ($self) = @_;
	my $state = "$self->{var}/state";
	my $pid = fork // die $!;
	return $pid if $pid;
	$ENV{DRIFT_CONF} = $self->conf;
	open STDOUT, '>>', "$state/log/transcoder.log";
	open STDERR, '>&', \*STDOUT;
	exec as_user(), "$state/usr/bin/drift-transcoder", '--once' or POSIX::_exit(127);
}

sub as_user { return $> == 0 ? qw(setpriv --reuid=www-data --regid=www-data --init-groups) : () }

# --- its catalogue ---------------------------------------------------------------

sub pg_ctl {
	my ($self, @arguments) = @_;
	chomp(my $bin = `pg_config --bindir`);
	system(as_user(), "$bin/pg_ctl", '-s', '-w', '-D', "$self->{var}/state/postgres", @arguments) == 0
	  or die "pg_ctl @arguments";
}

sub stop_catalogue { $_[0]->pg_ctl('-m', 'fast', 'stop') }

sub start_catalogue {
	my ($self) = @_;
	my $state = "$self->{var}/state";
	$self->pg_ctl('-l', "$state/log/database.log", '-o',
		"-k $state/run -c listen_addresses= -c max_connections=200", 'start');
}

# --- its configuration -------------------------------------------------------------

# The processes of a program that wait for requests.
sub programs {
	my ($self, $name) = @_;
	return grep { (readlink("/proc/$_/exe") // '') eq "$self->{var}/state/usr/lib/drift/cgi-bin/$name" }
	  map { m{(\d+)$} } glob '/proc/[0-9]*';
}

# Adds a line, and has the programs that are tested so begin anew.
sub set {
	my ($self, $key, $value) = @_;
	open my $out, '>>', $self->conf or die $self->conf . ": $!";
	print $out "$key = $value\n";
	close $out or die $!;
	my $programs = sub { map { $self->programs($_) } qw(upload.fcgi stream.fcgi seekidx.fcgi) };
	my %old = map { $_ => 1 } $programs->();
	kill 'TERM', keys %old;
	Tus::wait_for(sub { !grep { $old{$_} } $programs->() }) or die 'the programs do not end';
	Tus::wait_for(sub { $self->request('OPTIONS', '/cgi-bin/upload.fcgi/')->{status} == 204 })
	  or die 'upload.fcgi does not come back';
}

# --- its end -------------------------------------------------------------------------

sub shut {
	my ($self) = @_;
	$self->make('down');
	as_root("umount $self->{var}/state/store") if $self->{small};
}

# a test that is stopped leaves nothing behind either, however often it is told
$SIG{$_} = sub { @SIG{qw(HUP INT TERM)} = ('IGNORE') x 3; exit 1 } for qw(HUP INT TERM);

# before global destruction, which takes the folder from under the server
END {
	my $code = $?;
	$_->shut for @open;
	$? = $code;
}

1;
