#!/usr/bin/perl
# The Opus rendition of every kind of source: its length to the sample, its
# sound in its place, its sidecar by the closed formula, and what other people's
# programs say of it.
use strict;
use warnings;
use File::Glob ':bsd_glob';
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(sha256_hex);
use POSIX qw(ceil fmod);
use Test::More;
use Workshop;

use constant PI => 4 * atan2(1, 1);

my $w = Workshop->new;
my $tmp = $w->dir . '/tmp';

# name, rate, channels, ffmpeg's encoding; lossy ones may start or end with a little of nothing
my @cases = (
	[ '8000-mono.wav',     8000,   1, [qw(-c:a pcm_s16le)] ],
	[ '16000-stereo.wav',  16000,  2, [qw(-c:a pcm_s24le)] ],
	[ '22050-mono.aiff',   22050,  1, [qw(-c:a pcm_s16be)] ],
	[ '32000-stereo.flac', 32000,  2, [qw(-c:a flac)] ],
	[ '44100-stereo.wav',  44100,  2, [qw(-c:a pcm_s16le)] ],
	[ '44100-float.wav',   44100,  2, [qw(-c:a pcm_f32le)] ],
	[ '44100-5.1.flac',    44100,  6, [qw(-c:a flac -sample_fmt s16)] ],
	[ '48000-mono.wav',    48000,  1, [qw(-c:a pcm_s24le)] ],
	[ '48000-5.1.wav',     48000,  6, [qw(-c:a pcm_s16le)] ],
	[ '48000-rf64.wav',    48000,  2, [qw(-c:a pcm_s16le -rf64 always)] ],
	[ '48000.w64',         48000,  2, [qw(-c:a pcm_f32le)] ],
	[ '88200-stereo.flac', 88200,  2, [qw(-c:a flac -sample_fmt s32)] ],
	[ '96000-stereo.aiff', 96000,  2, [qw(-c:a pcm_s24be)] ],
	[ '192000-stereo.wav', 192000, 2, [qw(-c:a pcm_s24le)] ],
	[ '44100-alac.m4a',    44100,  2, [qw(-c:a alac)] ],
	[ '96000-alac.m4a',    96000,  2, [qw(-c:a alac -sample_fmt s32p)] ],
	[ '44100-cbr.mp3',     44100,  2, [qw(-c:a libmp3lame -b:a 192k)] ],
	[ '48000-vbr.mp3',     48000,  1, [qw(-c:a libmp3lame -q:a 2)] ],
	[ '44100-aac.m4a',     44100,  2, [qw(-c:a aac -b:a 192k)] ],
	[ '44100-adts.aac',    44100,  2, [qw(-c:a aac -b:a 192k -f adts)], 'priming stays' ],
	[ '44100-vorbis.ogg',  44100,  2, [qw(-c:a libvorbis -q:a 6)] ],
	[ '48000.opus',        48000,  2, [qw(-c:a libopus -b:a 192k)] ],
);

sub decode {
	my ($path) = @_;
	system('opusdec', '--quiet', '--rate', '48000', '--float', '--force-wav', $path, "$tmp/decoded.wav");
	my $wav = Workshop::read_file("$tmp/decoded.wav");
	my $at = index($wav, 'data') + 8;
	return [ unpack 'f<*', substr $wav, $at ];
}

# How far the tone of the first channel is shifted (48 kHz samples), and what is left
# of the sound without the tone (dB), in the middle of the decoded PCM.
sub tone_fit {
	my ($pcm, $channels) = @_;
	my $count = 24000;
	my $first = 48000;
	my ($sin, $cos, $all) = (0, 0, 0);
	for my $n (0 .. $count - 1) {
		my $x = $pcm->[ ($first + $n) * $channels ];
		my $phase = 2 * PI * 440 * ($first + $n) / 48000;
		$sin += $x * sin $phase;
		$cos += $x * cos $phase;
		$all += $x * $x;
	}
	my $tone = ($sin * $sin + $cos * $cos) * 2 / $count;
	my $rest = $all - $tone;
	return (atan2($cos, $sin) / (2 * PI * 440 / 48000),
		10 * log(($rest > 1e-12 ? $rest : 1e-12) / $all) / log 10);
}

# An independent reading of the table in doc/seekidx.md.
sub sidecar {
	my ($bytes) = @_;
	my %h;
	@h{qw(magic codec flags timescale pre_skip samples total setup_bytes entries)} =
	  unpack 'a8 a4 V V V Q< Q< V V', $bytes;
	$h{setup} = substr $bytes, 48, $h{setup_bytes};
	my $at = 48 + 8 * ceil($h{setup_bytes} / 8);
	my @flat = unpack 'Q<*', substr $bytes, $at;
	$h{list} = [ map { [ @flat[ 2 * $_, 2 * $_ + 1 ] ] } 0 .. $h{entries} - 1 ];
	$h{whole} = length($bytes) == $at + 16 * $h{entries};
	return \%h;
}

sub check_sidecar {
	my ($file, $idx, $n48, $channels) = @_;
	my $packet = $channels == 1 ? 400 : 800;
	my $lacing = $channels == 1 ? 2 : 4;
	my $page = 27 + 25 * ($lacing + $packet);
	my $packets = ceil(($n48 + 312) / 960);
	my $rest = $packets % 25;
	my $setup = $idx->{setup_bytes};
	my $size = $setup + $page * int($packets / 25) + ($rest ? 27 + ($lacing + $packet) * $rest : 0);
	is "$idx->{magic}$idx->{codec}", 'DRFTIDX1Opus', 'the sidecar names itself and the codec';
	ok $idx->{whole}, 'the sidecar ends after its last entry';
	is_deeply [ @$idx{qw(flags timescale pre_skip samples total)} ],
	  [ 2, 48000, 312, $n48, $size ], 'its head is what the closed formula says';
	is length $file, $size, 'so is the size of the file';
	is_deeply $idx->{list}, [ map { [ 24000 * $_, $setup + $page * $_ ] } 0 .. ceil($packets / 25) - 1 ],
	  'so are its entries';
	is scalar(grep { substr($file, $_->[1], 4) ne 'OggS' } @{ $idx->{list} }), 0,
	  'each entry points at a page';
	is $idx->{setup}, substr($file, 0, $setup), 'its setup bytes are the first ones of the file';
}

