#!/usr/bin/perl
# Opus of which no byte is known beforehand (opus_vbr = yes), while the transcoder is at it
use strict;
use warnings;
use lib 'tests/http/lib';
use Drift;
use OwnStack;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);
use Tus;

my $folder = Drift::folder();
my $song = Drift::ffmpeg('-f', 'lavfi', '-i', 'aevalsrc=0.4*sin(2*PI*(300+200*sin(t/3))*t)|0.3*sin(440*t*t/9):s=44100:d=260',
	'-c:a', 'flac', "$folder/song.flac");

sub rendition { my ($t) = @_; return Drift::json($t->{s}->get("$t->{stream}/manifest.json"))->{renditions}{opus} }

sub growing { my ($t) = @_; return rendition($t)->{growing} }

sub folder_of { my ($t) = @_; return sprintf '%s/%.2s/%s/v1', $t->{s}->store, $t->{track}, $t->{track} }

sub begin {
	my ($s) = @_;
	my $track = $s->upload($song);
	return { s => $s, track => $track, stream => "/cgi-bin/stream.fcgi/$track", got => '', more => 1 };
}

# Flags, places of pages, and the setup of a sidecar.
sub read_sidecar {
	my ($text) = @_;
	my ($flags, $setup, $entries) = unpack 'x12 V x24 V V', $text;
	my @entries = unpack 'Q<*', substr $text, -16 * $entries;
	return ($flags, [ @entries[ map { 2 * $_ + 1 } 0 .. $entries - 1 ] ], substr $text, 48, $setup);
}

# A player: all that the sidecar says is there, by the URLs that it was given once.
sub play_on {
	my ($t) = @_;
	my $answer = $t->{s}->get($t->{card}{sidecar});
	die "$t->{card}{sidecar}: $answer->{status}" if $answer->{status} != 200;
	my ($flags, $places, $setup) = read_sidecar($answer->{content});
	my $end = $flags & 1 ? $places->[-1] : unpack 'x32 Q<', $answer->{content};
	my $at = length $t->{got};
	$t->{more} = $flags & 1;
	$t->{setup} = $setup;
	return if $at >= $end;
	$answer = $t->{s}->get($t->{card}{url}, Range => sprintf 'bytes=%d-%d', $at, $end - 1);
	die "$t->{card}{url} at $at: $answer->{status}" if $answer->{status} != 206 || length $answer->{content} != $end - $at;
	$t->{got} .= $answer->{content};
}

# One who asks for all of it, once.
sub follow {
	my ($t) = @_;
	my $out = "$folder/follow.$$.$t->{track}";
	my $pid = fork // die $!;
	return { pid => $pid, out => $out } if $pid;
	exec qw(curl -sN -o), $out, $t->{s}->url . "$t->{stream}?format=opus" or POSIX::_exit(127);
}

