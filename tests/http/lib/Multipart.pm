# Multipart - the parts of a multipart/byteranges answer (RFC 9110 section 14.6).
package Multipart;

use strict;
use warnings;

# Of one answer: a list of { first, last, total, mime, bytes }, one for a 206 with a single part;
# dies when the answer contradicts itself.
sub parts {
	my ($answer) = @_;
	my $h = $answer->{headers};
	return one($h, $answer->{content}) if $h->{'content-range'};
	my ($boundary) = $h->{'content-type'} =~ m{^multipart/byteranges; *boundary="?([^";]+)"?$}
	  or die "neither Content-Range nor a boundary: $h->{'content-type'}";
	my $rest = $answer->{content};
	my @parts;
	while ($rest =~ s/\A(?:\r\n)?--\Q$boundary\E\r\n(.*?)\r\n\r\n//s) {
		my %head = map { my ($name, $value) = split /: */, $_, 2; (lc $name => $value) } split /\r\n/, $1;
		my ($first, $last) = range($head{'content-range'});
		push @parts, one(\%head, substr $rest, 0, $last - $first + 1, '');
	}
	$rest =~ /\A\r\n--\Q$boundary\E--(?:\r\n)?\z/ or die 'the last part has no end';
	return @parts;
}

sub range {
	my ($text) = @_;
	my @range = $text =~ m{^bytes (\d+)-(\d+)/(\d+)$} or die "Content-Range: $text";
	return @range;
}

sub one {
	my ($head, $bytes) = @_;
	my ($first, $last, $total) = range($head->{'content-range'});
	die "$first-$last are not " . length($bytes) . ' bytes' if $last - $first + 1 != length $bytes;
	return { first => $first, last => $last, total => $total, mime => $head->{'content-type'},
		bytes => $bytes };
}

1;
