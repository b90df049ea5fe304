# Tus - a raw tus 1.0.0 client, one request at a time, so that a test sees every answer;
# and what a test has to know of an upload beside them.
#
#   my $tus = Tus->new($stack);
#   my $path = $tus->create(length $bytes, filename => 'x.wav');
#   my $answer = $tus->patch($path, 0, $bytes);
package Tus;

use strict;
use warnings;
use IO::Socket::INET;
use Drift;
use MIME::Base64 qw(encode_base64);

sub new {
	my ($class, $stack) = @_;
	return bless { stack => $stack }, $class;
}

sub request {
	my ($self, $method, $path, $headers, $content) = @_;
	my %headers = ('Tus-Resumable' => '1.0.0', 'X-Api-Key' => $self->{stack}->key, %$headers);
	delete @headers{ grep { !defined $headers{$_} } keys %headers };
	return $self->{stack}->request($method, $path, { headers => \%headers, content => $content });
}

# The field Upload-Metadata of pairs.
sub metadata {
	my (@pairs) = @_;
	my @fields;
	while (my ($key, $value) = splice @pairs, 0, 2) {
		push @fields, "$key " . encode_base64($value, '');
	}
	return join ',', @fields;
}

sub post {
	my ($self, $headers, $content) = @_;
	return $self->request('POST', '/cgi-bin/upload.fcgi/', $headers, $content);
}

# Makes an upload; its path.
sub create {
	my ($self, $length, @metadata) = @_;
	my $answer = $self->post({
		'Upload-Length' => $length,
		@metadata ? ('Upload-Metadata' => metadata(@metadata)) : () });
	die "POST: $answer->{status} $answer->{content}" if $answer->{status} != 201;
	return $answer->{headers}{location} =~ s{^https?://[^/]+}{}r;
}

sub head {
	my ($self, $path, %headers) = @_;
	return $self->request('HEAD', $path, \%headers);
}

sub patch {
	my ($self, $path, $offset, $content, %headers) = @_;
	return $self->request('PATCH', $path,
		{
			'Upload-Offset' => $offset,
			'Content-Type'  => 'application/offset+octet-stream',
			%headers
		},
		$content);
}

# Begins a PATCH and sends no more than these bytes; the open socket.
sub begin {
	my ($self, $path, $offset, $announced, $bytes, %headers) = @_;
	my ($host) = $self->{stack}->url =~ m{^http://([^/]+)};
	my $socket = IO::Socket::INET->new(PeerAddr => $host) or die "$host: $!";
	$socket->autoflush(1);
	binmode $socket;
	%headers = (
		'Tus-Resumable'  => '1.0.0',
		'X-Api-Key'      => $self->{stack}->key,
		'Content-Type'   => 'application/offset+octet-stream',
		'Content-Length' => $announced,
		'Upload-Offset'  => $offset,
		%headers
	);
	print $socket join("\r\n",
		"PATCH $path HTTP/1.1",
		"Host: $host",
		(map { "$_: $headers{$_}" } grep { defined $headers{$_} } sort keys %headers),
		'', $bytes);
	return $socket;
}

# What the catalogue says is acknowledged.
sub received {
	my ($self, $path) = @_;
	my ($id) = $path =~ /([0-9a-f-]{36})$/;
	return $self->{stack}->psql("select received from drift.upload_get('$id')");
}

# Waits until so much is acknowledged; what it is.
sub wait_received {
	my ($self, $path, $bytes) = @_;
	my $received = 0;
	for (1 .. 200) {
		$received = $self->received($path);
		last if $received >= $bytes;
		select undef, undef, undef, 0.05;
	}
	return $received;
}

# The answer to what was begun: its status, or '' when the server just closed.
sub end {
	my ($self, $socket) = @_;
	my $answer = '';
	while (Drift::readable($socket, 20)) {
		last unless sysread $socket, $answer, 65536, length $answer;
		last if $answer =~ m{^HTTP/1\.1 [2-5]\d\d .*\r\n\r\n}ms;
	}
	return $answer =~ m{^HTTP/1\.1 ([2-5]\d\d) }m ? $1 : '';
}

# Waits until code gives something true; what it gave. The two minutes are for a busy machine: no
# verdict hangs on them.
sub wait_for {
	my ($code) = @_;
	for (1 .. 2400) {
		my $value = $code->();
		return $value if $value;
		select undef, undef, undef, 0.05;
	}
	return '';
}

# The growing file.
sub file {
	my ($self, $path) = @_;
	my ($id) = $path =~ /([0-9a-f-]{36})$/;
	return $self->{stack}->store . "/upload/$id";
}

# Which processes have the growing file open: the one that writes it.
sub writers {
	my ($self, $path) = @_;
	my @inode = (stat $self->file($path))[ 0, 1 ] or return;
	my %pids;
	for my $fd (glob '/proc/[0-9]*/fd/*') {
		my @other = (stat $fd)[ 0, 1 ] or next;
		$pids{$1} = 1 if "@other" eq "@inode" && $fd =~ m{^/proc/(\d+)/};
	}
	my @sorted = sort keys %pids; # of sort itself nothing is known where a number is wanted
	return @sorted;
}

1;
