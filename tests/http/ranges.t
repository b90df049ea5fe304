#!/usr/bin/perl
# One reading of Range, whatever is asked for, whatever state it is in, and whichever server
# stands before it (RFC 9110 section 14).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Draft;
use Drift;
use Multipart;
use Test::More;
use Time::HiRes qw(time);

my $folder = Drift::folder();
my $wav = Drift::slurp(Drift::tone_wav("$folder/a.wav", seconds => 6));
my $size = length $wav;
my $there = 600_000; # bytes, of what grows

# What is asked, and the parts of a file of N bytes that it means; none: it counts as no Range.
# A part is of the first and the last byte; one whose first byte is N or more is not there.
my @table = (
	[ '0-9',                         [ 0, 9 ] ],
	[ '100-',                        [ 100, 'N' ] ],
	[ '-7',                          [ -7, 'N' ] ],
	[ '0-9223372036854775807',       [ 0, 'N' ] ],
	[ '0-99999999999999999999999',   [ 0, 'N' ] ],
	[ '-99999999999999999999999',    [ 0, 'N' ] ],
	[ '000000000000000000000003-9',  [ 3, 9 ] ],
	[ ' 3-9 ',                       [ 3, 9 ] ],
	[ ',,3-9,',                      [ 3, 9 ] ],
	[ '0-1,5-',                      [ 0, 1 ], [ 5, 'N' ] ],
	[ '0-1 , 300-309',               [ 0, 1 ], [ 300, 309 ] ],
	[ '0-1,300-9223372036854775807', [ 0, 1 ], [ 300, 'N' ] ],
	[ '99999999-,0-1',               [ 0, 1 ] ],
	[ '99999999-',                   [ 99999999, 'N' ] ],
	[ '99999999999999999999999-',    [ 1e30, 'N' ] ],
	[ '-0',                          [ 1e30, 'N' ] ],
	[ '9-5' ], [ '' ], [ ',' ], [ '-' ], [ 'abc' ], [ '0-1,9-5' ], [ '+1-5' ], [ '0x1-2' ], [ '0- 9' ],
	[ '0-1;2-3' ], [ '0-1 2-3' ], [ '--5' ], [ join ',', ('0-1') x 11 ],
);

