# Workshop - a catalogue, a store and the programs in a folder of their own, without
# a web server: uploads go through upload.fcgi run as CGI, transcoders are
# started and killed by the test. Nothing else works here, so a test sees every state.
#
#   my $w = Workshop->new(opus_vbr => 'no');
#   my $id = $w->upload('x.wav');
#   my ($code, $out) = $w->transcoder('--once');
#   my $row = $w->psql("select ...");
package Workshop;

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp;
use IPC::Open3;
use POSIX qw(:sys_wait_h);

my @open;
our $ROOT = abs_path(dirname(__FILE__) . '/../../..');

sub new {
	my ($class, %conf) = @_;
	my $temp = File::Temp->newdir('driftXXXXXX', TMPDIR => 1); # goes when this object does
	my $dir = "$temp";
	my $self = bless { temp => $temp, dir => $dir, pids => [] }, $class;
	chomp(my $bin = `pg_config --bindir`);
	$self->{pg_bin} = $bin;
	mkdir "$dir/$_" for qw(pg store media tmp);
	$self->{user} = $> == 0 ? 'www-data' : undef;
	if ($self->{user}) {
		chmod 0755, $dir;
		my (undef, undef, $uid, $gid) = getpwnam $self->{user};
		chown $uid, $gid, $dir, map { "$dir/$_" } qw(pg store media tmp);
	}
	$self->run("$bin/initdb", '-D', "$dir/pg/data", '-U', 'drift', '-A', 'trust', '-E', 'UTF8',
		'--locale=C.UTF-8', '-N');
	$self->pg_start;
	$self->run("$bin/createdb", '-h', "$dir/pg", '-U', 'drift', 'drift');
	$self->{dsn} = "host=$dir/pg dbname=drift user=drift";
	$self->run("$ROOT/sql/migrate", $self->{dsn});
	$self->write_conf(%conf);
	$self->{key} = $self->psql("select drift.key_create('test', 'admin')");
	push @open, $self;
	return $self;
}

sub dir   { $_[0]{dir} }
sub store { "$_[0]{dir}/store" }
sub media { "$_[0]{dir}/media" }

# One configuration; a second one under another name is another host.
sub write_conf {
	my ($self, %conf) = @_;
	my $dir = $self->{dir};
	my $name = delete $conf{name} // 'drift';
	%conf = (
		web_dsn        => "host=$dir/pg dbname=drift user=drift_web",
		worker_dsn     => "host=$dir/pg dbname=drift user=drift_worker",
		store          => "$dir/store",
		media          => "$dir/media",
		lock           => "$dir/tmp/$name.lock",
		decode_program => "$ROOT/build/bin/drift-decode",
		lease_seconds  => 5,
		%conf,
	);
	open my $out, '>', "$dir/$name.conf" or die "$dir/$name.conf: $!";
	print $out "$_ = $conf{$_}\n" for sort keys %conf;
	close $out or die $!;
	$self->{conf} //= "$dir/$name.conf";
	return "$dir/$name.conf";
}

# A command line that runs as the ordinary user when we are root.
sub as_user {
	my ($self, @command) = @_;
	return @command unless $self->{user};
	return ('setpriv', "--reuid=$self->{user}", "--regid=$self->{user}", '--init-groups',
		@command);
}

# Runs a command; its output, dying when it fails.
sub run {
	my ($self, @command) = @_;
	my ($code, $out) = $self->try({}, @command);
	die "@command: exit $code\n$out" if $code;
	return $out;
}

# Runs a command with an environment; exit code and output of both kinds.
sub try {
	my ($self, $env, @command) = @_;
	local %ENV = (%ENV, %$env);
	my $pid = open3(my $in, my $out, undef, $self->as_user(@command));
	close $in;
	my $text = do { local $/; <$out> } // '';
	waitpid $pid, 0;
	return ($? >> 8 || $? & 127, $text);
}

sub pg_start {
	my ($self) = @_;
	my $dir = $self->{dir};
	# no pipes: the server would hold them open
	system($self->as_user("$self->{pg_bin}/pg_ctl", '-D', "$dir/pg/data", '-w', '-s', '-l',
			"$dir/pg/log", '-o',
			"-k $dir/pg -c listen_addresses='' -c fsync=off -c full_page_writes=off",
			'start')) == 0
	  or die "pg_ctl start failed, see $dir/pg/log";
	$self->{pg_runs} = 1;
}

sub pg_stop {
	my ($self) = @_;
	system($self->as_user("$self->{pg_bin}/pg_ctl", '-D', "$self->{dir}/pg/data", '-w', '-s',
			'-m', 'fast', 'stop'));
	$self->{pg_runs} = 0;
}

sub psql {
	my ($self, $sql) = @_;
	open my $in, '-|', "$self->{pg_bin}/psql", '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d',
	  $self->{dsn}, '-c', $sql
	  or die $!;
	my $text = do { local $/; <$in> } // '';
	close $in or die "psql: $sql";
	chomp $text;
	return $text;
}

