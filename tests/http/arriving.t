#!/usr/bin/perl
# a track that is heard while its upload is under way
use strict;
use warnings;
use lib 'tests/http/lib';
use Draft;
use Drift;
use JSON::PP qw(decode_json);
use Test::More;
use Time::HiRes qw(sleep);

my $folder = Drift::folder();
my $file = Drift::tone_wav("$folder/tone.wav", seconds => 60);
my $wav = Drift::slurp($file);
my $size = length $wav; # 10.6 MB
my $followers = 0;

# Begins a track: what the test has to know of it.
sub begin {
	my ($s, $length, $name) = @_;
	my $draft = Draft->new($s);
	my $path = $draft->create($length, name => $name // 'Growing.wav');
	my $track = $draft->head($path)->{headers}{'drift-track'};
	return { s => $s, draft => $draft, path => $path, track => $track,
		stream => "/cgi-bin/stream.fcgi/$track" };
}

sub give {
	my ($t, $from, $to, $content) = @_;
	my $answer = $t->{draft}->patch($t->{path}, $from, substr $content // $wav, $from, $to - $from);
	die "PATCH at $from: $answer->{status} $answer->{content}" if $answer->{status} != 204;
}

sub listen_to { my ($t, $range) = @_; $t->{s}->get("$t->{stream}?format=lossless", Range => "bytes=$range") }
sub manifest { my ($t) = @_; decode_json($t->{s}->get("$t->{stream}/manifest.json")->{content}) }

# A reader of all of it, in a process of its own, which writes what it gets into a file.
sub follow {
	my ($t) = @_;
	my $out = "$folder/$t->{track}." . $followers++;
	my $pid = fork // die $!;
	if (!$pid) {
		open STDOUT, '>', '/dev/null';
		exec 'curl', '-sN', '-D', "$out.head", '-o', $out, $t->{s}->url . "$t->{stream}?format=lossless"
		  or POSIX::_exit(127);
	}
	return { pid => $pid, out => $out };
}

sub wait_size {
	my ($follower, $bytes) = @_;
	Tus::wait_for(sub { (-s $follower->{out} // 0) >= $bytes });
	return -s $follower->{out} // 0;
}

# What was received of a file so far is whole bytes of it, up to the writing tool's block.
sub has_begun {
	my ($follower, $bytes, $name) = @_;
	my $got = wait_size($follower, $bytes - 4096);
	cmp_ok($got, '>=', $bytes - 4096, $name);
	ok(Drift::slurp($follower->{out}) eq substr($wav, 0, -s $follower->{out}), 'byte for byte');
}

# Programs that were split off to serve one listener.
sub listeners_of {
	my ($t) = @_;
	return $t->{draft}->writers($t->{path});
}

sub describe {
	my ($s) = @_;
	my ($answer, $manifest);

	subtest 'says what it is as soon as its head is there' => sub {
		my $t = begin($s, $size, 'My growing song.wav');
		$answer = listen_to($t, '0-99');
		is($answer->{status}, 503, 'nothing is there');
		is($answer->{headers}{'drift-arrival'}, 'waiting_headers', 'which has a name');
		cmp_ok($answer->{headers}{'retry-after'}, '<=', 1, 'ask again soon');
		is(manifest($t)->{state}, 'waiting_headers', 'the manifest says so too');
		is(manifest($t)->{renditions}{lossless}{state}, 'missing', 'there is nothing to hear');
		give($t, 0, 1_000_000);
		$manifest = manifest($t);
		is($manifest->{state}, 'streaming', 'then it can be heard');
		is($manifest->{title}, 'My growing song', 'it has a title');
		is("$manifest->{sample_rate} $manifest->{samples}", '44100 2646000', 'and a length');
		is("@{$manifest->{renditions}{lossless}}{qw(state codec mime bytes)}",
			"growing pcm audio/wav $size", 'the rendition grows');
		is($manifest->{renditions}{opus}{state}, 'growing', 'and so can the other one');
		is_deeply($manifest->{source}{ranges}, [ [ 0, 1_000_000 ] ], 'what is there');
		is($s->get("/cgi-bin/catalogue.fcgi/tracks?q=growing")->{content} =~ /$t->{track}/, '', 'no list shows it');
		is($s->get("$t->{stream}/manifest.json")->{headers}{'cache-control'}, 'no-store', 'not to be kept');
	};

	subtest 'gives the bytes that are there' => sub {
		my $t = begin($s, $size);
		give($t, 0, 1_000_000);
		give($t, 5_000_000, 6_000_000);
		for (
			[ '0-99', 0, 99 ], [ '999000-', 999_000, 999_999 ], [ '900000-1500000', 900_000, 999_999 ],
			[ '5000000-5000001', 5_000_000, 5_000_001 ], [ '5500000-', 5_500_000, 5_999_999 ],
			[ '100-300000', 100, 300_000 ])
		{
			my ($range, $first, $last) = @$_;
			$answer = listen_to($t, $range);
			my $h = $answer->{headers};
			is("$answer->{status} $h->{'content-range'} $h->{'content-length'}",
				"206 bytes $first-$last/* " . ($last - $first + 1), $range);
			ok($answer->{content} eq substr($wav, $first, $last - $first + 1), 'byte for byte');
			is("$h->{'drift-state'} $h->{'drift-format'} $h->{'cache-control'} $h->{'content-type'}",
				'growing lossless no-store audio/wav', 'headers');
			is($h->{etag} // $h->{'last-modified'}, undef, 'no validator');
		}
		is(listen_to($t, '1000000-1000100')->{status}, 503, 'the first one that is missing');
		is(listen_to($t, "$size-")->{status}, 416, 'one that never will be there');
		$answer = $s->request('HEAD', "$t->{stream}?format=lossless");
		is("$answer->{status} $answer->{headers}{'drift-state'}", '200 growing', 'HEAD');
		is($answer->{headers}{'content-length'}, undef, 'tells no length');
		is($s->get("$t->{stream}?format=mp3")->{status}, 400, 'what is no format');
	};

	subtest 'wants next what is heard next' => sub {
		my $t = begin($s, $size);
		give($t, 0, 1_000_000);
		listen_to($t, '4000000-4000999');
		is_deeply($s->status($t->{track})->{source}{wanted}[0], [ 4_000_000, 4_000_000 + 5_292_039 ],
			'30 s from where somebody listens')
		  or diag explain $s->status($t->{track})->{source}{wanted};
		is($s->status($t->{track})->{state}, 'streaming', 'it has no buffer');
		give($t, 4_000_000, 9_800_000);
		is($s->status($t->{track})->{state}, 'streaming_with_buffer', 'then it has');
		is($s->status($t->{track})->{source}{wanted}[0][0], 1_000_000, 'the head is wanted next');
	};

	subtest 'plays from its first megabyte to its end as it comes' => sub {
		my $t = begin($s, $size);
		give($t, 0, 1_000_000);
		my $f = follow($t);
		has_begun($f, 1_000_000, 'sound comes at once');
		my @pids = listeners_of($t);
		is(@pids, 1, 'by one process');
		give($t, 2_000_000, 3_000_000);
		sleep 0.5;
		cmp_ok(-s $f->{out}, '<=', 1_000_000, 'no gap is sent');
		give($t, 1_000_000, 2_000_000);
		has_begun($f, 3_000_000, 'when it is closed, what is behind it comes');
		ok(Tus::wait_for(sub { $s->status($t->{track})->{state} eq 'stalled' }), 'a stall is told');
		is(manifest($t)->{state}, 'stalled', 'in the manifest too');
		$answer = listen_to($t, '3000000-3000100');
		is("$answer->{status} $answer->{headers}{'drift-arrival'}", '503 stalled', 'and to who asks');
		give($t, 3_000_000, 4_000_000);
		has_begun($f, 4_000_000, 'sound goes on');
		isnt($s->status($t->{track})->{state}, 'stalled', 'the stall is over');
		give($t, 4_000_000, $size);
		waitpid $f->{pid}, 0;
		ok(Drift::slurp($f->{out}) eq $wav, 'all of it, byte for byte');
		my $head = Drift::slurp("$f->{out}.head");
		unlike($head, qr/^(content-length|etag|last-modified):/mi, 'without length or validator');
		like($head, qr/^cache-control: no-store/mi, 'not to be kept');
		$answer = $s->request('HEAD', "$t->{stream}?format=lossless");
		is("$answer->{headers}{'drift-state'} $answer->{headers}{'content-length'}", "ready $size", 'then it is ready');
		is(manifest($t)->{state}, 'completed', 'completed');
		ok(Tus::wait_for(sub { !grep { -d "/proc/$_" } @pids }), 'the process is gone');
	};

	subtest 'goes on for a listener whose program was killed' => sub {
		my $t = begin($s, $size);
		give($t, 0, 2_000_000);
		my $f = follow($t);
		has_begun($f, 2_000_000, 'it is heard');
		kill 'KILL', listeners_of($t);
		waitpid $f->{pid}, 0;
		my $got = -s $f->{out};
		give($t, 2_000_000, 3_000_000);
		$answer = listen_to($t, "$got-");
		is($answer->{status}, 206, 'who comes again by a range');
		ok(Drift::slurp($f->{out}) . $answer->{content} eq substr($wav, 0, 3_000_000), 'misses nothing');
	};

	subtest 'many listeners leave the programs free' => sub {
		my $t = begin($s, $size);
		give($t, 0, 500_000);
		my @followers = map { follow($t) } 1 .. 12;
		wait_size($_, 490_000) for @followers;
		$answer = listen_to($t, '0-99');
		is($answer->{status}, 206, 'another one is answered');
		is(scalar(my @pids = listeners_of($t)), 12, 'each has its process');
		kill 'KILL', map { $_->{pid} } @followers;
		waitpid $_->{pid}, 0 for @followers;
		# a server notices with what it cannot send
		my $at = 500_000;
		ok(Tus::wait_for(sub { give($t, $at, $at + 1000); $at += 1000; !listeners_of($t) }),
			'which goes when the listener has gone');
	};

	subtest 'keeps nothing of what turns out to be something else' => sub {
		my $t = begin($s, $size);
		give($t, 0, 1_000_000);
		my $f = follow($t);
		has_begun($f, 1_000_000, 'it is heard');
		my $other = Drift::slurp(Drift::ffmpeg('-i', $file, '-ac', 1, "$folder/mono.wav"));
		is($t->{draft}->request('DELETE', $t->{path}, {})->{status}, 204, 'the upload is given up');
		ok(Tus::wait_for(sub { !listeners_of($t) }), 'who follows is left');
		kill 'KILL', $f->{pid};
		waitpid $f->{pid}, 0;
		is(listen_to($t, '0-99')->{status}, 404, 'nothing is there');
		ok(!-e sprintf('%s/%s/%s', $s->store, substr($t->{track}, 0, 2), $t->{track}), 'nor in the store');

		$t = begin($s, 2_000_000);
		give($t, 0, 1_000_000);
		is(manifest($t)->{sample_rate}, 44_100, 'another one is heard');
		give($t, 0, 1_000_000, $other . "\0" x 2_000_000);
		$answer = $t->{draft}->patch($t->{path}, 1_000_000, substr $other . "\0" x 2_000_000, 1_000_000, 1_000_000);
		is($answer->{status}, 204, 'and overwritten before its end');
		is($s->psql("select channels from drift.source where track = '$t->{track}'"), 1, 'what is stored counts');
		$answer = listen_to($t, '0-999');
		ok($answer->{content} eq substr($other, 0, 1000), 'and is what is sent');
		like($answer->{headers}{'content-range'}, qr{/2000000$}, 'with its length');
	};

	subtest 'tells when the upload is no audio after all' => sub {
		my $bad = substr($wav, 0, 44) . 'x' x 200_000;
		my $t = begin($s, length $bad);
		$t->{draft}->patch($t->{path}, 0, 'no audio at all ' x 12_000);
		$answer = $t->{draft}->patch($t->{path}, 0, "\0" x length $bad);
		is($answer->{status}, 415, 'it is refused');
		is(listen_to($t, '0-99')->{status}, 410, 'who listens is told');
		is(manifest($t)->{state}, 'failed', 'the manifest says so');
	};

	subtest 'asks a private track\'s listener for a key' => sub {
		my $t = begin($s, $size);
		give($t, 0, 1_000_000);
		$s->admin(PATCH => "/cgi-bin/upload.fcgi/track/$t->{track}",
			headers => { 'Content-Type' => 'application/json' }, content => '{"private": true}');
		is(listen_to($t, '0-99')->{status}, 401, 'bytes');
		is($s->get("$t->{stream}/manifest.json")->{status}, 401, 'manifest');
	};
}

for my $s (Drift::stacks()) {
	subtest $s->name => sub { $s->tidily(sub { describe($s) }) };
}
done_testing;
