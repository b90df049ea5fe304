#!/usr/bin/perl
# Opus while the source arrives, and while the transcoder is at what nobody knows beforehand
# (opus_vbr = yes)
use strict;
use warnings;
use lib 'tests/http/lib';
use Arrival qw(give is_sent makers folder_of);
use Drift;
use OwnStack;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);
use Tus;

my $folder = Drift::folder();
my $noise = Drift::ffmpeg('-f', 'lavfi', '-i', 'anoisesrc=r=44100:a=0.4:d=24:seed=4', '-ac', 2, '-c:a', 'pcm_s16le',
	'-bitexact', "$folder/noise.wav");
my $wav = Drift::slurp($noise);
my $size = length $wav;    # 4.2 MB
my $song = Drift::ffmpeg('-f', 'lavfi', '-i', 'aevalsrc=0.4*sin(2*PI*(300+200*sin(t/3))*t)|0.3*sin(440*t*t/9):s=22050:d=260',
	'-c:a', 'flac', "$folder/song.flac");

sub rendition { my ($t) = @_; return Drift::json($t->{s}->get("$t->{stream}/manifest.json"))->{renditions}{opus} }

sub growing { my ($t) = @_; return rendition($t)->{growing} }

sub stored {
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
	return if $answer->{status} == 404 && $t->{restarts};
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

sub describe_vbr {
	my ($s) = @_;
	my $t = stored($s);
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

# --- while the source arrives ---------------------------------------------------------------

sub begin { my ($s, $content) = @_; return { %{ Arrival::begin($s, $content) }, got => '', more => 1 } }

sub is_heard {
	my ($t) = @_;
	return Tus::wait_for(sub {
		my $answer = $t->{s}->get("$t->{stream}?format=opus", Range => 'bytes=0-99');
		return $answer->{status} == 206 && $answer->{headers}{'drift-format'} eq 'opus' && ($t->{card} = growing($t));
	});
}

# Plays until so many bytes are there, or the end is.
sub play_to {
	my ($t, $bytes) = @_;
	return Tus::wait_for(sub { play_on($t); length $t->{got} > $bytes || !$t->{more} });
}

# The audio pages, which no other setup pages move.
sub pages { my ($bytes) = @_; return substr $bytes, index($bytes, 'OggS', index($bytes, 'OpusTags')) }

sub is_of_batch {
	my ($t, $name) = @_;
	$t->{s}->wait_jobs($t->{track});
	my $whole = Drift::slurp(folder_of($t) . '/opus-320.opus');
	my ($got, $made) = map { pages($_) } $t->{got}, $whole;
	is(length $got, length $made, "$name: all pages") and ok($got eq $made, "$name: those that the transcoder makes");
}

sub describe_arrival {
	my ($s) = @_;
	my $answer;

	subtest 'a listener in low data hears what arrives' => sub {
		my $t = begin($s, $wav);
		is(rendition($t)->{state}, 'missing', 'nothing is there');
		give($t, 600_000);
		is(rendition($t)->{state}, 'growing', 'it can be had');
		like(rendition($t)->{seekidx}, qr{/seekidx.fcgi/$t->{track}\?format=opus$}, 'and its sidecar');
		ok(is_heard($t), 'sound comes from the first half megabyte') or return;
		is_served($t);
		my $follower = follow($t);
		my @many = map { { %$t, got => '' } } 1 .. 10;
		my $steps = 0;
		until (is_sent($t)) {
			give($t, 900_000);
			my $before = length $t->{got};
			play_to($t, $before);
			$steps++ if length $t->{got} > $before;
			play_on($_) for @many;
		}
		cmp_ok($steps, '>=', 3, 'it grows with the upload');
		cmp_ok(scalar(my @pids = makers($t, 'growing.opus')), '<=', 1, 'by one process at most');
		ok(Tus::wait_for(sub { play_on($t); !$t->{more} }), 'and ends');
		is_of_batch($t, 'it');
		play_on($_) for @many;
		is(scalar(grep { $_->{got} eq $t->{got} } @many), 10, 'all heard the same');
		waitpid $follower->{pid}, 0;
		ok(Drift::slurp($follower->{out}) eq $t->{got}, 'who asked once has all of it');
		is(rendition($t)->{growing}, undef, 'it grows no more');
	};

	subtest 'it goes on when its process is killed' => sub {
		my $t = begin($s, $wav);
		give($t, 2_000_000);
		ok(is_heard($t), 'it is heard') or return;
		ok(play_to($t, 300_000), 'as far as it is there');
		kill 'KILL', makers($t, 'growing.opus');
		ok(Tus::wait_for(sub { !makers($t, 'growing.opus') }), 'it is killed');
		sleep 3.1;    # then it counts as dead
		$t->{restarts} = 1;    # what was left is taken away before there is more
		give($t, 1_000_000);
		ok(is_heard($t), 'it is made again for who asks');
		ok(play_to($t, length $t->{got}), 'and the player goes on');
		give($t, $size);
		ok(Tus::wait_for(sub { play_on($t); !$t->{more} }), 'to the end');
		is_of_batch($t, 'it');
		like(headers_of($s->request('HEAD', "$t->{stream}?format=opus")), qr/^200 opus ready /, 'which is there now');
	};

	subtest 'nothing stays of what turns out to be something else' => sub {
		my $t = begin($s, $wav);
		give($t, 2_000_000);
		ok(is_heard($t), 'it is heard') or return;
		ok(play_to($t, 300_000), 'as far as it is there');
		my $other = Drift::slurp(Drift::ffmpeg('-i', $noise, '-af', 'volume=0.5', '-c:a', 'pcm_s16le', '-bitexact', "$folder/other.wav"));
		@$t{qw(content sent)} = ($other, 0);
		give($t, $size);
		$s->wait_jobs($t->{track});
		ok(Tus::wait_for(sub { $s->get($t->{card}{url})->{status} == 404 }), 'what was heard is gone');
		isnt(substr(pages(Drift::slurp(folder_of($t) . '/opus-320.opus')), 27, 20000), substr(pages($t->{got}), 27, 20000),
			'and another is made');
	};

	subtest 'of an upload that is given up nothing is left' => sub {
		my $t = begin($s, $wav);
		give($t, 600_000);
		ok(is_heard($t), 'it is heard') or return;
		is($t->{draft}->request('DELETE', $t->{path}, {})->{status}, 204, 'it is given up');
		ok(Tus::wait_for(sub { !makers($t, 'growing.opus') && !-d folder_of($t) =~ s{/v1$}{}r }), 'and gone');
	};

	subtest 'what is as small as Opus is heard as it is' => sub {
		my $mp3 = Drift::slurp(Drift::ffmpeg('-i', $noise, '-c:a', 'libmp3lame', '-b:a', '192k', "$folder/noise.mp3"));
		my $t = begin($s, $mp3);
		give($t, 300_000);
		is(rendition($t)->{state}, 'missing', 'no Opus is offered');
		$answer = $s->get("$t->{stream}?format=opus", Range => 'bytes=0-9');
		is(headers_of($answer), '206 lossless growing no-store -', 'the upload is what one gets');
	};
}

for my $s (Drift::stacks()) {
	subtest $s->name => sub { $s->tidily(sub { describe_arrival($s) }) };
}
for my $server (qw(lighttpd apache)) {
	subtest "$server, opus_vbr" => sub {
		my $s = OwnStack->new($server);
		$s->set(opus_vbr => 'yes');
		$s->set(threads => 1);
		describe_vbr($s);
	};
}
done_testing;
