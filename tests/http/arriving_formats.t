#!/usr/bin/perl
# what each format tells of itself while it arrives
use strict;
use warnings;
use lib 'tests/http/lib';
use Draft;
use Drift;
use JSON::PP qw(decode_json);
use Test::More;

my $folder = Drift::folder();
my $seconds = 90;    # so that two megabytes come of any codec
my $noise = Drift::ffmpeg('-f', 'lavfi', '-i', "anoisesrc=r=44100:a=0.3:d=$seconds", '-ac', 2, "$folder/noise.wav");
my @sound = ('-i', $noise, '-metadata', 'title=Grown');
my $part = 1_000_000;

# name of the file => [codec, media type, arguments of ffmpeg]; their heads tell
my %formats = (
	'a.wav'  => [ 'pcm', 'audio/wav', '-c:a', 'pcm_s24le' ],
	'a.flac' => [ 'flac', 'audio/flac', '-c:a', 'flac' ],
	'a.mp3'  => [ 'mp3', 'audio/mpeg', '-c:a', 'libmp3lame', '-q:a', 0 ],
	'a.ogg'  => [ 'vorbis', 'audio/ogg', '-c:a', 'libvorbis', '-q:a', 9 ],
	'a.opus' => [ 'opus', 'audio/ogg', '-c:a', 'libopus', '-b:a', '256k' ],
	'a.aac'  => [ 'aac', 'audio/aac', '-c:a', 'aac', '-b:a', '256k' ],
	'a.mka'  => [ 'flac', 'audio/x-matroska', '-c:a', 'flac' ],
	'fast.m4a' => [ 'aac', 'audio/mp4', '-c:a', 'aac', '-b:a', '256k', '-movflags', 'faststart' ],
);
Drift::ffmpeg(@sound, @{ $formats{$_} }[ 2 .. $#{ $formats{$_} } ], "$folder/$_") for keys %formats;
Drift::ffmpeg(@sound, '-c:a', 'aac', '-b:a', '256k', "$folder/late.m4a");

sub begin {
	my ($s, $name, $length) = @_;
	my $draft = Draft->new($s);
	my $path = $draft->create($length, name => $name);
	return ($draft, $path, $draft->head($path)->{headers}{'drift-track'});
}

sub manifest { my ($s, $track) = @_; decode_json($s->get("/cgi-bin/stream.fcgi/$track/manifest.json")->{content}) }

# Seconds of sound that ffmpeg finds in bytes.
sub seconds_of {
	my ($content, $name) = @_;
	my $path = "$folder/part-$name";
	open my $out, '>:raw', $path or die $!;
	print $out $content;
	close $out;
	open my $in, '-|', "ffmpeg -v quiet -i $path -f s16le -ac 1 -ar 8000 - 2>/dev/null" or die $!;
	binmode $in;
	my $pcm = do { local $/; <$in> } // '';
	return length($pcm) / 16000;
}

sub describe {
	my ($s) = @_;

	for my $name (sort keys %formats) {
		subtest "$name: from its first megabyte" => sub {
			my ($codec, $mime) = @{ $formats{$name} };
			my $content = Drift::slurp("$folder/$name");
			my $size = length $content;
			my ($draft, $path, $track) = begin($s, $name, $size);
			is($draft->patch($path, 0, substr $content, 0, $part)->{status}, 204, 'it comes');
			my $m = manifest($s, $track);
			my $r = $m->{renditions}{lossless};
			is("$r->{state} $r->{codec}", "growing $codec", 'it is known');
			like($r->{mime}, qr/^\Q$mime\E/, 'so is its type');
			is("$m->{title} $m->{sample_rate}", $codec eq 'opus' ? 'Grown 48000' : 'Grown 44100', 'and its title')
			  unless $name =~ /\.(aac|wav)$/;
			my $guess = $m->{samples} / $m->{sample_rate};
			my $spread = $name =~ /\.(wav|flac)$/ ? 1e-9 : 8;
			cmp_ok(abs($guess - $seconds), '<', $spread, "it may be $guess s long, of $seconds");
			my $answer = $s->get("/cgi-bin/stream.fcgi/$track?format=lossless", Range => 'bytes=0-10000000');
			is("$answer->{status} " . length $answer->{content}, "206 $part", 'it is served');
			cmp_ok(seconds_of($answer->{content}, $name), '>', $seconds * $part / $size / 1.2, 'and sounds');
			is($draft->patch($path, $part, substr $content, $part)->{status}, 204, 'the rest');
			is(sprintf('%.0f', $s->psql("select samples::float / sample_rate from drift.source where track = '$track'")),
				$seconds, 'is measured');
		};
	}

	subtest 'an MP4 whose index is at its end: from head and tail' => sub {
		my $content = Drift::slurp("$folder/late.m4a");
		my $size = length $content;
		my ($draft, $path, $track) = begin($s, 'late.m4a', $size);
		$draft->patch($path, 0, substr $content, 0, $part);
		is(manifest($s, $track)->{state}, 'waiting_headers', 'the head is not enough');
		my $wanted = $s->status($track)->{source}{wanted};
		is($wanted->[1][1], $size, 'after the head the tail is wanted');
		$draft->patch($path, $wanted->[1][0], substr $content, $wanted->[1][0]);
		my $m = manifest($s, $track);
		is("$m->{state} $m->{title} $m->{renditions}{lossless}{codec}", 'streaming_with_buffer Grown aac',
			'then it is known');
		ok(abs($m->{samples} / $m->{sample_rate} - $seconds) < 0.1, 'with its length');
		my $answer = $s->get("/cgi-bin/stream.fcgi/$track?format=lossless", Range => "bytes=$wanted->[1][0]-");
		is(length $answer->{content}, $size - $wanted->[1][0], 'the tail is served');
		$draft->patch($path, @$_) for map { [ $_->[0], substr $content, $_->[0], $_->[1] - $_->[0] ] }
		  @{ $s->status($track)->{source}{wanted} };
		is($s->status($track)->{state}, 'completed', 'following what is wanted completes it');
	};

	subtest 'what is no audio is never told to be one' => sub {
		my ($draft, $path, $track) = begin($s, 'x.wav', 3_000_000);
		$draft->patch($path, 0, 'This is not audio. ' x 60_000);
		is(manifest($s, $track)->{state}, 'waiting_headers', 'from its head');
		is($s->get("/cgi-bin/stream.fcgi/$track", Range => 'bytes=0-9')->{status}, 503, 'nor served');
	};
}

for my $s (Drift::stacks()) {
	subtest $s->name => sub { $s->tidily(sub { describe($s) }) };
}
done_testing;