sub headers_of {
	my ($answer) = @_;
	return join ' ', $answer->{status}, map { $answer->{headers}{$_} // '-' } qw(drift-format drift-state cache-control etag);
}

# What it is to all who ask while it grows.
sub is_served {
	my ($t) = @_;
	my $s = $t->{s};
	my $card = $t->{card};
	is("$card->{state} $card->{codec} $card->{mime} $card->{delay}", 'growing opus audio/ogg; codecs=opus 312', 'the manifest has it');
	my $answer = $s->get("$t->{stream}?format=opus", Range => 'bytes=100-1099');
	is(headers_of($answer), '206 opus growing no-store -', 'a part from the program');
	is("$answer->{headers}{'content-range'} $answer->{headers}{'content-length'}", 'bytes 100-1099/* 1000', 'of nobody knows how much');
	play_on($t);
	ok(substr($t->{got}, 100, 1000) eq $answer->{content}, 'which has the bytes of the static file');
	ok($t->{setup} eq substr($t->{got}, 0, length $t->{setup}), 'that begins with the setup of the sidecar');
	for my $url (@$card{qw(url sidecar)}) {
		$answer = $s->get($url, Range => 'bytes=0-47');
		is("$answer->{status} $answer->{headers}{'cache-control'} " . ($answer->{headers}{etag} // '-'), '206 no-store -',
			"$url: nobody may keep it");
	}
	$answer = $s->get("/cgi-bin/seekidx.fcgi/$t->{track}?format=opus");
	is("$answer->{status} $answer->{headers}{'drift-state'}", '200 growing', 'its sidecar from the program');
	is((read_sidecar($answer->{content}))[0], 3, 'says that more will come, each page exact');
	is($s->get("$t->{stream}?format=opus", Range => 'bytes=90000000-')->{status}, 503, 'what is not made yet');
	$answer = $s->request('HEAD', "$t->{stream}?format=opus");
	is(headers_of($answer), '200 opus growing no-store -', 'HEAD');
	is($answer->{headers}{'content-length'}, undef, 'tells no length');
}

# What it is to them while nobody is at it.
sub is_left {
	my ($t) = @_;
	my $s = $t->{s};
	my $middle = length($t->{got}) - 1000;
	my $answer = $s->get("$t->{stream}?format=opus", Range => sprintf 'bytes=%d-%d', $middle, $middle + 999);
	is(headers_of($answer), '206 opus growing no-store -', 'who is in the middle of it');
	ok($answer->{content} eq substr($t->{got}, -1000), 'gets what is there');
	$answer = $s->get("$t->{stream}?format=opus", Range => 'bytes=90000000-');
	is("$answer->{status} $answer->{headers}{'retry-after'}", '503 1', 'and is told to come back for the rest');
	like(headers_of($s->request('HEAD', "$t->{stream}?format=opus")), qr/^200 lossless ready /, 'who begins hears the other one');
}

sub describe {
	my ($s) = @_;
	my $t = begin($s);
	like(headers_of($s->request('HEAD', "$t->{stream}?format=opus")), qr/^200 lossless ready /, 'lossless plays before');
	my $first = $s->start_transcoder;
	ok(Tus::wait_for(sub { $t->{card} = growing($t) }), 'then it can be heard while it is made') or return;
	is(rendition($t)->{state}, 'growing', 'which is its state');
	my $follower = follow($t);
	is_served($t);
	ok(Tus::wait_for(sub { my $before = length $t->{got}; play_on($t); length $t->{got} > $before }), 'it grows');

	kill 'KILL', $first;
	waitpid $first, 0;
	ok($t->{more}, 'the transcoder is killed in the middle');
	play_on($t);
	ok(Tus::wait_for(sub { $s->request('HEAD', "$t->{stream}?format=opus")->{headers}{'drift-state'} eq 'ready' }), 'which is noticed');
	is_left($t);

	my $second = $s->start_transcoder;
	ok((grep { Tus::wait_for(sub { play_on($t); !$t->{more} }) } 1 .. 3), 'the next one comes to the end');
	waitpid $second, 0;
	waitpid $follower->{pid}, 0;
	my $whole = Drift::slurp(folder_of($t) . '/opus-320.opus');
	ok($t->{got} eq $whole, 'the player has all of it, under the names that it began with');
	ok(Drift::slurp($follower->{out}) eq $whole, 'so has who asked once');
	is((stat folder_of($t) . '/growing.opus')[1], (stat folder_of($t) . '/opus-320.opus')[1], 'it is one file');
	my $answer = $s->request('HEAD', "$t->{stream}?format=opus");
	like(headers_of($answer), qr/^200 opus ready no-cache "[0-9a-f-]+"$/, 'which took over');
	is($answer->{headers}{'content-length'}, length $whole, 'with its length');
	my $opus = rendition($t);
	is($opus->{state} . ($opus->{growing} // ''), 'ready', 'and grows no more');
	ok($s->get($opus->{sidecar})->{content} eq $s->get($t->{card}{sidecar})->{content}, 'both sidecars say the same');
}

for my $server (qw(lighttpd apache)) {
	subtest $server => sub {
		my $s = OwnStack->new($server);
		$s->set(opus_vbr => 'yes');
		$s->set(threads => 1);
		describe($s);
	};
}
done_testing;
