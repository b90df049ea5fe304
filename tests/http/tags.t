#!/usr/bin/perl
# tags from the file to whoever lists, finds and plays the track: several artists, the front cover
use strict;
use warnings;
use utf8;
use lib 'tests/http/lib';
use Drift;
use Encode qw(encode_utf8);
use Test::More;

my $catalogue = '/cgi-bin/catalogue.fcgi';
my $folder = Drift::folder();
my @names = map { "$_ ${$}x" } qw(Alpha Bêta);

sub picture {
	my ($name, $filter) = @_;
	Drift::ffmpeg('-f', 'lavfi', '-i', $filter, '-frames:v', 1, "$folder/$name");
	return Drift::slurp("$folder/$name");
}

# A FLAC with two artists behind forty comments, and an icon ahead of the cover.
sub flac {
	Drift::ffmpeg('-i', Drift::tone_wav("$folder/tone.wav", seconds => 1), "$folder/two.flac");
	my @comments = ((map { "X$_=$_" } 1 .. 40), 'TITLE=Two', (map { encode_utf8("ARTIST=$_") } @names),
		'REPLAYGAIN_TRACK_GAIN=-7.25 dB');
	system('metaflac', (map { "--set-tag=$_" } @comments), "--import-picture-from=1|image/png||32x32x24|$folder/icon.png",
		"--import-picture-from=4||||$folder/back.png", "--import-picture-from=3||||$folder/front.png",
		"$folder/two.flac") == 0 or die 'metaflac';
	return "$folder/two.flac";
}

# An MP3 whose ID3v2.4 frame of the artists parts them by a NUL, with an APEv2 tag behind.
sub mp3 {
	my $frame = sub { my ($id, $text) = @_; return $id . pack('Nn', length $text, 0) . $text };
	my $frames = $frame->(TPE1 => "\3" . encode_utf8(join "\0", @names));
	my $item = sub { my ($key, $text) = @_; return pack('VV', length $text, 0) . "$key\0$text" };
	my $items = $item->(Title => 'Of APE');
	Drift::ffmpeg('-i', "$folder/tone.wav", '-map_metadata', -1, '-id3v2_version', 0, "$folder/plain.mp3");
	open my $out, '>:raw', "$folder/two.mp3" or die $!;
	print $out 'ID3', pack('CCCN', 4, 0, 0, length $frames), $frames, Drift::slurp("$folder/plain.mp3"), $items,
		'APETAGEX', pack('VVVV', 2000, 32 + length $items, 1, 0), "\0" x 8;
	close $out or die $!;
	return "$folder/two.mp3";
}

sub titles {
	my ($s, $artist) = @_;
	my $answer = $s->get("$catalogue/collection?artist=" . Drift::escape(encode_utf8($artist)));
	return [ sort map { $_->{title} } @{ Drift::json($answer)->{tracks} } ];
}

picture('icon.png', 'color=blue:s=32x32');
picture('back.png', 'color=green:s=64x64');
my $front = picture('front.png', 'color=red:s=64x64');

sub describe {
	my ($s) = @_;
	my $flac = $s->upload(flac());
	my $mp3 = $s->upload(mp3());

	subtest 'has each artist by itself, and all of them to read' => sub {
		for my $id ($flac, $mp3) {
			my $card = Drift::json($s->get("$catalogue/tracks/$id"));
			is $card->{artist}, "$names[0]; $names[1]", 'to read';
			is_deeply $card->{artists}, \@names, 'each';
			is_deeply $card->{tags}{ARTIST}, \@names, 'in the tags, too';
			my $manifest = Drift::json($s->get("/cgi-bin/stream.fcgi/$id/manifest.json"));
			is_deeply [ @$manifest{qw(artist artists)} ], [ "$names[0]; $names[1]", \@names ], 'in the manifest';
		}
		my $tags = Drift::json($s->get("$catalogue/tracks/$flac"))->{tags};
		is_deeply [ @$tags{qw(TITLE X40 REPLAYGAIN_TRACK_GAIN)} ], [ 'Two', '40', '-7.25 dB' ], 'and all that is in the file';
	};
	subtest 'is found under each of them' => sub {
		is_deeply titles($s, $_), [ 'Of APE', 'Two' ], 'one' for @names;
		is_deeply titles($s, join '; ', @names), [ 'Of APE', 'Two' ], 'both';
		is_deeply titles($s, join '; ', $names[0], 'Nobody'), [], 'not of one who is not there';
		my $feed = $s->get("$catalogue/feed.rss?artist=" . Drift::escape(encode_utf8($names[1])))->{content};
		is scalar(() = $feed =~ /<item>/g), 2, 'in the feed, too';
		my ($row) = grep { $_->{track} eq $mp3 } @{ Drift::json($s->get("$catalogue/tracks?q=${$}x"))->{tracks} };
		is_deeply $row->{artists}, \@names, 'and in the list';
	};
	subtest 'is found under those that are set by hand' => sub {
		$s->admin(PATCH => "/cgi-bin/upload.fcgi/track/$mp3", headers => { 'Content-Type' => 'application/json' },
			content => encode_utf8("{\"artist\": \"Gamma ${$}x; $names[1]\"}"));
		is_deeply titles($s, "Gamma ${$}x"), ['Of APE'], 'the new one';
		is_deeply titles($s, $names[1]), [ 'Of APE', 'Two' ], 'one who stays';
		is_deeply titles($s, $names[0]), ['Two'], 'not one who is gone';
	};
	subtest 'shows the front cover and no icon' => sub {
		ok $s->get("/cgi-bin/stream.fcgi/$flac/cover")->{content} eq $front, 'byte for byte';
	};
	subtest 'has a comment for each in its Opus rendition' => sub {
		my $opus = $s->get("/cgi-bin/stream.fcgi/$flac?format=opus", Range => 'bytes=0-9999')->{content};
		my ($head) = $opus =~ /(OpusTags.*)/s;
		for (@names) {
			my $comment = encode_utf8("ARTIST=$_");
			ok index($head, pack('V', length $comment) . $comment) > 0, $comment;
		}
		unlike $head, qr/REPLAYGAIN|ITUNNORM/, 'and no gain of another file';
	};
	$s->admin(DELETE => "/cgi-bin/upload.fcgi/track/$_") for $flac, $mp3;
}

for my $stack (Drift::stacks()) {
	subtest $stack->name => sub { describe($stack) };
}

done_testing;
