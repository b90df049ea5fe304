#!/usr/bin/perl
# seekidx.fcgi: the sidecar, and where to begin for a moment; both decode to what is there
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Drift;
use Test::More;

my $dir = Drift::folder();
# a sweep: every moment sounds like no other
my $wav = Drift::ffmpeg('-f', 'lavfi', '-i', 'aevalsrc=0.4*sin(2*PI*(200+150*t)*t)|0.4*sin(2*PI*(300+100*t)*t):s=44100:c=stereo',
	'-t', '20.3', "$dir/a.wav");

sub path { my ($id, $rest) = @_; return "/cgi-bin/seekidx.fcgi/$id" . ($rest // '') }

sub parse {
	my ($bytes) = @_;
	my %x;
	@x{qw(magic codec flags timescale pre_skip samples bytes setup_bytes count)} = unpack 'a8 a4 V3 Q<2 V2', $bytes;
	$x{setup} = substr $bytes, 48, $x{setup_bytes};
	my @numbers = unpack 'Q<*', substr $bytes, 48 + 8 * int(($x{setup_bytes} + 7) / 8);
	$x{entries} = [ map { [ @numbers[ 2 * $_, 2 * $_ + 1 ] ] } 0 .. @numbers / 2 - 1 ];
	return \%x;
}

sub check_sidecar {
	my ($s, $id) = @_;
	my $answer = $s->get(path($id, '?format=opus'));
	is $answer->{status}, 200, 'the sidecar';
	is $answer->{headers}{'content-type'}, 'application/vnd.drift.seekidx', 'has its type';
	is $answer->{content}, Drift::slurp(sprintf '%s/%.2s/%s/v1/opus-320.seekidx', $s->store, $id, $id),
	  'and the stored bytes';
	is $s->get(path($id))->{content}, $answer->{content}, 'and needs no format';
	my $etag = $answer->{headers}{etag};
	is $s->get(path($id), 'If-None-Match' => $etag)->{status}, 304, 'nor to be sent twice';
	my $static = Drift::json($s->get("/cgi-bin/stream.fcgi/$id/manifest.json"))->{renditions}{opus}{sidecar};
	my $same = $s->get($static);
	is $same->{headers}{etag}, $etag, 'it has the same tag under its capability';
	is $same->{headers}{'content-type'}, 'application/vnd.drift.seekidx', 'and type';
	is $same->{content}, $answer->{content}, 'and bytes';
	my $head = $s->get(path($id), Range => 'bytes=0-47');
	is length $head->{content}, 48, 'a range of it';
	my $x = parse($answer->{content});
	is $x->{magic}, 'DRFTIDX1', 'it is one';
	is $x->{count}, 41, 'with an entry every half a second';
	is $x->{bytes}, length opus($s, $id), 'and the bytes of what it is of';
	return $x;
}

sub opus { my ($s, $id) = @_; return $s->get("/cgi-bin/stream.fcgi/$id?format=opus")->{content} }

sub moment { my ($s, $id, $t) = @_; return Drift::json($s->get(path($id, "?t=$t&format=opus"))) }

sub check_moments {
	my ($s, $id, $x) = @_;
	my $last = $x->{samples} - 1;
	my %want = (0 => 0, '0.25' => 12000, '0.5' => 24000, '7.123' => 341904, '19.99' => 959520, '.75' => 36000,
		'20.3' => $last, '21' => $last, '99999999999999999999999' => $last);
	for my $t (sort keys %want) {
		my $point = moment($s, $id, $t);
		my $entry = $x->{entries}[ $want{$t} / 24000 ];
		is $point->{target}, $want{$t}, "t=$t is the sample $want{$t}";
		is $point->{sample} + $point->{trim}, $want{$t}, 'behind the first one by what is trimmed';
		is $point->{granule}, $entry->[0], 'where its page begins';
		is $point->{offset}, $entry->[1], 'at the byte that the sidecar says';
		is $point->{setup}, $x->{setup_bytes}, 'with the setup in front';
		is $point->{preroll}, 0, 'and nothing to decode before';
		is $point->{timescale}, 48000, 'in 48 kHz samples';
	}
}

# Decodes an Ogg Opus stream to 16-bit stereo at 48 kHz.
sub decode {
	my ($bytes) = @_;
	open my $out, '>:raw', "$dir/slice.opus" or die $!;
	print {$out} $bytes;
	close $out or die $!;
	system('opusdec', '--quiet', '--no-dither', '--rate', 48000, "$dir/slice.opus", "$dir/slice.raw") == 0 or die 'opusdec';
	return Drift::slurp("$dir/slice.raw") =~ s/\ARIFF.*?data....//sr;
}

# A Range from the offset, the setup in front, the trim: the sample at t comes first.
sub check_seeks {
	my ($s, $id, $x) = @_;
	my $whole = decode(opus($s, $id));
	for my $t (0.7, 3.33, 11.9999, 18.2) {
		my $point = moment($s, $id, $t);
		my $answer = $s->get("/cgi-bin/stream.fcgi/$id?format=opus", Range => "bytes=$point->{offset}-");
		is $answer->{status}, 206, "t=$t by one Range";
		my $slice = decode($x->{setup} . $answer->{content});
		my @got = unpack 's<*', substr $slice, 4 * $point->{trim}, 4 * 4800;
		my @want = unpack 's<*', substr $whole, 4 * $point->{target}, 4 * 4800;
		my ($residue) = sort { $b <=> $a } map { abs($got[$_] - $want[$_]) } 0 .. $#want;
		is scalar @got, 9600, 'gives sound';
		cmp_ok $residue, '<=', 1, "the same as from the start: off by $residue of 32768";
	}
}

sub check_bad_requests {
	my ($s, $id) = @_;
	for my $t ('', '-1', '-0', 'nan', 'NaN', 'inf', '1e3', '0x1', '1,5', '+1', '1%20', 'x', "1'--", '1.2.3') {
		my $answer = $s->get(path($id, "?format=opus&t=$t"));
		is $answer->{status}, 400, "t=$t";
		is $answer->{headers}{'content-type'}, 'application/problem+json', '… as a problem';
		like Drift::json($answer)->{detail}, qr/\bt\b|query/, '… that names it';
	}
	is $s->get(path($id, "?t=$_"))->{status}, 400, "t=$_" for '1%00', '%', '%zz';
	like Drift::json($s->get(path($id, '?format=flac')))->{detail}, qr/format flac/, 'unknown format';
	is $s->get(path($_))->{status}, 404, "nothing at $_"
	  for 'x', '', "$id/x", '00000000-0000-4000-8000-000000000000', "$id%27";
	is $s->request(POST => path($id), { content => 'x' })->{status}, 405, 'no POST';
	is $s->request(HEAD => path($id, '?t=1'))->{status}, 200, 'but HEAD';
}

sub check_missing {
	my ($s, $id) = @_;
	$s->psql("select drift.track_update('$id', '{\"private\": true}')");
	is $s->get(path($id))->{status}, 401, 'a private track needs a key';
	is $s->get(path($id, '?t=1'))->{status}, 401, 'for moments too';
	is $s->admin(GET => path($id, '?t=1'))->{status}, 200, 'and any will do';
	$s->psql("select drift.track_update('$id', '{\"private\": false}')");
	$s->psql("delete from drift.artifact where track = '$id' and kind = 'seekidx'");
	$s->psql("update drift.job set state = 'failed', error = 'No.' where track = '$id' and kind = 'opus'");
	my $answer = $s->get(path($id, '?format=opus'));
	is $answer->{status}, 404, 'no sidecar of what cannot be made';
	like Drift::json($answer)->{detail}, qr/not made yet/, '… in a sentence';
}

for my $s (Drift::stacks()) {
	subtest $s->name => sub {
		my $id = $s->upload($wav);
		is $s->wait_jobs($id)->{jobs}[0]{state}, 'done', 'a track';
		sleep 1; # Apache calls what is younger weak
		my $x;
		subtest 'the sidecar' => sub { $x = check_sidecar($s, $id) };
		subtest 'moments' => sub { check_moments($s, $id, $x) };
		subtest 'seeks' => sub { check_seeks($s, $id, $x) };
		subtest 'bad requests' => sub { check_bad_requests($s, $id) };
		subtest 'missing' => sub { check_missing($s, $id) };
	};
}
done_testing;
