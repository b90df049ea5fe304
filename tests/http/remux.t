#!/usr/bin/perl
# The fragmented MP4 of a track over HTTP: manifest, playlists, sidecar and moments, and
# that what lies at their ranges is the sound that was uploaded.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Drift;
use Test::More;

my $dir = Drift::folder();
my $seconds = 23.4;
# a sweep: every moment sounds like no other
my $wav = Drift::ffmpeg('-f', 'lavfi', '-i',
	'aevalsrc=0.4*sin(2*PI*(200+150*t)*t)|0.4*sin(2*PI*(300+100*t)*t):s=44100:c=stereo',
	'-t', $seconds, "$dir/a.wav");
my $segment = qr{^\#EXTINF:([\d.]+),\n\#EXT-X-BYTERANGE:(\d+)\@(\d+)\nremux\.mp4\n}m;

sub stream { my ($id, $rest) = @_; return "/cgi-bin/stream.fcgi/$id" . ($rest // '') }
sub manifest { my ($s, $id) = @_; return Drift::json($s->get(stream($id, '/manifest.json'))) }
sub write_file { my ($path, $bytes) = @_; open my $out, '>:raw', $path or die; print $out $bytes; close $out; return $path }

# Decodes a file to 16-bit PCM of both channels.
sub pcm {
	my ($path) = @_;
	open my $in, '-|', 'ffmpeg', '-v', 'error', '-i', $path, '-f', 's16le', '-' or die $!;
	binmode $in;
	local $/;
	return scalar <$in>;
}

sub check_manifest {
	my ($s, $id, $codec, $prefer) = @_;
	my $m = manifest($s, $id)->{renditions}{lossless};
	is $m->{fmp4}{codec}, $codec, 'the manifest names the codec';
	is $m->{fmp4}{mime}, "audio/mp4; codecs=\"$codec\"", 'and the type for MediaSource';
	is_deeply $m->{fmp4}{types}, [ map { "audio/mp4; codecs=\"$_\"" } $codec, $codec =~ /fLaC|Opus/ ? lc $codec : () ],
	  'as it is registered, then as older browsers know it';
	is $m->{fmp4_state}, 'ready', 'it says that it is there';
	is_deeply $m->{prefer}, $prefer, 'and which to try first';
	my $answer = $s->request(HEAD => $m->{fmp4}{url});
	is $answer->{status}, 200, 'the file is there';
	is $answer->{headers}{'content-length'}, $m->{fmp4}{bytes}, 'as long as it says';
	like $answer->{headers}{'content-type'}, qr{^(?:video|audio)/mp4}, 'with its type';
	return $m;
}

sub check_playlists {
	my ($s, $id, $m) = @_;
	for my $name ('playlist', 'master') {
		my $answer = $s->get(stream($id, "/$name.m3u8"));
		is $answer->{status}, 302, "$name.m3u8 leads elsewhere";
		is $answer->{headers}{location}, $s->url . $m->{$name}, 'under the capability';
		is $answer->{headers}{'cache-control'}, 'no-cache', 'until there is a new version';
	}
	my $master = $s->get($m->{master});
	is $master->{headers}{'content-type'}, 'application/vnd.apple.mpegurl', 'the master has its type';
	my ($line) = $master->{content} =~ /^(?!#)(.*)$/m;
	is $line, 'remux.m3u8', 'it names the playlist beside it';
	like $master->{content}, qr/CODECS="\Q$m->{fmp4}{codec}\E"/, 'and the codec';
	my $list = $s->get($m->{playlist})->{content};
	my ($init) = $list =~ /^#EXT-X-MAP:URI="remux\.mp4",BYTERANGE="(\d+)\@0"$/m;
	my ($sum, $next, $bytes) = (0, undef, '');
	my $fetch = sub { $s->get($m->{fmp4}{url}, Range => "bytes=$_[0]-" . ($_[0] + $_[1] - 1))->{content} };
	$bytes = $fetch->(0, $init);
	like $bytes, qr/^.{4}ftyp.*moov/s, 'the init segment is where it says';
	while ($list =~ /$segment/g) {
		$sum += $1;
		fail "a hole at $3" if defined $next && $3 != $next;
		$next = $2 + $3;
		my $fragment = $fetch->($3, $2);
		fail "no fragment at $3" if $fragment !~ /^.{4}moof/s;
		$bytes .= $fragment;
	}
	is $next, $m->{fmp4}{bytes}, 'the ranges go to the end of the file';
	cmp_ok abs($sum - $seconds), '<', 1e-6, 'and the times to the end of the sound';
	return write_file("$dir/fetched.mp4", $bytes);
}

sub parse {
	my ($bytes) = @_;
	my %x;
	@x{qw(magic codec flags timescale delay samples bytes setup count)} = unpack 'a8 a4 V3 Q<2 V2', $bytes;
	my @numbers = unpack 'Q<*', substr $bytes, 48 + 8 * int(($x{setup} + 7) / 8);
	$x{entries} = [ map { [ @numbers[ 2 * $_, 2 * $_ + 1 ] ] } 0 .. @numbers / 2 - 1 ];
	return \%x;
}

sub check_sidecar {
	my ($s, $id, $m) = @_;
	my $answer = $s->get("/cgi-bin/seekidx.fcgi/$id?format=lossless");
	is $answer->{status}, 200, 'the sidecar';
	is $answer->{content}, $s->get($m->{sidecar})->{content}, 'is the same under its capability';
	my $x = parse($answer->{content});
	is $x->{magic}, 'DRFTIDX1', 'it is one';
	is $x->{bytes}, $m->{fmp4}{bytes}, 'of that file';
	is $x->{samples}, $m->{fmp4}{samples}, 'and that sound';
	return $x;
}

# From a moment's offset on, with the setup in front, the sound is the source's.
sub check_moments {
	my ($s, $id, $m) = @_;
	my $all = $s->get($m->{fmp4}{url})->{content};
	my $whole = pcm($wav);
	for my $t (0, 0.3, 4.321, 9, 15.5, 23.3) {
		my $p = Drift::json($s->get("/cgi-bin/seekidx.fcgi/$id?format=lossless&t=$t"));
		is $p->{preroll}, 0, "t=$t needs no pre-roll";
		my $file = write_file("$dir/slice.mp4", substr($all, 0, $p->{setup}) . substr $all, $p->{offset});
		my $sound = substr pcm($file), 4 * $p->{trim};
		ok $sound eq substr($whole, 4 * $p->{target}), 'and begins with that sample';
	}
}

for my $s (Drift::stacks()) {
	subtest $s->name => sub {
		my $id = $s->upload($wav);
		$s->wait_jobs($id);
		my $m = check_manifest($s, $id, 'fLaC', [ 'fmp4', 'file' ]);
		my $file = check_playlists($s, $id, $m);
		ok pcm($file) eq pcm($wav), 'what the ranges hold is the sound, bit for bit';
		check_sidecar($s, $id, $m);
		check_moments($s, $id, $m);
		is $s->get(stream($id, '/other.m3u8'))->{status}, 404, 'there is no other playlist';
	};
	subtest 'moving pictures on ' . $s->name => sub {
		my @how = ('-f', 'lavfi', '-i', "testsrc2=s=160x96:r=25:d=5", '-i', $wav, '-t', 5, '-pix_fmt', 'yuv420p');
		Drift::ffmpeg(@how, qw(-c:v libx264 -c:a ac3), "$dir/a.mkv");
		Drift::ffmpeg(@how, qw(-c:v mpeg4 -vtag XVID -c:a libmp3lame), "$dir/a.avi");
		my ($copied, $encoded) = map { $s->upload("$dir/$_") } 'a.mkv', 'a.avi';
		is $s->psql("select string_agg(track || video, ' ' order by created) from drift.source"
			  . " where track in ('$copied', '$encoded')"), "${copied}h264 ${encoded}mpeg4",
		  'the catalogue knows them';
		is $s->psql("select string_agg(kind, ' ') from drift.job where track = '$encoded' and priority < 0"),
		  'remux', 'those that browsers refuse wait for all else';
		for my $id ($copied, $encoded) {
			$s->wait_jobs($id, 120);
			my $m = manifest($s, $id)->{renditions}{lossless};
			like $m->{fmp4}{mime}, qr{^video/mp4; codecs="avc1\.64\w{4},mp4a\.40\.2"$}, 'its MP4 is H.264 and AAC';
			like $s->get($m->{master})->{content}, qr/RESOLUTION=160x96/, 'its master playlist has the size';
			my $file = write_file("$dir/film.mp4", $s->get($m->{fmp4}{url})->{content});
			is qx(ffprobe -v error -select_streams v -count_packets -show_entries stream=nb_read_packets -of csv=p=0 '$file') =~ s/\D//gr,
			  125, 'no picture is missing';
		}
	};
	subtest 'lossy sources on ' . $s->name => sub {
		Drift::ffmpeg('-i', $wav, '-c:a', 'libmp3lame', '-q:a', 4, "$dir/a.mp3");
		Drift::ffmpeg('-i', $wav, '-c:a', 'libvorbis', "$dir/a.ogg");
		my ($mp3, $ogg) = map { $s->upload("$dir/$_") } 'a.mp3', 'a.ogg';
		$s->wait_jobs($_) for $mp3, $ogg;
		my $m = check_manifest($s, $mp3, 'mp4a.6b', [ 'file', 'fmp4' ]);
		my $x = check_sidecar($s, $mp3, $m);
		is $x->{delay}, 1105, 'the delay that LAME wrote is in it';
		my $p = Drift::json($s->get("/cgi-bin/seekidx.fcgi/$mp3?format=lossless&t=9.1"));
		cmp_ok $p->{preroll}, '>', 0, 'MP3 needs what is before';
		my $vorbis = manifest($s, $ogg)->{renditions}{lossless};
		is $vorbis->{fmp4}, undef, 'Vorbis is not repackaged';
		is $vorbis->{fmp4_state}, 'none', 'which the manifest says';
		is $s->get(stream($ogg, '/playlist.m3u8'))->{status}, 404, 'and has no playlist';
		is $s->get("/cgi-bin/seekidx.fcgi/$ogg?format=lossless")->{status}, 404, 'nor a sidecar';
	};
}
done_testing;
