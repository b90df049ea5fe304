# Draft - a raw client of "Resumable Uploads for HTTP", one request at a time.
#
#   my $draft = Draft->new($stack);
#   my $path = $draft->create(length $bytes, name => 'x.wav');
#   my $answer = $draft->patch($path, 1000, substr $bytes, 1000, 500);
package Draft;

use strict;
use warnings;
use parent 'Tus';
use Drift;

sub request {
	my ($self, $method, $path, $headers, $content) = @_;
	my %headers = ('Upload-Draft-Interop-Version' => 6, 'X-Api-Key' => $self->{stack}->key, %$headers);
	delete @headers{ grep { !defined $headers{$_} } keys %headers };
	return $self->{stack}->request($method, $path, { headers => \%headers, content => $content });
}

sub post {
	my ($self, $headers, $content, %query) = @_;
	my $query = join '&', map { "$_=" . Drift::escape($query{$_}) } sort keys %query;
	return $self->request('POST', "/cgi-bin/upload.fcgi/?$query", { 'Upload-Complete' => '?0', %$headers },
		$content);
}

# Makes an upload; its path. length: undef for one that is told later.
sub create {
	my ($self, $length, %query) = @_;
	my $answer = $self->post({ 'Upload-Length' => $length }, undef, %query);
	die "POST: $answer->{status} $answer->{content}" if $answer->{status} != 201;
	return $answer->{headers}{location} =~ s{^https?://[^/]+}{}r;
}

sub patch {
	my ($self, $path, $offset, $content, %headers) = @_;
	return $self->request('PATCH', $path,
		{
			'Upload-Offset'   => $offset,
			'Upload-Complete' => '?0',
			'Content-Type'    => 'application/partial-upload',
			%headers
		},
		$content);
}

# Begins a PATCH and sends no more than these bytes; the open socket.
sub begin {
	my ($self, $path, $offset, $announced, $bytes, %headers) = @_;
	return $self->SUPER::begin($path, $offset, $announced, $bytes, 'Tus-Resumable' => undef,
		'Upload-Complete' => '?0', 'Content-Type' => 'application/partial-upload', %headers);
}

# The pieces of a text in random order and of random sizes, [offset, bytes]; $seed makes
# them the same again.
sub pieces {
	my ($seed, $content, $largest) = @_;
	my @pieces;
	srand $seed;
	for (my $at = 0; $at < length $content;) {
		my $bytes = 1 + int rand $largest;
		push @pieces, [ $at, substr $content, $at, $bytes ];
		$at += $bytes;
	}
	for my $i (reverse 1 .. $#pieces) {
		my $k = int rand $i + 1;
		@pieces[ $i, $k ] = @pieces[ $k, $i ];
	}
	return @pieces;
}

1;
