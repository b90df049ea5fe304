# Arrival - an upload that comes when the test says so, and who is at work on it.
#
#   use Arrival qw(begin give is_sent makers folder_of);
#   my $t = begin($s, $content);    # with the members s, track, stream (its URL), sent
#   give($t, 500_000);              # the next so many bytes
#   my @pids = makers($t, 'growing.mp4');
package Arrival;

use strict;
use warnings;
use Draft;
use Drift;
use Exporter qw(import);

our @EXPORT_OK = qw(begin give is_sent makers folder_of);

sub begin {
	my ($s, $content) = @_;
	my $draft = Draft->new($s);
	my $path = $draft->create(length $content, name => 'Growing');
	my $track = $draft->head($path)->{headers}{'drift-track'};
	return { s => $s, draft => $draft, path => $path, track => $track, content => $content, sent => 0,
		stream => "/cgi-bin/stream.fcgi/$track" };
}

sub give {
	my ($t, $bytes) = @_;
	my $answer = $t->{draft}->patch($t->{path}, $t->{sent}, substr $t->{content}, $t->{sent}, $bytes);
	die "PATCH at $t->{sent}: $answer->{status} $answer->{content}" if $answer->{status} != 204;
	$t->{sent} += $bytes;
	$t->{sent} = length $t->{content} if $t->{sent} > length $t->{content};
}

sub is_sent { my ($t) = @_; return $t->{sent} == length $t->{content} }

# Processes that have what grows open to write.
sub makers { my ($t, $name) = @_; return Drift::writers(folder_of($t) . "/$name") }

# Of the first version of a track.
sub folder_of { my ($t) = @_; return sprintf '%s/%.2s/%s/v1', $t->{s}->store, $t->{track}, $t->{track} }

1;
