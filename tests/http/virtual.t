#!/usr/bin/perl
# Opus before it exists: the same bytes, length and tag as the file that comes later
use strict;
use warnings;
use lib 'tests/http/lib';
use Drift;
use File::Glob ':bsd_glob';
use IO::Select;
use OwnStack;
use POSIX ();
use Test::More;
use Tus;
use Time::HiRes qw(sleep time);

my $folder = Drift::folder();
my $music = Drift::tone_wav("$folder/music.wav", seconds => 23);
srand 4;

sub path { my ($id) = @_; return "/cgi-bin/stream.fcgi/$id?format=opus" }

sub range {
	my ($s, $id, $first, $last) = @_;
	return $s->get(path($id), Range => "bytes=$first-$last");
}

# Ranges at random, each twice, the second time as the file has it by then.
sub random_ranges {
	my ($s, $id, $bytes, $count) = @_;
	my @got;
	for (1 .. $count) {
		my $first = int rand $bytes;
		my $last = $first + int rand 60000;
		$last = $bytes - 1 if $last >= $bytes;
		my $answer = range($s, $id, $first, $last);
		is $answer->{status}, 206, "bytes $first-$last";
		is $answer->{headers}{'content-range'}, "bytes $first-$last/$bytes", '... of the whole';
		is length $answer->{content}, $last + 1 - $first, '... all of them';
		push @got, [ $first, $answer->{content} ];
	}
	return @got;
}

sub part_files { my ($s, $id) = @_; return glob sprintf '%s/%s/%s/v*/.*part*', $s->store, substr($id, 0, 2), $id }

# Many at once ask for a place that is not there yet; their answers.
sub ask_together {
	my ($s, $count, $path, $header) = @_;
	my %socket;
	for (1 .. $count) {
		my $socket = $s->connect;
		print {$socket} "GET $path HTTP/1.0\r\n${header}Connection: close\r\n\r\n";
		$socket{$socket} = { socket => $socket, text => '' };
	}
	my $select = IO::Select->new(map { $_->{socket} } values %socket);
	my $end = time + 60;
	while ($select->count && time < $end) {
		for my $socket ($select->can_read(1)) {
			$select->remove($socket) unless sysread $socket, $socket{$socket}{text}, 65536, length $socket{$socket}{text};
		}
	}
	return map { $_->{text} } values %socket;
}