# The answer's head, and its body unless it is the whole.
sub ask {
	my ($s, $path, $range) = @_;
	my $socket = $s->connect;
	my ($text, $end, $want) = ('', time + 20, undef);

	print {$socket} "GET $path HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nRange: $range\r\n\r\n";
	while (Drift::readable($socket, $end - time) && sysread $socket, $text, 65536, length $text) {
		last if $text =~ m{^HTTP/1.1 200.*\r\n\r\n}s;
	}
	my ($head, $content) = split /\r\n\r\n/, $text, 2;
	my ($status) = ($head // '') =~ m{^HTTP/1.1 (\d+)};
	my %headers = map { /^([^:]+):\s*(.*)$/ ? (lc $1, $2) : () } split /\r\n/, $head // '';
	return { status => $status // 'none', headers => \%headers, content => $content };
}

sub parts_of {
	my ($answer) = @_;
	return Multipart::parts($answer) if $answer->{headers}{'content-type'} =~ /multipart/;
	my ($first, $last, $total) = $answer->{headers}{'content-range'} =~ m{^bytes (\d+)-(\d+)/(\d+|\*)$};
	return { first => $first, last => $last, total => $total, bytes => $answer->{content} };
}

# $thing: path, bytes (whole), there (how many of them), known (whether it is known how many
# there will be), by_server (nothing of ours says 416)
sub check_parts {
	my ($s, $thing, $name, $answer, @wanted) = @_;
	my $whole = $thing->{bytes};
	my $first_there = $wanted[0][0];
	return is $answer->{status}, 503, "$name is not there yet" if $first_there >= $thing->{there};
	is $answer->{status}, 206, $name or return;
	my @parts = parts_of($answer);
	my @wrong = grep { $_->{bytes} ne substr $whole, $_->{first}, length $_->{bytes} } @parts;
	is scalar @wrong, 0, '... has the bytes of its place';
	is $parts[0]{first}, $first_there, '... from the first one on';
	# what grows is not sent in several parts: the first is
	@wanted = $wanted[0] if $thing->{grows};
	for my $part (@wanted) {
		my $last = $part->[1] < $thing->{there} ? $part->[1] : $thing->{there} - 1;
		ok +(grep { $_->{first} <= $part->[0] && $last <= $_->{last} } @parts), "... $part->[0] to $last";
	}
	my $total = $thing->{grows} ? '*' : length $whole;
	is $parts[0]{total}, $total, '... of the whole';
}

sub check_beyond {
	my ($thing, $name, $answer) = @_;
	is $answer->{status}, 416, "$name is not there" or return;
	return if $thing->{by_server} || $thing->{is_endless};
	is $answer->{headers}{'content-range'}, 'bytes */' . length $thing->{bytes}, '... and the length is told';
	is $answer->{headers}{'content-type'}, 'application/problem+json', '... as a problem';
}

# A range of the table as it is in a file of so many bytes.
sub place {
	my ($part, $bytes) = @_;
	my ($first, $last) = @$part;
	$first = $first + $bytes < 0 ? 0 : $first + $bytes if $first < 0;
	$last = $bytes - 1 if $last eq 'N' || $last >= $bytes;
	return [ $first, $last ];
}

sub check {
	my ($s, $thing, $row) = @_;
	my ($range, @parts) = @$row;
	# of what may have any length the end is nowhere yet
	my $bytes = $thing->{is_endless} ? 999_999_999_999_999_999 : length $thing->{bytes};
	my @wanted = grep { $_->[0] < $bytes } map { place($_, $bytes) } @parts;
	my $answer = ask($s, $thing->{path}, "bytes=$range");
	my $name = "bytes=$range";

	if (!@parts) {
		is $answer->{status}, 200, "$name is no range";
	} elsif (!@wanted) {
		check_beyond($thing, $name, $answer);
	} else {
		check_parts($s, $thing, $name, $answer, sort { $a->[0] <=> $b->[0] } @wanted);
	}
}

# An upload that has come so far and no further.
sub begin {
	my ($s, $length) = @_;
	my $draft = Draft->new($s);
	my $path = $draft->create($length);
	my $answer = $draft->patch($path, 0, substr $wav, 0, $there);
	return "/cgi-bin/stream.fcgi/$answer->{headers}{'drift-track'}?format=lossless";
}

sub things {
	my ($s) = @_;
	my $id = $s->upload("$folder/a.wav");
	my $stream = "/cgi-bin/stream.fcgi/$id";
	my $url = Drift::json($s->get("$stream/manifest.json"))->{renditions}{lossless}{url};
	my $apache = $s->get('/')->{headers}{server} =~ /Apache/;
	my @things = (
		[ 'a stored file',                { path => "$stream?format=lossless" } ],
		[ 'the same from the server',     { path => $url, by_server => $apache } ],
		[ 'Opus, not encoded before',     { path => "$stream?format=opus" } ],
		[ 'a chunk',                      { path => "$stream/chunk/0?format=opus" } ],
		[ 'a sidecar',                    { path => "/cgi-bin/seekidx.fcgi/$id?format=opus" } ],
		[ 'what grows',                   { path => begin($s, $size), bytes => $wav, grows => 1 } ],
		[ 'what grows, nobody knows how far',
			{ path => begin($s, undef), bytes => $wav, grows => 1, is_endless => 1 } ],
	);
	for my $thing (map { $_->[1] } @things) {
		$thing->{bytes} //= $s->get($thing->{path})->{content};
		$thing->{there} = $thing->{grows} ? $there : length $thing->{bytes};
	}
	return @things;
}

sub describe {
	my ($s) = @_;
	for (things($s)) {
		my ($name, $thing) = @$_;
		subtest $name => sub {
			check($s, $thing, $_) for @table;
			is ask($s, $thing->{path}, 'items=0-5')->{status}, 200, 'another unit is no range';
		};
	}
}

for my $s (Drift::stacks()) {
	subtest $s->name => sub { $s->tidily(sub { describe($s) }) };
}
done_testing;
