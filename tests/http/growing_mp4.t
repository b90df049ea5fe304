#!/usr/bin/perl
# the fragmented MP4 of a track while its upload, or the transcoder, is at it
use strict;
use warnings;
use lib 'tests/http/lib';
use Arrival qw(begin give is_sent makers folder_of);
use Digest::MD5 qw(md5_hex);
use Drift;
use Test::More;
use Time::HiRes qw(sleep);

my $folder = Drift::folder();
my $noise = Drift::ffmpeg('-f', 'lavfi', '-i', 'anoisesrc=r=44100:a=0.4:d=24:seed=4', '-ac', 2, '-c:a', 'pcm_s16le',
	'-bitexact', "$folder/noise.wav");
my $flac = Drift::ffmpeg('-i', $noise, '-c:a', 'flac', "$folder/noise.flac");
my $wav = Drift::slurp($noise);
my $size = length $wav;    # 4.2 MB
my $piece = 400_000;
my $files = 0;

# --- players -------------------------------------------------------------------------

# Fragments of a playlist, [first byte, bytes], and the URL that they are of.
sub fragments_of {
	my ($text) = @_;
	my ($url) = $text =~ /^#EXT-X-MAP:URI="([^"]+)"/m;
	return ($url, map { [ /(\d+)\@(\d+)/ ? ($2, $1) : () ] } $text =~ /^#EXT-X-BYTERANGE:(.*)$/mg);
}

sub playlist {
	my ($t) = @_;
	my $answer = $t->{s}->get("$t->{stream}/playlist.m3u8");
	return $answer if $answer->{status} != 302;
	my $where = $answer->{headers}{location};
	$answer = $t->{s}->get($where);
	$answer->{folder} = $where =~ s{^https?://[^/]+|[^/]+$}{}gr;
	return $answer;
}

# The playlist once it is there: on a busy machine a maker may be taken for dead for a while.
sub playlist_there {
	my ($t) = @_;
	my $list;
	Tus::wait_for(sub { $list = playlist($t); $list->{status} == 200 }) or die "$t->{stream}: no playlist\n";
	return $list->{content};
}

# What the manifest says of the MP4 that grows, once it does.
sub growing_of {
	my ($t) = @_;
	return Tus::wait_for(sub { Drift::json($t->{s}->get("$t->{stream}/manifest.json"))->{renditions}{lossless}{growing} })
	  || die "$t->{stream}: nothing grows\n";
}

# One that reads what the playlist names, as hls.js does, and keeps all that it got.
sub player { my ($t) = @_; return { t => $t, got => '', fragments => 0, ended => 0 } }

sub range {
	my ($s, $url, $first, $bytes) = @_;
	my $answer = $s->get($url, Range => sprintf 'bytes=%d-%d', $first, $first + $bytes - 1);
	die "$url at $first: $answer->{status}\n" if $answer->{status} != 206;
	die "$url at $first: it is short\n" if length $answer->{content} != $bytes;
	return $answer->{content};
}

sub play_on {
	my ($p) = @_;
	my $s = $p->{t}{s};
	my $list = playlist($p->{t});
	return if $list->{status} != 200;
	my ($url, @fragments) = fragments_of($list->{content});
	$url = ($list->{folder} // '') . $url;
	if (!length $p->{got}) {
		my ($init) = $list->{content} =~ /BYTERANGE="(\d+)\@0"/;
		$p->{got} = range($s, $url, 0, $init);
	}
	$p->{got} .= range($s, $url, @$_) for @fragments[ $p->{fragments} .. $#fragments ];
	$p->{fragments} = @fragments;
	$p->{type} = $list->{content} =~ /PLAYLIST-TYPE:(\w+)/ ? $1 : '';
	$p->{ended} = $list->{content} =~ /^#EXT-X-ENDLIST$/m ? 1 : 0;
}

# Plays until so many fragments are there, or the end is.
sub play_to {
	my ($p, $fragments) = @_;
	Tus::wait_for(sub { play_on($p); $p->{fragments} >= $fragments || $p->{ended} });
	return $p->{fragments};
}

# Has a player that follows the playlist written all that is listed, but for a second in its buffers?
sub keeps_up {
	my ($t, $player) = @_;
	my $seconds = 0;
	$seconds += $_ for playlist($t)->{content} =~ /^#EXTINF:([\d.]+)/mg;
	return (-s $player->{out} // 0) >= ($seconds - 1) * 44_100 * 4;
}

sub samples_of {
	my ($path) = @_;
	open my $in, '-|', 'ffmpeg', '-v', 'error', '-i', $path, '-f', 's16le', '-c:a', 'pcm_s16le', '-' or die $!;
	binmode $in;
	local $/;
	return scalar <$in> // '';
}

sub samples_of_bytes {
	my ($bytes) = @_;
	my $path = "$folder/got." . $files++;
	open my $out, '>:raw', $path or die $!;
	print $out $bytes;
	close $out or die $!;
	return samples_of($path);
}

my $sound = substr $wav, 44;
die 'the WAV has another header' if samples_of($noise) ne $sound;

sub is_sound {
	my ($pcm, $name) = @_;
	is(length $pcm, length $sound, "$name: all samples") and is(md5_hex($pcm), md5_hex($sound), "$name: the right ones");
}

sub starts_like_sound {
	my ($pcm, $name) = @_;
	ok(length $pcm > 0 && $pcm eq substr($sound, 0, length $pcm), $name);
}

# A program that reads by itself; its output.
sub start {
	my ($name, @command) = @_;
	my $out = "$folder/$name." . $files++;
	my $pid = fork // die $!;
	if (!$pid) {
		open STDOUT, '>', $out;
		open STDERR, '>', '/dev/null';
		exec @command or POSIX::_exit(127);
	}
	return { pid => $pid, out => $out };
}

# --- what it does ------------------------------------------------------------------------

sub describe {
	my ($s) = @_;
	my $answer;

	for my $kind ([ WAV => $wav ], [ FLAC => Drift::slurp($flac) ]) {
		my ($name, $content) = @$kind;

		subtest "$name: a player hears what arrives" => sub {
			my $t = begin($s, $content);
			is(playlist($t)->{status}, 503, 'nothing is there');
			give($t, 500_000);
			my $p = player($t);
			cmp_ok(play_to($p, 2), '>=', 2, 'sound comes from the first half megabyte');
			is("$p->{type} $p->{ended}", 'EVENT 0', 'by a playlist that grows');
			starts_like_sound(samples_of_bytes($p->{got}), 'which is right');
			my ($before, $steps) = ($p->{fragments}, 0);
			until (is_sent($t)) {
				give($t, $piece);
				$steps++ if play_to($p, $before + 1) > $before;
				$before = $p->{fragments};
			}
			cmp_ok($steps, '>=', 4, 'it grows with the upload');
			is(scalar(my @pids = makers($t, 'growing.mp4')) <= 1, 1, 'by one process at most');
			ok(Tus::wait_for(sub { play_on($p); $p->{ended} }), 'and ends');
			is_sound(samples_of_bytes($p->{got}), 'over all of it');
			ok(Tus::wait_for(sub { playlist($t)->{content} =~ /PLAYLIST-TYPE:VOD/ }), 'the final playlist takes over');
			my $status = $s->wait_jobs($t->{track});
			my ($job) = grep { $_->{kind} eq 'remux' } @{ $status->{jobs} };
			is($job->{state}, 'done', 'no other is made');
			my @stat = map { [ stat folder_of($t) . "/$_" ] } qw(growing.mp4 remux.mp4);
			is($stat[0][1], $stat[1][1], 'it is the file that was heard');
			is_sound(samples_of(folder_of($t) . '/remux.mp4'), 'the file');
			my $remux = Drift::json($s->get("$t->{stream}/manifest.json"))->{renditions}{lossless};
			is("$remux->{fmp4}{codec} $remux->{fmp4}{samples}", 'fLaC ' . length($sound) / 4, 'the manifest has it');
			is($remux->{growing}, undef, 'and nothing that grows');
			is($s->get($remux->{fmp4}{url} =~ s/remux.mp4/growing.m3u8/r)->{content} =~ /ENDLIST/ ? 1 : 0, 1,
				'who reads the old names can read on');
		};
	}

	subtest 'what grows may be kept by nobody' => sub {
		my $t = begin($s, $wav);
		give($t, 600_000);
		play_to(player($t), 2);
		my $growing = growing_of($t);
		is("$growing->{state} $growing->{codec} $growing->{mime}", 'growing fLaC audio/mp4; codecs="fLaC"', 'the manifest has it');
		for my $url (map { $growing->{$_} } qw(url sidecar playlist)) {
			$answer = $s->get($url, Range => 'bytes=0-47');
			is("$answer->{status} $answer->{headers}{'cache-control'}", '206 no-store', "$url: a part");
			is($answer->{headers}{etag}, undef, 'without a tag');
		}
		for my $url ("$t->{stream}/playlist.m3u8", "$t->{stream}/master.m3u8", "/cgi-bin/seekidx.fcgi/$t->{track}?format=lossless") {
			$answer = $s->get($url);
			is("$answer->{status} $answer->{headers}{'cache-control'} $answer->{headers}{'drift-state'}",
				'200 no-store growing', $url);
			is($answer->{headers}{etag}, undef, 'without a tag');
		}
		my ($flags, $entries) = unpack 'x12 V x28 V', $answer->{content};
		is($flags, 3, 'the sidecar says that more will come');
		my ($last) = unpack 'x8 Q<', substr $answer->{content}, -16;
		$answer = $s->get($growing->{stream}, Range => 'bytes=100-1099');
		my $h = $answer->{headers};
		is("$answer->{status} $h->{'content-range'} $h->{'content-length'} $h->{'drift-state'} $h->{'cache-control'}",
			'206 bytes 100-1099/* 1000 growing no-store', 'a part from the program');
		is($h->{etag} // $h->{'last-modified'}, undef, 'without a tag');
		ok($answer->{content} eq range($s, $growing->{url}, 100, 1000), 'which has the same bytes');
		is(range($s, $growing->{url}, 0, $last) =~ /^....ftyp/s, 1, 'all that the sidecar names is there');
		is($s->get($growing->{stream}, Range => 'bytes=90000000-')->{status}, 503, 'what is not made yet');
		$answer = $s->request('HEAD', $growing->{stream});
		is("$answer->{status} " . ($answer->{headers}{'content-length'} // 'none'), '200 none', 'HEAD tells no length');
		is($t->{draft}->request('DELETE', $t->{path}, {})->{status}, 204, 'the upload is given up');
		ok(Tus::wait_for(sub { !makers($t, 'growing.mp4') && !-d folder_of($t) =~ s{/v1$}{}r }), 'and nothing of it is left');
	};

	subtest 'ffmpeg and who follows one URL hear all of it' => sub {
		my $t = begin($s, $wav);
		give($t, 600_000);
		play_to(player($t), 2);
		my $hls = start(hls => qw(ffmpeg -v error -nostdin -live_start_index 0 -i), $s->url . "$t->{stream}/playlist.m3u8",
			qw(-f s16le -c:a pcm_s16le -));
		my $curl = start(curl => qw(curl -sN), $s->url . "$t->{stream}/remux.mp4");
		my @many = map { player($t) } 1 .. 10;
		for my $p (@many) { play_to($p, 1) }
		is(scalar(my @pids = makers($t, 'growing.mp4')), 1, 'one process serves them all');
		until (is_sent($t)) {
			Tus::wait_for(sub { keeps_up($t, $hls) }) or die "ffmpeg does not follow\n";
			give($t, $piece);
		}
		waitpid $_->{pid}, 0 for $hls, $curl;
		is_sound(Drift::slurp($hls->{out}), 'by HLS');
		is_sound(samples_of($curl->{out}), 'by one request');
		for my $p (@many) { play_to($p, 1e9) }
		is(scalar(grep { $_->{got} eq $many[0]{got} } @many), 10, 'all heard the same');
	};

	subtest 'goes on when its process is killed, and when the upload rests' => sub {
		my $t = begin($s, $wav);
		give($t, 1_000_000);
		my $p = player($t);
		play_to($p, 3);
		my @pids = makers($t, 'growing.mp4');
		kill 'KILL', @pids;
		ok(Tus::wait_for(sub { !grep { -d "/proc/$_" && Drift::slurp("/proc/$_/stat") !~ /\) Z/ } @pids }), 'it is killed');
		sleep 3.1;    # then it counts as dead
		my $before = $p->{fragments};
		$t->{s}->get("$t->{stream}/playlist.m3u8");
		ok(Tus::wait_for(sub { Drift::json($s->get("$t->{stream}/manifest.json"))->{state} eq 'stalled' }),
			'nothing comes: a stall is told');
		give($t, $piece);
		cmp_ok(play_to($p, $before + 1), '>', $before, 'it is made again, and goes on');
		my $socket = $t->{draft}->begin($t->{path}, $t->{sent}, $size - $t->{sent}, substr $wav, $t->{sent}, $piece);
		ok(Tus::wait_for(sub { $s->status($t->{track})->{source}{received} > $t->{sent} }), 'more comes');
		close $socket;    # and breaks off
		$t->{sent} = $s->status($t->{track})->{source}{received};
		give($t, $size);
		ok(Tus::wait_for(sub { play_on($p); $p->{ended} }), 'ends');
		is_sound(samples_of_bytes($p->{got}), 'over all');
	};

	subtest 'nothing stays of what turns out to be something else' => sub {
		my $t = begin($s, $wav);
		give($t, 2_000_000);
		my $p = player($t);
		play_to($p, 4);
		my $other = Drift::slurp(Drift::ffmpeg('-i', $noise, '-af', 'volume=0.5', '-c:a', 'pcm_s16le', '-bitexact',
			"$folder/other.wav"));
		my ($old) = playlist_there($t) =~ /MAP:URI="([^"]+)"/;
		@$t{qw(content sent)} = ($other, 0);
		give($t, $size - 1_000_000);
		give($t, $size);
		ok(Tus::wait_for(sub { playlist($t)->{content} =~ /VOD/ }), 'another file is made');
		is(md5_hex(samples_of(folder_of($t) . '/remux.mp4')), md5_hex(substr $other, 44), 'of what is stored');
		ok(Tus::wait_for(sub { $s->get($old)->{status} == 404 }), 'and what was heard is gone');
		is(scalar(my @left = glob folder_of($t) . '/growing.*'), 0, 'all of it');
	};

	subtest 'a replaced track is heard as it is' => sub {
		my $t = begin($s, $wav);
		give($t, 1_000_000);
		play_to(player($t), 2);
		my $song = Drift::slurp(Drift::tone_wav("$folder/tone.wav", seconds => 3));
		is($s->admin(PUT => "/cgi-bin/upload.fcgi/track/$t->{track}", content => $song)->{status}, 200, 'it is replaced');
		ok(Tus::wait_for(sub { playlist($t)->{content} =~ /VOD/ }), 'its own MP4 takes over');
		my $p = player($t);
		play_to($p, 1e9);
		ok(samples_of_bytes($p->{got}) eq samples_of("$folder/tone.wav"), 'with its samples');
		give($t, $size);
		unlike(playlist_there($t), qr/growing/, 'the late one changes nothing');
	};

	subtest 'what MP4 does not take is not promised' => sub {
		my $ogg = Drift::slurp(Drift::ffmpeg('-i', $noise, '-c:a', 'libvorbis', '-q:a', 6, "$folder/vorbis.ogg"));
		my $t = begin($s, $ogg);
		give($t, length($ogg) / 2);
		my $lossless = Drift::json($s->get("$t->{stream}/manifest.json"))->{renditions}{lossless};
		is_deeply([ @$lossless{qw(fmp4_state playlist seekidx)} ], [ 'none', undef, undef ], 'the manifest knows it');
		ok(Tus::wait_for(sub { playlist($t)->{status} == 404 }), 'and who asks is told');
		is($s->get("$t->{stream}?format=lossless", Range => 'bytes=0-9')->{status}, 206, 'it is heard as it is');
	};

	subtest 'an MP4 that the transcoder takes its time for is heard meanwhile' => sub {
		my $film = Drift::ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=854x480:r=25:d=24', '-i', $noise, '-c:v', 'mpeg4', '-g', 25,
			'-c:a', 'aac', "$folder/film.mkv");
		my $t = { s => $s, track => $s->upload($film) };
		$t->{stream} = "/cgi-bin/stream.fcgi/$t->{track}";
		my $growing;
		Tus::wait_for(sub { $growing = Drift::json($s->get("$t->{stream}/manifest.json"))->{renditions}{lossless}{growing} });
		is($growing->{state}, 'growing', 'the manifest has it');
		like($growing->{mime}, qr{^video/mp4; codecs="avc1\.}, 'with its codecs');
		my $p = player($t);
		cmp_ok(play_to($p, 1), '>=', 1, 'a player begins');
		is($p->{type}, 'EVENT', 'by a playlist that grows');
		ok((grep { Tus::wait_for(sub { play_on($p); $p->{ended} }) } 1 .. 3), 'and comes to its end');
		my $path = "$folder/film.mp4";
		open my $out, '>:raw', $path or die $!;
		print $out $p->{got};
		close $out;
		is(`ffprobe -v error -count_packets -select_streams v -show_entries stream=nb_read_packets -of csv=p=0 $path` + 0, 600,
			'with every picture');
		is($s->get($growing->{playlist})->{content} =~ /ENDLIST/ ? 1 : 0, 1, 'who reads the old names can read on');
	};
}

for my $s (Drift::stacks()) {
	subtest $s->name => sub { $s->tidily(sub { describe($s) }) };
}
done_testing;