sub crowd {
	my ($s, $id, $first, $last) = @_;
	my @answers = ask_together($s, 24, path($id), "Range: bytes=$first-$last\r\n");
	my %bodies = map { (split /\r\n\r\n/, $_, 2)[1] // '' => 1 } @answers;
	is scalar(grep { m{^HTTP/1.\d 206} } @answers), 24, 'everybody in a crowd is served';
	is scalar(keys %bodies), 1, '... with the same bytes';
	return [ $first, keys %bodies ];
}

# Has the programs use a decoder that says when it is started; where it says so.
sub watch_decoders {
	my ($s) = @_;
	my $log = Drift::folder() . '/started';
	my ($decoder) = Drift::slurp($s->conf) =~ /^decode_program = (.*)$/m;
	my $wrapper = "$log.sh";
	open my $out, '>', $wrapper or die $!;
	print $out "#!/bin/sh\necho >>$log\nexec $decoder\n";
	close $out or die $!;
	chmod 0755, $wrapper;
	open $out, '>', $log or die $!;
	chmod 0666, $log;
	my %old = map { $_ => 1 } $s->programs('stream.fcgi');
	$s->set(decode_program => $wrapper);
	kill 'TERM', keys %old;
	Tus::wait_for(sub { !grep { $old{$_} } $s->programs('stream.fcgi') }) or die 'stream.fcgi does not end';
	return $log;
}

# One encodes, whose decoder was perhaps started ahead; one is started ahead for the next.
sub check_crowd_at_chunk {
	my ($s, $source) = @_;
	my $id = $s->upload($source);
	my $log = watch_decoders($s);
	my $path = "/cgi-bin/stream.fcgi/$id/chunk/2?format=opus";
	my @answers = ask_together($s, 50, $path, '');
	my %bodies = map { (split /\r\n\r\n/, $_, 2)[1] // '' => 1 } @answers;
	is scalar(grep { m{^HTTP/1.\d 200} } @answers), 50, 'everybody is served at a cold chunk';
	is scalar(keys %bodies), 1, '... with the same bytes';
	is((keys %bodies)[0], $s->get($path)->{content}, '... which stay');
	cmp_ok -s $log, '>', 0, '... by a decoder';
	cmp_ok -s $log, '<=', 4, '... and hardly another one is started for all of them';
}

# A listener who leaves in the middle of an open-ended request.
sub leave_early {
	my ($s, $id, $from) = @_;
	my $socket = $s->connect;
	print {$socket} 'GET ' . path($id) . " HTTP/1.0\r\nRange: bytes=$from-\r\n\r\n";
	Drift::readable($socket, 20);
	sysread $socket, my $some, 3000;
	close $socket;
	like $some, qr{^HTTP/1.\d 206}, 'a listener begins and leaves';
}

sub check_headers {
	my ($s, $id) = @_;
	my $head = $s->request('HEAD', path($id));
	is $head->{status}, 200, 'it is there at once';
	is $head->{headers}{'drift-state'}, 'virtual', '... as virtual';
	is $head->{headers}{'drift-format'}, 'opus', '... Opus';
	is $head->{headers}{'content-type'}, 'audio/ogg; codecs=opus', '... by its type';
	is $head->{headers}{'accept-ranges'}, 'bytes', '... with ranges';
	my ($bytes, $etag) = @{ $head->{headers} }{qw(content-length etag)};
	is $s->get(path($id), 'If-None-Match' => $etag)->{status}, 304, 'its tag counts';
	is $s->get(path($id), 'If-Range' => '"other"', Range => 'bytes=0-9')->{headers}{'content-length'},
	  $bytes, 'If-Range with another one gives all';
	is range($s, $id, $bytes, $bytes + 5)->{status}, 416, 'nothing is behind the end';
	return ($bytes, $etag);
}

sub check_manifest {
	my ($s, $id, $state, $bytes) = @_;
	my $opus = Drift::json($s->get("/cgi-bin/stream.fcgi/$id/manifest.json"))->{renditions}{opus};
	is $opus->{state}, $state, "the manifest says $state";
	is $opus->{bytes}, $bytes, '... and how long it is';
	my $sidecar = $s->get($opus->{sidecar});
	is $sidecar->{status}, 200, '... and where the sidecar is';
	is unpack('Q<', substr $sidecar->{content}, 32, 8), $bytes, '... which knows the length';
	is substr($s->get($opus->{url}, Range => 'bytes=0-3')->{content}, 0, 4), 'OggS', '... and the file';
	return $sidecar->{content};
}

# The packets of a file, one after the other.
sub packets {
	my ($file) = @_;
	open my $in, '-|', 'ffmpeg', '-v', 'error', '-i', $file, '-map', '0:a', '-c', 'copy', '-f', 'data', '-'
	  or die "ffmpeg: $!";
	binmode $in;
	local $/;
	return scalar <$in>;
}

# Chunks by number, in both containers: the packets of the rendition.
sub check_chunks {
	my ($s, $id) = @_;
	my $list = Drift::json($s->get("/cgi-bin/stream.fcgi/$id/chunks.json"));
	is $list->{count}, 5, 'a list of chunks';
	is scalar(@{ $list->{chunks} }), 5, '... with each';
	my %chunk;
	for my $container (qw(mp4 ogg)) {
		for my $n (reverse 0 .. 4) {
			my $answer = $s->get("/cgi-bin/stream.fcgi/$id/chunk/$n?format=opus&container=$container");
			is $answer->{status}, 200, "chunk $n in $container";
			$chunk{$container}[$n] = $answer->{content};
		}
	}
	my $part = $s->get("/cgi-bin/stream.fcgi/$id/chunk/1?format=opus", Range => 'bytes=1000-1999');
	ok $part->{content} eq substr($chunk{mp4}[1], 1000, 1000), 'and a range of one';
	my $init = $s->get("/cgi-bin/stream.fcgi/$id/init.mp4?format=opus");
	is $init->{headers}{'content-type'}, 'audio/mp4; codecs=Opus', 'the init segment has a type';
	is $s->get("/cgi-bin/stream.fcgi/$id/chunk/$_")->{status}, 404, "there is no chunk $_" for qw(5 -1 x 99999999999);
	is $s->get("/cgi-bin/stream.fcgi/$id/chunk/1?container=avi")->{status}, 400, 'nor one in avi';
	return sub {
		my $whole = packets(Drift::spew("$folder/whole.opus", @_));
		cmp_ok length $whole, '>', 0, 'the rendition has packets';
		ok packets(Drift::spew("$folder/all.mp4", $init->{content}, @{ $chunk{mp4} })) eq $whole, '... that are those of the fragments';
		ok join('', map { packets(Drift::spew("$folder/$_.opus", $chunk{ogg}[$_])) } 0 .. 4) eq $whole, '... and of the slices';
	};
}

sub check_track {
	my ($s, $source) = @_;
	my $id = $s->upload($source);
	my ($bytes, $etag) = check_headers($s, $id);
	my @got = random_ranges($s, $id, $bytes, 12);
	push @got, crowd($s, $id, int($bytes / 2), int($bytes / 2) + 30000);
	leave_early($s, $id, int($bytes / 3));
	my $check_packets = check_chunks($s, $id);
	my $sidecar = check_manifest($s, $id, 'virtual', $bytes);
	push @got, random_ranges($s, $id, $bytes, 4);
	my $whole = $s->get(path($id))->{content};
	is length $whole, $bytes, 'all of it comes';

	$s->transcode;
	is_deeply [ map { $_->{state} } grep { $_->{kind} eq 'opus' } @{ $s->status($id)->{jobs} } ], ['done'],
	  'the transcoder has made the file';
	my $ready = $s->get(path($id));
	is $ready->{headers}{'drift-state'}, 'ready', 'which is ready';
	is $ready->{headers}{etag}, $etag, '... has the same tag';
	ok $ready->{content} eq $whole, '... and is the one that was sent before';
	$check_packets->($whole);
	is scalar(grep { substr($whole, $_->[0], length $_->[1]) ne $_->[1] } @got), 0, 'so is every range';
	is check_manifest($s, $id, 'ready', $bytes), $sidecar, 'the sidecar is the same';
	is_deeply [ part_files($s, $id) ], [], 'nothing unfinished is left';
}

# What was sent while the transcoder was at it.
sub check_beside_transcoder {
	my ($s, $source) = @_;
	my $id = $s->upload($source);
	my $bytes = $s->request('HEAD', path($id))->{headers}{'content-length'};
	my $pid = fork // die $!;
	if (!$pid) {
		$s->transcode;
		POSIX::_exit(0);
	}
	my @got;
	my $end = time + 60;
	while (waitpid($pid, POSIX::WNOHANG()) == 0 && time < $end) {
		my $first = int rand $bytes - 30000;
		my $answer = range($s, $id, $first, $first + 29999);
		$answer->{status} == 206 or return fail("bytes at $first: $answer->{status} $answer->{content}");
		push @got, [ $first, $answer->{content} ];
	}
	my $whole = $s->get(path($id));
	is $whole->{headers}{'drift-state'}, 'ready', 'listeners and transcoder work on one file';
	cmp_ok scalar(@got), '>', 0, '... ' . @got . ' times';
	is scalar(grep { substr($whole->{content}, $_->[0], 30000) ne $_->[1] } @got), 0, '... that has the same bytes for all';
}

# Is the first page of a segment there?
sub has_segment {
	my ($s, $id, $setup, $segment) = @_;
	my ($part) = part_files($s, $id) or return 0;
	open my $in, '<:raw', $part or return 0;
	seek $in, $setup + $segment * 10 * (27 + 50 + 25 * 400), 0;
	read $in, my $head, 4;
	return $head eq 'OggS';
}

# A listener is near the end of what the transcoder has just begun.
sub check_order {
	my ($s, $source) = @_;
	my $id = $s->upload($source);
	my $place = Drift::json($s->get("/cgi-bin/seekidx.fcgi/$id?t=200"));
	is range($s, $id, $place->{offset}, $place->{offset} + 99)->{status}, 206, 'somebody listens to segment 40';
	my $pid = fork // die $!;
	if (!$pid) {
		$s->transcode;
		POSIX::_exit(0);
	}
	my $there = Tus::wait_for(sub { has_segment($s, $id, $place->{setup}, 48) });
	my $is_before = has_segment($s, $id, $place->{setup}, 35);
	ok $there, 'and the transcoder makes what he hears next';
	ok !$is_before, '... before what lies in front of it';
	waitpid $pid, 0;
	is $s->get(path($id))->{headers}{'drift-state'}, 'ready', '... and then the rest';
	is_deeply [ glob sprintf '%s/%s/%s/v*/.p*', $s->store, substr($id, 0, 2), $id ], [], '... and leaves nothing behind';
}

# Who sends dies in the middle, and what he was at with him.
sub check_killed {
	my ($s, $source) = @_;
	my $id = $s->upload($source);
	my $bytes = $s->request('HEAD', path($id))->{headers}{'content-length'};
	my $socket = $s->connect;
	print {$socket} 'GET ' . path($id) . " HTTP/1.0\r\n\r\n";
	my $heard = '';
	while (length $heard < 150_000) { sysread $socket, $heard, 8192, length $heard or last }
	my @pids = map { Drift::writers($_) } part_files($s, $id);
	cmp_ok scalar(@pids), '>', 0, 'a program is at work for a listener';
	kill 'KILL', @pids;
	while (sysread $socket, $heard, 65536, length $heard) { }
	$heard =~ s/^.*?\r\n\r\n//s;
	cmp_ok length $heard, '<', $bytes, '... who is cut off when it is killed';
	my $rest = $s->get(path($id), Range => 'bytes=' . length($heard) . '-');
	is $rest->{status}, 206, '... and goes on';
	$s->transcode;
	ok $heard . $rest->{content} eq $s->get(path($id))->{content}, '... with the bytes of the file';
}

sub check_failed {
	my ($s, $source) = @_;
	my $id = $s->upload($source);
	$s->psql("update drift.job set state = 'failed', error = 'It cannot be done.' where track = '$id' and kind = 'opus'");
	my $answer = $s->get(path($id));
	is $answer->{headers}{'drift-format'}, 'lossless', 'what has failed for good is not tried again for each listener';
	is $s->get("/cgi-bin/seekidx.fcgi/$id")->{status}, 404, '... and has no sidecar';
}

my %source = (
	flac => "$folder/music.flac",
	mp3 => "$folder/music.mp3",
	mono => "$folder/mono.wav",
);
my $long = Drift::tone_wav("$folder/long.wav", seconds => 300, channels => 1, rate => 22050);
Drift::ffmpeg('-i', $music, $source{flac});
Drift::ffmpeg('-i', $music, '-q:a', 4, $source{mp3});
Drift::ffmpeg('-i', $music, '-ac', 1, '-ar', 22050, $source{mono});

for my $server (qw(lighttpd apache)) {
	subtest $server => sub {
		my $s = OwnStack->new($server);
		subtest $_ => sub { check_track($s, $source{$_}) } for sort keys %source;
		subtest 'beside the transcoder' => sub { check_beside_transcoder($s, $music) };
		subtest 'where somebody listens' => sub { check_order($s, $long) };
		subtest 'killed' => sub { check_killed($s, $long) };
		subtest 'a crowd' => sub { check_crowd_at_chunk($s, $music) };
		subtest 'failed' => sub { check_failed($s, $music) };
	};
}

done_testing;
