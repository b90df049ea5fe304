#!/usr/bin/perl
# the Opus rendition with a preset: another sound at the same places
use strict;
use warnings;
use lib 'tests/http/lib';
use Drift;
use File::Glob ':bsd_glob';
use OwnStack;
use Test::More;

my $folder = Drift::folder();
my $seconds = 13;
srand 7;

# Loud, with sudden starts, so that compressor and limiter are at work.
my $music = "$folder/loud.flac";
Drift::ffmpeg('-f', 'lavfi', '-i', "aevalsrc=0.95*tanh(3*exp(-6*mod(t\\,0.7))*sin(2*PI*110*t)+sin(2*PI*1300*t))"
	. "|0.95*tanh(4*exp(-9*mod(t\\,0.43))*sin(2*PI*450*t*t)+sin(2*PI*60*t)):s=44100:d=$seconds", '-sample_fmt', 's16', $music);

# What a decoder gives of these depends on where it began.
my %lossy = (mp3 => "$folder/loud.mp3", aac => "$folder/mono.m4a");
Drift::ffmpeg('-i', $music, '-q:a', 3, $lossy{mp3});
Drift::ffmpeg('-i', $music, '-ac', 1, '-b:a', '96k', $lossy{aac});

sub stream {
	my ($id, $query) = @_;
	return "/cgi-bin/stream.fcgi/$id?format=opus" . ($query // '');
}

sub etag { $_[0]{headers}{etag} }

sub part_files {
	my ($s, $id) = @_;
	return glob sprintf '%s/%s/%s/v*/.*part*', $s->store, substr($id, 0, 2), $id;
}

sub check_headers {
	my ($s, $id) = @_;
	my $plain = $s->request(HEAD => stream($id));
	my $warm = $s->request(HEAD => stream($id, '&preset=warm&intensity=0.5'));
	is $warm->{status}, 200, 'a preset is there at once';
	is $warm->{headers}{'content-length'}, $plain->{headers}{'content-length'}, '... as long as without';
	is $warm->{headers}{'accept-ranges'}, 'bytes', '... with ranges';
	is $warm->{headers}{'drift-format'}, 'opus', '... Opus';
	is $warm->{headers}{'drift-preset'}, 'warm', '... by its name';
	is $warm->{headers}{'drift-intensity'}, '0.50', '... and intensity';
	my %tag = map { etag($_) => 1 } $plain, $warm, map { $s->request(HEAD => stream($id, $_)) }
		'&preset=warm&intensity=1', '&preset=bright&intensity=0.5', '&preset=punchy', '&preset=gentle';
	is scalar(keys %tag), 6, 'each sound has a tag of its own';
	my $near = $s->request(HEAD => stream($id, '&preset=warm&intensity=0.5234'));
	is etag($near), etag($warm), 'the intensity is rounded';
	is $s->get(stream($id, '&preset=warm'), 'If-None-Match' => etag($warm))->{status}, 304, '... and 0.5 where nothing is said';
	is $s->request(HEAD => "/cgi-bin/stream.fcgi/$id?preset=warm")->{headers}{'drift-format'}, 'opus', 'a preset means Opus';
	return $plain->{headers}{'content-length'};
}

# Ranges of a place that nobody has asked for, then all of it.
sub check_ranges {
	my ($s, $id, $bytes) = @_;
	my @got;
	for (1 .. 8) {
		my $first = int rand $bytes - 50000;
		my $answer = $s->get(stream($id, '&preset=punchy&intensity=1'), Range => "bytes=$first-" . ($first + 49999));
		is $answer->{status}, 206, "bytes from $first";
		push @got, [ $first, $answer->{content} ];
	}
	my $whole = $s->get(stream($id, '&preset=punchy&intensity=1'))->{content};
	is length $whole, $bytes, 'all of it comes';
	is scalar(grep { substr($whole, $_->[0], 50000) ne $_->[1] } @got), 0, '... with every range in it';
	my ($part) = grep { m{/\.opus-320-punchy-100\.opus\.part-\d{6}$} } part_files($s, $id);
	ok $part, '... and is kept beside the artifacts';
	utime 1, 1, $part or die $!;
	$s->get(stream($id, '&preset=punchy&intensity=1'), Range => 'bytes=0-9999');
	cmp_ok time - (stat $part)[9], '<', 60, '... for as long as anybody asks for it';
	return $whole;
}

sub check_chunks {
	my ($s, $id, $whole) = @_;
	my $query = '&preset=punchy&intensity=1';
	my $list = Drift::json($s->get("/cgi-bin/stream.fcgi/$id/chunks.json?format=opus$query"));
	is $list->{count}, 3, 'a list of chunks';
	my $sidecar = $s->get("/cgi-bin/seekidx.fcgi/$id?format=opus$query");
	is $sidecar->{status}, 200, 'and a sidecar';
	ok $sidecar->{content} eq $s->get("/cgi-bin/seekidx.fcgi/$id")->{content}, '... that is the same for all sounds';
	my $setup = unpack 'L<', substr $sidecar->{content}, 40, 4;
	my $at = $setup;
	for my $n (0 .. 2) {
		my $chunk = $s->get("/cgi-bin/stream.fcgi/$id/chunk/$n?container=ogg$query");
		is $chunk->{headers}{'drift-preset'}, 'punchy', "chunk $n with the preset";
		my $pages = length($chunk->{content}) - $setup;
		ok $chunk->{content} eq substr($whole, 0, $setup) . substr($whole, $at, $pages), '... is a piece of the whole';
		$at += $pages;
	}
	is $at, length $whole, 'chunks make the whole';
	my $mp4 = $s->get("/cgi-bin/stream.fcgi/$id/chunk/1?$query")->{content};
	ok index($mp4, substr($whole, $setup + 10 * 20127 + 127, 20000)) > 0, 'fragments have its packets';
	is $s->get("/cgi-bin/stream.fcgi/$id/init.mp4?format=opus$query")->{content},
		$s->get("/cgi-bin/stream.fcgi/$id/init.mp4")->{content}, 'behind one init segment';
}

sub check_nothing {
	my ($s, $id) = @_;
	my $plain = $s->get(stream($id));
	for my $query (qw(&preset=warm&intensity=0 &preset=none &preset=none&intensity=1 &intensity=0.7 &preset=adaptive&intensity=0.0)) {
		my $answer = $s->get(stream($id, $query));
		ok $answer->{content} eq $plain->{content}, "$query is as without";
		is etag($answer), etag($plain), '... by its tag too';
	}
}

sub check_refusals {
	my ($s, $id) = @_;
	for my $path ("stream.fcgi/$id", "stream.fcgi/$id/chunk/0", "stream.fcgi/$id/init.mp4",
		"stream.fcgi/$id/chunks.json", "seekidx.fcgi/$id") {
		my $answer = $s->get("/cgi-bin/$path?format=opus&preset=loud");
		is $answer->{status}, 400, "$path knows no preset loud";
		like $answer->{content}, qr/preset loud/, '... and names it';
		for my $intensity (qw(1.01 -0.1 x 0x1 1e-1 nan), '', '%00') {
			$answer = $s->get("/cgi-bin/$path?format=opus&preset=warm&intensity=$intensity");
			is $answer->{status}, 400, "$path has no intensity '$intensity'";
		}
	}
	my $answer = $s->get("/cgi-bin/stream.fcgi/$id?format=lossless&preset=warm");
	is $answer->{status}, 400, 'what is lossless sounds as it is';
	like $answer->{content}, qr/preset warm/, '... which is said';
}

sub check_cookies {
	my ($s, $id) = @_;
	my $cookies = 'streamQuality=opus; preset=bright; intensity=0.25';
	my $answer = $s->get("/cgi-bin/stream.fcgi/$id", Cookie => $cookies, Range => 'bytes=0-99');
	is $answer->{headers}{'drift-preset'}, 'bright', 'cookies choose a preset';
	is $answer->{headers}{'drift-intensity'}, '0.25', '... and its intensity';
	is $answer->{headers}{vary}, 'Cookie', '... which caches are told';
	$answer = $s->request(HEAD => stream($id), { headers => { Cookie => $cookies } });
	isnt $answer->{headers}{'drift-preset'} // 'none', 'bright', 'not where the query says what is wanted';
	$answer = $s->request(HEAD => "/cgi-bin/stream.fcgi/$id", { headers => { Cookie => 'preset=bright' } });
	is $answer->{headers}{'drift-format'}, 'lossless', 'nor for what is lossless';
	for my $bad ('preset=loud', 'preset=bright; intensity=7') {
		$answer = $s->request(HEAD => "/cgi-bin/stream.fcgi/$id", { headers => { Cookie => "streamQuality=opus; $bad" } });
		is $answer->{status}, 200, "$bad is no harm";
		is $answer->{headers}{'drift-preset'} // 'none', 'none', '... and no preset';
	}
}

sub sweep {
	my ($s) = @_;
	local $ENV{DRIFT_CONF} = $s->conf;
	system(OwnStack::as_user(), $s->var . '/state/usr/bin/drift-transcoder', '--sweep') == 0 or die 'the sweep failed';
}

# Goes with the sweep, a day after it was last asked for.
sub check_sweep {
	my ($s, $id) = @_;
	my ($part) = grep { /punchy-100/ } part_files($s, $id);
	sweep($s);
	ok -e $part, 'the sweep leaves what was asked for today';
	utime time, time - 86500, $part or die $!;
	sweep($s);
	ok !-e $part, '... and takes what was not';
}

# dBTP and samples of a file as ffmpeg decodes it.
sub measure {
	my ($bytes) = @_;
	open my $out, '>:raw', "$folder/measured.opus" or die $!;
	print $out $bytes;
	close $out or die $!;
	my $text = qx(ffmpeg -hide_banner -nostats -i $folder/measured.opus -af ebur128=peak=true -f null - 2>&1);
	my ($peak) = $text =~ /Peak:\s+(-?[\d.]+) dBFS/ or die $text;
	my $samples = qx(opusdec --quiet --force-wav $folder/measured.opus - 2>/dev/null | wc -c);
	return ($peak, $samples);
}

sub check_sound {
	my ($s, $id) = @_;
	my ($plain_peak, $plain_samples) = measure($s->get(stream($id))->{content});
	cmp_ok $plain_peak, '>', -0.5, 'what is loud';
	for my $preset (qw(adaptive gentle warm bright punchy)) {
		my $answer = $s->get(stream($id, "&preset=$preset&intensity=1"));
		is $answer->{headers}{'drift-preset'}, $preset, "$preset";
		my ($peak, $samples) = measure($answer->{content});
		cmp_ok $peak, '<=', -1, '... stays below -1 dBTP, with what the codec adds';
		is $samples, $plain_samples, '... as long as before';
	}
}

sub check_adaptive {
	my ($s, $id) = @_;
	my $plain = $s->request(HEAD => stream($id));
	my $early = $s->get(stream($id, '&preset=adaptive&intensity=1'), Range => 'bytes=0-999');
	is $early->{headers}{'drift-preset'}, 'none', 'adaptive is as without while nothing is measured';
	is etag($early), etag($plain), '... by its tag too';
	$s->transcode;
	my $late = $s->get(stream($id, '&preset=adaptive&intensity=1'), Range => 'bytes=0-999');
	is $late->{headers}{'drift-preset'}, 'adaptive', '... and comes when it is';
	isnt etag($late), etag($plain), '... with a tag of its own';
	is $s->get(stream($id))->{headers}{'drift-state'}, 'ready', 'beside the file that is ready';
}

for my $server (qw(lighttpd apache)) {
	subtest $server => sub {
		my $s = OwnStack->new($server);
		my $id = $s->upload($music);
		my $bytes = check_headers($s, $id);
		my $whole = check_ranges($s, $id, $bytes);
		check_chunks($s, $id, $whole);
		for my $codec (sort keys %lossy) {
			my $lossy = $s->upload($lossy{$codec});
			check_ranges($s, $lossy, $s->request(HEAD => stream($lossy))->{headers}{'content-length'});
		}
		check_nothing($s, $id);
		check_refusals($s, $id);
		check_cookies($s, $id);
		check_adaptive($s, $id);
		check_sound($s, $id);
		check_sweep($s, $id);
		ok $s->get(stream($id, '&preset=punchy&intensity=1'))->{content} eq $whole, 'a preset has the same bytes when they are made once more, beside the whole file';
	};
}

done_testing;
