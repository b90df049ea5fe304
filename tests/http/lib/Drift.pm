# Drift - the running stacks, for tests that speak HTTP to them.
#
#   use lib 'tests/http/lib';
#   use Drift;
#   for my $s (Drift::stacks()) {
#       subtest $s->name => sub {
#           my $id = $s->upload(Drift::tone_wav("$dir/a.wav"));
#           is $s->get("/cgi-bin/stream.fcgi/$id")->{status}, 200, 'it plays';
#       };
#   }
#
# A stack is what `make up` wrote into its VAR; DRIFT_VARS names them, with colons
# between, or there is one: var.
package Drift;

use strict;
use warnings;
use File::Basename qw(basename);
use File::Temp qw(tempdir);
use HTTP::Tiny;
use IO::Socket::INET;
use JSON::PP qw(decode_json);
use Time::HiRes qw(sleep time);

sub stacks {
	return map { Drift->new($_) } split /:/, $ENV{DRIFT_VARS} // 'var';
}

sub new {
	my ($class, $var) = @_;
	my $self = bless { var => $var, name => basename($var) }, $class;
	$self->{$_} = slurp("$var/$_") =~ s/\s+\z//r for qw(url dsn);
	$self->{key} = slurp("$var/api-key") =~ s/\s+\z//r;
	$self->{url} =~ s{/+\z}{};
	($self->{store}) = slurp("$var/drift.conf") =~ /^store = (.*)$/m;
	$self->must_answer;
	return $self;
}

# A test against a stack that hangs would take its time to fail, request by request.
sub must_answer {
	my ($self) = @_;
	my $answer = HTTP::Tiny->new(timeout => 10)->get("$self->{url}/cgi-bin/catalogue.fcgi/tracks?limit=1");
	die "the stack of $self->{var} does not answer: $answer->{status} $answer->{content}\n"
	  if $answer->{status} != 200;
}

sub name  { $_[0]{name} }
sub url   { $_[0]{url} }    # without a slash at the end
sub key   { $_[0]{key} }    # of scope admin
sub dsn   { $_[0]{dsn} }    # the owner's
sub var   { $_[0]{var} }
sub store { $_[0]{store} }
sub conf  { "$_[0]{var}/drift.conf" }