# One request to upload.fcgi, as a server without FastCGI would make it.
sub cgi {
	my ($self, $method, $path, $query, $file) = @_;
	my $log = "$self->{dir}/tmp/cgi.log";
	my %env = (
		DRIFT_CONF        => $self->{conf},
		GATEWAY_INTERFACE => 'CGI/1.1',
		SERVER_PROTOCOL   => 'HTTP/1.1',
		SERVER_SOFTWARE   => 'test',
		REQUEST_METHOD    => $method,
		SCRIPT_NAME       => '/cgi-bin/upload.fcgi',
		PATH_INFO         => $path,
		QUERY_STRING      => $query,
		HTTP_X_API_KEY    => $self->{key},
		CONTENT_LENGTH    => $file ? -s $file : 0,
	);
	$file //= '/dev/null';
	local %ENV = (PATH => $ENV{PATH}, %env);
	my @command = $self->as_user("$ROOT/build/bin/upload.fcgi");
	my $pid = open my $out, '-|';
	if (!$pid) {
		open STDIN,  '<',  $file or die "$file: $!";
		open STDERR, '>>', $log  or die "$log: $!";
		exec @command or POSIX::_exit(127);
	}
	my $text = do { local $/; <$out> } // '';
	close $out;
	return $text;
}

# Uploads a file and returns the track's id.
sub upload {
	my ($self, $file, $path) = @_;
	my $name = $file =~ s{.*/}{}r;
	my $answer = $self->cgi('PUT', $path // '/', "name=$name", $file);
	$answer =~ /"track":\s*"([0-9a-f-]{36})"/ or die "upload of $file: $answer";
	return $1;
}

# Runs a transcoder to its end; exit code and what it said.
sub transcoder {
	my ($self, @args) = @_;
	my $conf = $self->{conf};
	$conf = shift(@args)->{conf} if ref $args[0];
	return $self->try({ DRIFT_CONF => $conf }, "$ROOT/build/bin/drift-transcoder", @args);
}

# Starts one; its process id.
sub start_transcoder {
	my ($self, @args) = @_;
	my $conf = $self->{conf};
	$conf = shift(@args)->{conf} if ref $args[0];
	my $pid = fork // die $!;
	if (!$pid) {
		$ENV{DRIFT_CONF} = $conf;
		open STDERR, '>>', "$self->{dir}/tmp/transcoder.log";
		open STDIN,  '<',  '/dev/null';
		exec $self->as_user("$ROOT/build/bin/drift-transcoder", @args) or POSIX::_exit(127);
	}
	push @{ $self->{pids} }, $pid;
	return $pid;
}

# Ends one by a signal and waits for it; its wait status.
sub end_transcoder {
	my ($self, $pid, $signal) = @_;
	kill $signal, $pid if $signal;
	waitpid $pid, 0;
	my $status = $?;
	$self->{pids} = [ grep { $_ != $pid } @{ $self->{pids} } ];
	return $status;
}

# Waits until the SQL says t; false when that takes too long.
sub wait_for {
	my ($self, $sql, $seconds) = @_;
	for (1 .. 20 * ($seconds // 120)) {
		return 1 if eval { $self->psql($sql) } eq 't';
		select undef, undef, undef, 0.05;
	}
	return 0;
}

# "opus:done waveform:failed", in the order of names.
sub jobs {
	my ($self, $id) = @_;
	return $self->psql("select string_agg(kind || ':' || state, ' ' order by kind) from drift.job"
		  . " where track = '$id'");
}

sub folder {
	my ($self, $id, $version) = @_;
	return sprintf '%s/%s/%s/v%d', $self->store, substr($id, 0, 2), $id, $version // 1;
}

# The files of a version that rows name: what else is in its folder comes and goes.
sub named {
	my ($self, $id, $version) = @_;
	$version //= 1;
	return map { $self->folder($id, $version) . "/$_" } split /\n/,
	  $self->psql("select name from drift.version_files('$id', $version) order by name");
}

# Composes media: arguments of ffmpeg after its global ones.
sub ffmpeg {
	my (@args) = @_;
	system('ffmpeg', '-v', 'error', '-nostdin', '-y', @args) == 0 or die "ffmpeg @args";
}

# A tone of 440 Hz at 0.3 in the first channel, 660 Hz in the second, silence in others.
sub tone {
	my ($rate, $channels, $samples) = @_;
	my @expr = ('0.3*sin(2*PI*440*t)', '0.3*sin(2*PI*660*t)', ('0') x 6);
	return ('-f', 'lavfi', '-i',
		sprintf('aevalsrc=%s:s=%d:c=%s,atrim=end_sample=%d',
			join('|', @expr[ 0 .. $channels - 1 ]), $rate,
			{ 1 => 'mono', 2 => 'stereo', 6 => '5.1' }->{$channels}, $samples));
}

sub read_file {
	my ($path) = @_;
	open my $in, '<:raw', $path or die "$path: $!";
	local $/;
	return <$in>;
}

# The packets of an Ogg file, without its pages and the first two of them.
sub packets {
	my ($path) = @_;
	my $file = read_file($path);
	my ($packets, $at, $page) = ('', 0, 0);
	while ($at < length $file) {
		my @lacing = unpack 'x26 C/C', substr $file, $at, 27 + 255;
		my ($head, $body) = (27 + @lacing, 0);
		$body += $_ for @lacing;
		$packets .= substr $file, $at + $head, $body if $page++ > 1;
		$at += $head + $body;
	}
	return $packets;
}

sub shut {
	my ($self) = @_;
	$self->end_transcoder($_, 'KILL') for @{ $self->{pids} };
	$self->pg_stop if $self->{pg_runs};
}

# a test that is stopped leaves nothing behind either, however often it is told
$SIG{$_} = sub { @SIG{qw(HUP INT TERM)} = ('IGNORE') x 3; exit 1 } for qw(HUP INT TERM);

# before global destruction, which would take the folder from under the server
END {
	my $code = $?;
	$_->shut for @open;
	$? = $code;
}

1;