# audiowaveform's DataFormat.md, version 2
sub check_waveform {
	my ($bytes, $rate, $samples) = @_;
	my ($version, $flags, $file_rate, $scale, $length, $channels) = unpack 'l<L<l<l<L<l<', $bytes;
	my @peaks = unpack 'c*', substr $bytes, 24;
	is_deeply [ $version, $flags, $file_rate, $channels ], [ 2, 1, $rate, 1 ],
	  'a waveform is version 2, 8 bit, one channel';
	is $length, ceil($samples / $scale), 'it has a pair for every stretch';
	is scalar(@peaks), 2 * $length, 'and no more';
	my ($max) = sort { $b <=> $a } @peaks;
	cmp_ok $max, '>', 10, 'the tone shows in it';
}

# A tone of 440 Hz at 0.3, from the first sample to the last.
sub check_measures {
	my ($id, $file, $loose) = @_;
	my ($sha256, $start, $end, $band, $blocks, $album) = split /\|/, $w->psql(<<~SQL);
		select sha256, silence_start, silence_end, array_position(spectrum, (select max(x) from unnest(spectrum) x)),
			(select sum(n) from unnest(blocks) n), drift.album_loudness(track) is null
		from drift.source where track = '$id'
		SQL
	is $sha256, sha256_hex(Workshop::read_file($file)), 'the hash of the source is kept';
	cmp_ok $start, '<', 2200, 'it is heard at once';
	cmp_ok $end, '<', 2200, 'and to the end' unless $loose;
	ok $band == 14 || $band == 16, '440 or 660 Hz are the most of its spectrum';
	ok $blocks >= 45 && $blocks <= 52, 'its loudness has a block every tenth of a second';
	is $album, 't', 'it has no album';
}

sub complaint {
	my (@command) = @_;
	my $out = qx(@command 2>&1);
	return $? ? "exit $?: $out" : $out =~ /warn|error|invalid|fail/i ? $out : '';
}

my %track;
for my $case (@cases) {
	my ($name, $rate, $channels, $how) = @$case;
	my $samples = int(5.3 * $rate) + 7;
	Workshop::ffmpeg(Workshop::tone($rate, $channels, $samples), '-metadata', "title=Tone of $name",
		@$how, "$tmp/$name");
	$track{$name} = eval { $w->upload("$tmp/$name") };
	is $@, '', "$name is taken";
}
my ($code, $said) = $w->transcoder('--once');
is $code, 0, 'the transcoder ends well' or diag $said;

for my $case (@cases) {
	my ($name, $rate, $channels, $how, $loose) = @$case;
	my $id = $track{$name} or next;
	my $folder = $w->folder($id);
	my $samples = int(5.3 * $rate) + 7;
	my $kept = $channels == 1 ? 1 : 2;

	subtest $name => sub {
		my $remuxed = $name =~ m{vorbis} ? '' : ' remux:done';
		is $w->jobs($id), "opus:done$remuxed waveform:done", 'all jobs are done'
		  or return diag $w->psql("select error from drift.job where track = '$id'");
		my $catalogued = $w->psql("select samples from drift.track_get('$id')");
		if ($loose) {
			cmp_ok abs($catalogued - $samples), '<=', 2048, 'its length is known as well as it can be';
		} else {
			is $catalogued, $samples, 'its length is known to the sample';
		}
		my $n48 = ceil($catalogued * 48000 / $rate);
		my $pcm = decode("$folder/opus-320.opus");
		is scalar(@$pcm), $n48 * $kept, 'the decoded length is the source\'s';
		my ($shift, $rest) = tone_fit($pcm, $kept);
		cmp_ok abs($shift), '<', 0.5, 'the sound is in its place' unless $loose;
		cmp_ok $rest, '<', -30, 'the sound is the source\'s';
		my $file = Workshop::read_file("$folder/opus-320.opus");
		check_sidecar($file, sidecar(Workshop::read_file("$folder/opus-320.seekidx")), $n48, $kept);
		check_waveform(Workshop::read_file("$folder/$_"), $rate, $catalogued)
		  for qw(waveform.dat waveform-zoom.dat);
		check_measures($id, "$tmp/$name", $loose);
		is complaint('opusinfo', "$folder/opus-320.opus"), '', 'opusinfo has no complaint';
		is complaint('oggz-validate', "$folder/opus-320.opus"), '', 'nor has oggz-validate';
		is complaint(qw(ffprobe -v warning), "$folder/opus-320.opus"), '', 'nor has ffprobe';
		like $file, qr/TITLE=Tone of \Q$name\E/, 'the title is carried over'
		  if $name !~ /w64|adts/;
		like $file, qr/R128_TRACK_GAIN=[+-]\d{5}/, 'the gain is written';
		is join(',', grep { /\.part-/ } map { s{.*/}{}r } glob "$folder/{.*,*}"), '',
		  'no unfinished file is left';
		is scalar(grep { (stat)[2] & 0222 } $w->named($id)), 0, 'everything is read-only';
	};
}

done_testing;