# One request. %$options: headers (a hash), content (text, or a sub that gives pieces).
# Returns status, headers (by lower-case name; an array when repeated) and content.
sub request {
	my ($self, $method, $path, $options) = @_;
	my $client = HTTP::Tiny->new(max_redirect => 0, keep_alive => 0, timeout => 60);
	return $client->request($method, $path =~ /^http:/ ? $path : $self->{url} . $path,
		$options // {});
}

sub get {
	my ($self, $path, %headers) = @_;
	return $self->request('GET', $path, { headers => \%headers });
}

# The same with the key.
sub admin {
	my ($self, $method, $path, %options) = @_;
	$options{headers} = { 'X-Api-Key' => $self->{key}, %{ $options{headers} // {} } };
	return $self->request($method, $path, \%options);
}

# Sends bytes as they are, and returns all that comes back until the server closes (say
# "Connection: close") or nothing came for ten seconds.
sub raw {
	my ($self, $bytes) = @_;
	my $socket = $self->connect;
	local $SIG{PIPE} = 'IGNORE';
	print {$socket} $bytes;
	my $answer = '';
	while (readable($socket, 10)) {
		last unless sysread $socket, $answer, 65536, length $answer;
	}
	return $answer;
}

# A socket to the server, for a test that wants to be slow or to go away.
sub connect {
	my ($self) = @_;
	my ($host) = $self->{url} =~ m{^http://([^/]+)};
	my $socket = IO::Socket::INET->new(PeerAddr => $host, Timeout => 10) or die "$host: $@";
	$socket->autoflush(1);
	return $socket;
}

sub readable {
	my ($socket, $seconds) = @_;
	my $set = '';
	vec($set, fileno $socket, 1) = 1;
	return select($set, undef, undef, $seconds) > 0;
}

# Processes that have a file open to write.
sub writers {
	my ($file) = @_;
	my %pids;
	for my $fd (glob '/proc/[0-9]*/fd/*') {
		next if (readlink($fd) // '') ne $file;
		my ($pid, $number) = $fd =~ m{/proc/(\d+)/fd/(\d+)};
		my ($flags) = (eval { slurp("/proc/$pid/fdinfo/$number") } // '') =~ /^flags:\s*(\d+)/m;
		$pids{$pid} = 1 if defined $flags && oct($flags) & 3;
	}
	my @sorted = sort keys %pids; # of sort itself nothing is known where a number is wanted
	return @sorted;
}

# What one statement says, as the owner.
sub psql {
	my ($self, $sql) = @_;
	open my $in, '-|', 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $self->{dsn}, '-c', $sql
	  or die "psql: $!";
	my $text = do { local $/; <$in> } // '';
	close $in or die "psql: $sql";
	$text =~ s/\s+\z//;
	return $text;
}

# PUTs a file as curl -T does, and returns the track's id.
sub upload {
	my ($self, $file, %query) = @_;
	$query{name} //= basename($file);
	my $text = join '&', map { "$_=" . escape($query{$_}) } sort keys %query;
	open my $in, '<:raw', $file or die "$file: $!";
	my $answer = $self->admin(PUT => "/cgi-bin/upload.fcgi/?$text",
		headers => { 'Content-Length' => -s $file },
		content => sub { read $in, my $piece, 1 << 18; $piece });
	die "upload of $file: $answer->{status} $answer->{content}" if $answer->{status} != 201;
	return decode_json($answer->{content})->{track};
}

sub status {
	my ($self, $id) = @_;
	my $answer = $self->admin(GET => "/cgi-bin/upload.fcgi/track/$id/status");
	die "status of $id: $answer->{status}" if $answer->{status} != 200;
	return decode_json($answer->{content});
}

# Waits until every job of the track is done or failed, and returns its status.
sub wait_jobs {
	my ($self, $id, $seconds) = @_;
	my $end = time + ($seconds // 60);
	while (time < $end) {
		my $status = $self->status($id);
		my @jobs = @{ $status->{jobs} };
		return $status if @jobs && !grep { $_->{state} !~ /^(done|failed)$/ } @jobs;
		sleep 0.1;
	}
	die "the jobs of $id are not done in time";
}

# Runs the code and then removes every track that it made, and so their uploads and jobs:
# what a test leaves is work for the transcoder and news for the tests behind it.
sub tidily {
	my ($self, $code) = @_;
	my $since = $self->psql('select now()');
	my $done = eval { $code->(); 1 };
	my $error = $@;
	$self->admin(DELETE => "/cgi-bin/upload.fcgi/track/$_")
	  for split /\n/, $self->psql("select id from drift.track where created >= '$since' and deleted is null");
	die $error unless $done;
}

# --- media for tests ---------------------------------------------------------

# A folder that goes when the test ends; the stack's user may read it.
sub folder {
	my $dir = tempdir('driftXXXXXX', TMPDIR => 1, CLEANUP => 1);
	chmod 0755, $dir or die "$dir: $!";
	return $dir;
}

# a test that is stopped removes its folders too
$SIG{$_} = sub { exit 1 } for qw(HUP INT TERM);

# Writes a WAV of tones of one frequency a channel, and returns its path. %opt: rate 44100,
# channels 2, bits 16 (or 8, 24, 32), samples (or seconds 1), frequency 440, level 0.3.
sub tone_wav {
	my ($path, %opt) = @_;
	my %o = (rate => 44100, channels => 2, bits => 16, frequency => 440, level => 0.3, %opt);
	my $samples = $o{samples} // int(($o{seconds} // 1) * $o{rate});
	my $codec = { 8 => 'pcm_u8', 16 => 'pcm_s16le', 24 => 'pcm_s24le', 32 => 'pcm_s32le' };
	my $tones = join '|', map { sprintf '%s*sin(2*PI*%s*t)', $o{level}, $o{frequency} * (2 + $_) / 2 }
	  0 .. $o{channels} - 1;
	my $layout = { 1 => 'mono', 2 => 'stereo', 6 => '5.1' }->{ $o{channels} };
	return ffmpeg('-f', 'lavfi', '-i', "aevalsrc=$tones:s=$o{rate}:c=$layout",
		'-af', "atrim=end_sample=$samples", '-c:a', $codec->{ $o{bits} }, $path);
}

# Runs ffmpeg; returns the last argument, which is the file it wrote.
sub ffmpeg {
	my @args = @_;
	system('ffmpeg', '-v', 'error', '-nostdin', '-y', @args) == 0 or die "ffmpeg @args";
	return $args[-1];
}

# --- small words ---------------------------------------------------------------

sub escape {
	my ($text) = @_;
	utf8::encode($text) if utf8::is_utf8($text);
	return $text =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ger;
}

sub slurp {
	my ($path) = @_;
	open my $in, '<:raw', $path or die "$path: $!";
	local $/;
	return <$in>;
}

# Writes a file and gives its path.
sub spew {
	my ($path, @bytes) = @_;
	open my $out, '>:raw', $path or die "$path: $!";
	print $out @bytes;
	close $out or die "$path: $!";
	return $path;
}

sub json {
	my ($answer) = @_;
	return decode_json($answer->{content});
}

1;
