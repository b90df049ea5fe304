#!/usr/bin/perl
# 5 s of what was uploaded before the whole MP4 is made: the packets that it will have
use strict;
use warnings;
use lib 'tests/http/lib';
use Drift;
use File::Glob ':bsd_glob';
use OwnStack;
use Test::More;
use Tus;

my $folder = Drift::folder();
my $music = Drift::tone_wav("$folder/music.wav", seconds => 23);

sub path { my ($id, $what) = @_; return "/cgi-bin/stream.fcgi/$id/$what?format=lossless" }

# The packets of a file, one after the other, each with its time.
sub packets {
	my ($file) = @_;
	open my $in, '-|', 'ffprobe', '-v', 'error', '-show_entries', 'packet=pts,data_hash', '-show_data_hash',
	  'MD5', '-of', 'csv=p=0', $file
	  or die "ffprobe: $!";
	local $/;
	return scalar <$in>;
}

sub kept { my ($s, $id) = @_; return [ glob sprintf '%s/%s/%s/v*/chunk-*', $s->store, substr($id, 0, 2), $id ] }

sub check_list {
	my ($s, $id, $codec) = @_;
	my $list = Drift::json($s->get(path($id, 'chunks.json')));
	my $manifest = Drift::json($s->get("/cgi-bin/stream.fcgi/$id/manifest.json"));
	is $list->{codec}, $codec, 'the list knows the codec';
	is_deeply $list->{types}, [ map { "audio/mp4; codecs=\"$_\"" } $codec, $codec =~ /fLaC|Opus/ ? lc $codec : () ],
	  '... as it is registered, then as older browsers know it';
	is $list->{samples}, $manifest->{samples}, '... and the length';
	is $list->{count}, 5, '... of so many chunks';
	my $end = 0;
	is_deeply [ map { my $start = $end; $end = $_->{start} + $_->{duration}; $start } @{ $list->{chunks} } ],
	  [ map { $_->{start} } @{ $list->{chunks} } ], '... each behind the one before';
	is $end, $list->{delay} + $list->{samples}, '... to the end';
}

sub check_track {
	my ($s, $source, $codec) = @_;
	my $id = $s->upload($source);
	check_list($s, $id, $codec);
	my $init = $s->get(path($id, 'init.mp4'));
	is $init->{headers}{'content-type'}, 'audio/mp4', 'there is an init segment';
	my (@chunk, @etag);
	for my $n (reverse 0 .. 4) {
		my $answer = $s->get(path($id, "chunk/$n"));
		is $answer->{status}, 200, "chunk $n";
		$chunk[$n] = $answer->{content};
		$etag[$n] = $answer->{headers}{etag};
		is $answer->{headers}{'content-length'}, length $chunk[$n], '... says how long it is';
	}
	my $again = $s->get(path($id, 'chunk/2'), Range => 'bytes=10-99');
	is $again->{status}, 206, 'it is a file then';
	ok $again->{content} eq substr($chunk[2], 10, 90), '... with ranges';
	ok Tus::wait_for(sub { @{ kept($s, $id) } == 5 }), 'all are kept';
	is $s->get(path($id, 'chunk/5'))->{status}, 404, 'there is no sixth';
	is $s->get(path($id, 'chunk/2') . '&container=ogg')->{status}, 400, 'nor one in Ogg';

	$s->transcode;
	my $lossless = Drift::json($s->get("/cgi-bin/stream.fcgi/$id/manifest.json"))->{renditions}{lossless};
	my $whole = packets(Drift::spew("$folder/whole.mp4", $s->get($lossless->{fmp4}{url})->{content}));
	cmp_ok length $whole, '>', 1000, 'the whole MP4 has packets';
	is packets(Drift::spew("$folder/all.mp4", $init->{content}, @chunk)), $whole, '... which are those of the chunks, at their times';
	my $one = packets(Drift::spew("$folder/one.mp4", $init->{content}, $chunk[3]));
	cmp_ok length $one, '>', 100, '... and one alone has some';
	cmp_ok index($whole, $one), '>', 0, '... that follow each other there';
	is_deeply kept($s, $id), [], '... and the chunks are not kept any longer';
	for my $n (0 .. 4) {
		my $cut = $s->get(path($id, "chunk/$n"));
		is $cut->{headers}{etag}, $etag[$n], "chunk $n has the same tag when it is cut out of the MP4";
		ok $cut->{content} eq $chunk[$n], '... and the same bytes';
	}
	is_deeply kept($s, $id), [], '... and is kept nowhere';
	is $s->get(path($id, 'chunk/5'))->{status}, 404, '... and there is still no sixth';
}

sub check_refused {
	my ($s) = @_;
	my $id = $s->upload(Drift::ffmpeg('-i', $music, '-c:a', 'libvorbis', "$folder/music.ogg"));
	is $s->get(path($id, 'chunk/0'))->{status}, 404, 'no browser takes Vorbis in MP4';
	is $s->get(path($id, $_))->{status}, 404, "... so there is no $_" for qw(init.mp4 chunks.json);
}

my %source = (
	flac => [ "$folder/music.flac", 'fLaC' ],
	mp3 => [ "$folder/music.mp3", 'mp4a.6b', '-q:a', 4 ],
	aac => [ "$folder/music.m4a", 'mp4a.40.2' ],
	opus => [ "$folder/music.opus", 'Opus', '-c:a', 'libopus' ],
	wav => [ $music, 'fLaC' ],
);
for my $format (grep { $_ ne 'wav' } sort keys %source) {
	my ($file, $codec, @options) = @{ $source{$format} };
	Drift::ffmpeg('-i', $music, @options, $file);
}

# Under Apache what differs is who makes them, and not of what.
my %formats = (lighttpd => [ sort keys %source ], apache => ['flac']);
for my $server (qw(lighttpd apache)) {
	subtest $server => sub {
		my $s = OwnStack->new($server);
		for my $format (@{ $formats{$server} }) {
			subtest $format => sub { check_track($s, @{ $source{$format} }[ 0, 1 ]) };
		}
		subtest 'refused' => sub { check_refused($s) };
	};
}

done_testing;
