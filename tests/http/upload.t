#!/usr/bin/perl
# upload.fcgi: whole files, and what belongs to their tracks
use strict;
use warnings;
use utf8;
use lib 'tests/http/lib';
use Digest::SHA qw(sha256_hex);
use Drift;
use File::Glob ':bsd_glob';
use JSON::PP qw(decode_json);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $UUID = qr/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
my $folder = Drift::folder();
my $wav = Drift::tone_wav("$folder/Low Tide.wav", seconds => 5);
my $other = Drift::tone_wav("$folder/other.wav", seconds => 3, frequency => 1000);

sub source_of {
	my ($s, $track, $version) = @_;
	my $name = $s->psql(
		"select name from drift.source where track = '$track' and version = $version");
	return sprintf '%s/%s/%s/v%d/%s', $s->store, substr($track, 0, 2), $track, $version, $name;
}

# curl -T, as a user types it: status, headers and body.
sub curl {
	my ($s, $file, $path, @options) = @_;
	open my $in, '-|', 'curl', '-sS', '-D', "$folder/head", '-T', $file, '-H', 'X-Api-Key: ' . $s->key,
	  @options, $s->url . $path
	  or die "curl: $!";
	my $body = do { local $/; <$in> } // '';
	close $in;
	# the last one: before it there may be a 100
	my ($status, $head) = Drift::slurp("$folder/head") =~ m{.*HTTP/1\.1 (\d+)[^\n]*\n(.*)}s;
	my %headers = map { /^([^:]+):\s*(.*?)\r?$/ ? (lc $1, $2) : () } split /\n/, $head;
	return { status => $status, headers => \%headers, content => $body };
}

sub put {
	my ($s, $path, $file, %headers) = @_;
	return $s->admin(PUT => $path, headers => \%headers, content => Drift::slurp($file));
}

sub describe {
	my ($s) = @_;
	my $programs = '/cgi-bin/upload.fcgi';
	my ($answer, $track);

	subtest 'takes a file from curl -T' => sub {
		$answer = curl($s, $wav, "$programs/?name=Low%20Tide.wav");
		is($answer->{status}, 201, 'created') or diag $answer->{content};
		is($answer->{headers}{'content-type'}, 'application/json', 'JSON');
		my $json = decode_json($answer->{content});
		$track = $json->{track};
		like($track, $UUID, 'track');
		is($answer->{headers}{'drift-track'}, $track, 'Drift-Track');
		like($answer->{headers}{location}, qr{/cgi-bin/stream\.fcgi/$track$}, 'Location');
		is($json->{version}, 1, 'version');
		is_deeply(
			$json->{source},
			{
				state => 'stored', bytes => -s $wav, received => -s $wav,
				ranges => [ [ 0, -s $wav ] ], wanted => [], error => undef
			},
			'the source is stored');
		is_deeply([ sort map { $_->{kind} } @{ $json->{jobs} } ], [qw(opus remux waveform)], 'jobs are queued');
		is($s->psql("select title from drift.track_get('$track')"), 'Low Tide',
			'the name is the title of last resort');
	};

	subtest 'keeps the file byte for byte, read-only' => sub {
		my $source = source_of($s, $track, 1);
		my @stat = stat $source;
		ok(Drift::slurp($source) eq Drift::slurp($wav), 'in the store');
		is($stat[2] & 07777, 0444, 'read-only');
		is($s->psql("select sha256 from drift.source where track = '$track'"),
			sha256_hex(Drift::slurp($wav)), 'with its SHA-256');
		is($s->psql("select mtime_us from drift.source where track = '$track'"),
			"$stat[9]000000", 'with an mtime of whole seconds');
		$answer = $s->get("/cgi-bin/stream.fcgi/$track?format=lossless");
		is($answer->{status}, 200, 'it plays at once');
		ok($answer->{content} eq Drift::slurp($wav), 'and is the file that was sent');
	};

	subtest 'needs no name, and takes one that curl puts behind a slash' => sub {
		$answer = curl($s, $wav, "$programs/");
		is($answer->{status}, 201, 'curl -T x.wav URL/');
		my $id = $answer->{headers}{'drift-track'};
		is($s->psql("select title from drift.track_get('$id')"), 'Low Tide', 'its name');
		$answer = put($s, $programs, $wav);
		is($answer->{status}, 201, 'no name at all');
		$id = $answer->{headers}{'drift-track'};
		is($s->psql("select title from drift.track_get('$id')"), 'Untitled', 'Untitled');
	};

	subtest 'takes a body whose length is not told' => sub {
		$answer = curl($s, $wav, "$programs/?name=x.wav", '-H', 'Transfer-Encoding: chunked');
		if ($answer->{status} == 411) {
			pass('the server wants a length (lighttpd)');
		} else {
			is($answer->{status}, 201, 'created');
			my $source = source_of($s, $answer->{headers}{'drift-track'}, 1);
			ok(Drift::slurp($source) eq Drift::slurp($wav), 'byte for byte');
		}
	};

	subtest 'keeps no room for the rest of a body that broke off' => sub {
		my $socket = $s->connect;
		print $socket "PUT $programs/?name=cut.wav HTTP/1.1\r\nHost: x\r\nX-Api-Key: ", $s->key,
		  "\r\nContent-Length: ", 64 << 20, "\r\n\r\n", 'x' x 200_000;
		my $held = sub { # bytes on the disk
			my $id = $s->psql("select id from drift.upload where name = 'cut.wav'") or return 0;
			return 512 * ((stat $s->store . "/upload/$id")[12] // 0);
		};
		my $until = time + 20;
		sleep 0.1 while !$held->() && time < $until;
		ok($held->() > 0, 'it has come in part');
		close $socket;
		sleep 0.1 while $held->() > 1 << 20 && time < $until;
		my $bytes = $held->();
		ok($bytes > 0 && $bytes <= 1 << 20, "what came is kept, and no more: $bytes bytes");
	};

	subtest 'reads tags and cover from the file, never from its name' => sub {
		Drift::ffmpeg('-f', 'lavfi', '-i', 'color=red:s=64x64:d=1', '-frames:v', 1, "$folder/cover.png");
		Drift::ffmpeg('-i', $wav, '-i', "$folder/cover.png", '-map', '0:a', '-map', '1:v',
			'-disposition:v', 'attached_pic', '-metadata', 'title=Ebbe & Flut 🎵', '-metadata',
			'artist=Ärger <b>', '-metadata', 'album=3"', "$folder/tagged.flac");
		$answer = curl($s, "$folder/tagged.flac", "$programs/?name=Wrong.wav");
		is($answer->{status}, 201, 'a FLAC that is called .wav');
		my $id = $answer->{headers}{'drift-track'};
		my $card = Drift::json($s->admin(PATCH => "$programs/track/$id",
			headers => { 'Content-Type' => 'application/json' }, content => '{}'));
		is($card->{title}, 'Ebbe & Flut 🎵', 'title');
		is($card->{artist}, 'Ärger <b>', 'artist');
		is($card->{album}, '3"', 'album');
		like(source_of($s, $id, 1), qr/source\.flac$/, 'stored as what it is');
		my $cover = source_of($s, $id, 1) =~ s{[^/]+$}{cover.png}r;
		ok(Drift::slurp($cover) eq Drift::slurp("$folder/cover.png"), 'the cover is beside it');
		is((stat $cover)[2] & 07777, 0444, 'read-only');
	};

	subtest 'replaces the audio' => sub {
		$answer = put($s, "$programs/track/$track?name=x.wav", $other);
		is($answer->{status}, 200, 'done');
		is($answer->{headers}{'drift-track'}, $track, 'the same track');
		is(Drift::json($answer)->{version}, 2, 'a new version');
		is(scalar @{ Drift::json($answer)->{jobs} }, 3, 'its jobs are queued');
		ok(Drift::slurp(source_of($s, $track, 2)) eq Drift::slurp($other), 'the new file');
		ok(Drift::slurp(source_of($s, $track, 1)) eq Drift::slurp($wav), 'the old one stays a while');
		is($s->psql("select title from drift.track_get('$track')"), 'Low Tide', 'the title stays');
		ok($s->get("/cgi-bin/stream.fcgi/$track?format=lossless")->{content} eq Drift::slurp($other),
			'the new one plays');
	};

	subtest 'keeps a track whose replacement is no media' => sub {
		$answer = $s->admin(PUT => "$programs/track/$track", content => 'text');
		is($answer->{status}, 415, 'refused');
		is($answer->{headers}{'drift-track'}, $track, 'Drift-Track');
		is($s->psql("select version from drift.track_get('$track')"), 2, 'the version stays');
	};

	subtest 'takes two replacements at once' => sub {
		my @pids;
		for my $file ($wav, $other) {
			my $pid = fork // die $!;
			if (!$pid) {
				my $status = put($s, "$programs/track/$track", $file)->{status};
				POSIX::_exit($status == 200 ? 0 : 1);
			}
			push @pids, $pid;
		}
		my $failed = grep { waitpid $_, 0; $? } @pids;
		is($failed, 0, 'both are stored');
		my $version = $s->psql("select version from drift.track_get('$track')");
		is($version, $s->psql("select max(version) from drift.source where track = '$track' and state = 'stored'"),
			'the newest one is played');
		my $now = Drift::slurp(source_of($s, $track, $version));
		my $before = Drift::slurp(source_of($s, $track, $version - 1));
		is_deeply([ sort map { sha256_hex($_) } $now, $before ],
			[ sort map { sha256_hex(Drift::slurp($_)) } $wav, $other ], 'each is whole');
	};

	subtest 'tells how far it is, by ETag' => sub {
		my $path = "$programs/track/$track/status";
		$answer = $s->get($path);
		is($answer->{status}, 200, 'without a key: the track is public');
		my $status = Drift::json($answer);
		is($status->{track}, $track, 'track');
		is($status->{source}{state}, 'stored', 'source');
		for my $job (@{ $status->{jobs} }) {
			like($job->{state}, qr/^(queued|running|done|failed)$/, "state of $job->{kind}");
			ok($job->{progress} >= 0 && $job->{progress} <= 1, 'progress');
		}
		$s->psql("update drift.job set state = 'done', lease = null, progress = 1 where track = '$track'");
		my $etag = $s->get($path)->{headers}{etag};
		like($etag, qr/^"[0-9a-f]+"$/, 'a strong ETag');
		$answer = $s->get($path, 'If-None-Match' => $etag);
		is($answer->{status}, 304, 'nothing new');
		is($answer->{headers}{etag}, $etag, 'the same ETag');
		is($answer->{content} // '', '', 'no body');
		$s->psql("update drift.job set error = 'again' where track = '$track' and kind = 'opus'");
		$answer = $s->get($path, 'If-None-Match' => $etag);
		is($answer->{status}, 200, 'something new');
		isnt($answer->{headers}{etag}, $etag, 'another ETag');
		is($s->request('HEAD', $path)->{status}, 200, 'HEAD');
		is($s->get("$programs/track/00000000-0000-4000-8000-000000000000/status")->{status},
			404, 'unknown track');
	};

	subtest 'changes metadata' => sub {
		my $patch = sub {
			my ($json, $type) = @_;
			return $s->admin(PATCH => "$programs/track/$track", content => $json,
				headers => { 'Content-Type' => $type // 'application/merge-patch+json' });
		};
		$answer = $patch->(JSON::PP->new->utf8->encode({ title => "Ω'; --", artist => "\x{1F3B5}" }));
		is($answer->{status}, 200, 'patched');
		is(Drift::json($answer)->{title}, "Ω'; --", 'title');
		is(Drift::json($answer)->{artist}, "\x{1F3B5}", 'artist');
		is($patch->('{}', 'application/json; charset=utf-8')->{status}, 200, 'application/json');
		is($patch->('{}', 'text/plain')->{status}, 415, 'another type');
		is($patch->('')->{status}, 400, 'nothing');
		is($patch->('{"title":')->{status}, 400, 'no JSON');
		is($patch->('[]')->{status}, 400, 'no object');
		is($patch->("{\"title\":\"a\0b\"}")->{status}, 400, 'NUL');
		is($patch->('{"title":"\u0000"}')->{status}, 400, 'escaped NUL');
		is($patch->("{\"title\":\"\xff\xfe\"}")->{status}, 400, 'not UTF-8');
		is($patch->('{"title":1}')->{status}, 400, 'not a text');
		is($patch->('{"title":"' . ('x' x 2000) . '"}')->{status}, 400, 'too long');
		is($patch->('{"title":"' . ('x' x 70000) . '"}')->{status}, 413, 'far too long');
		$answer = $patch->('{"plays":1000000}');
		is($answer->{status}, 400, 'not to be set');
		like(Drift::json($answer)->{detail}, qr/plays/, 'says which');
		is(Drift::json($patch->('{}'))->{title}, "Ω'; --", 'the title is as it was');
	};

	subtest 'shows a private track to who has a key' => sub {
		my $path = "$programs/track/$track";
		my $manifest = $s->get("/cgi-bin/stream.fcgi/$track/manifest.json");
		my $url = Drift::json($manifest)->{renditions}{lossless}{url};
		is($s->get($url)->{status}, 200, 'a public link leads to a public track');
		$answer = $s->admin(PATCH => $path, content => '{"private":true}',
			headers => { 'Content-Type' => 'application/json' });
		is($answer->{status}, 200, 'made private');
		is($s->get($url)->{status}, 404, 'the public link leads nowhere any more');
		is($s->get("$path/status")->{status}, 401, 'status without a key');
		is($s->admin(GET => "$path/status")->{status}, 200, 'status with one');
		$s->admin(PATCH => $path, content => '{"private":false}',
			headers => { 'Content-Type' => 'application/json' });
		$manifest = $s->get("/cgi-bin/stream.fcgi/$track/manifest.json");
		is(Drift::json($manifest)->{renditions}{lossless}{url}, $url, 'public again under the same link');
		is($s->get($url)->{status}, 200, 'which leads there again');
	};

	subtest 'queues jobs again' => sub {
		my $kinds = sub { $s->psql("select count(*) from drift.job where track = '$track' and error is null") };
		$s->psql("update drift.job set state = 'failed', error = 'broken' where track = '$track'");
		$answer = $s->admin(POST => "$programs/track/$track/regenerate?kind=opus");
		is($answer->{status}, 202, 'one kind');
		is(Drift::json($answer)->{queued}, 1, 'one job');
		is($kinds->(), 1, 'the other is as it was');
		is($s->admin(POST => "$programs/track/$track/regenerate")->{status}, 202, 'all');
		is($kinds->(), 3, 'all of them');
		$answer = $s->admin(POST => "$programs/track/$track/regenerate?kind=mp3");
		is($answer->{status}, 400, 'unknown kind');
		like(Drift::json($answer)->{detail}, qr/kind/, 'says so');
		$answer = $s->admin(POST => "$programs/backfill");
		is($answer->{status}, 202, 'backfill');
		like(Drift::json($answer)->{queued}, qr/^\d+$/, 'says how many');
		is($s->admin(POST => "$programs/backfill?kind=x")->{status}, 400, 'unknown kind');
	};

	subtest 'asks for a key with the right scope' => sub {
		my $key = $s->psql("select drift.key_create('upload.t', 'upload')");
		my $listen = $s->psql("select drift.key_create('upload.t', 'listen')");
		my @writes = (
			[ PUT    => '/?name=x' ], [ PUT => "/track/$track" ], [ PATCH => "/track/$track" ],
			[ DELETE => "/track/$track" ], [ POST => "/track/$track/regenerate" ], [ POST => '/backfill' ],
			[ POST   => '/' ]);
		for (@writes) {
			my ($method, $path) = @$_;
			$answer = $s->request($method, "$programs$path", { content => '' });
			is($answer->{status}, 401, "$method $path without");
			ok($answer->{headers}{'www-authenticate'}, 'says how');
			my %status = map {
				$_ => $s->request($method, "$programs$path",
					{ content => '', headers => { 'X-Api-Key' => $_ } })->{status}
			} 'x', $listen;
			is($status{x}, 401, "$method $path with a wrong one");
			is($status{$listen}, 403, "$method $path with one to listen");
		}
		is($s->request('POST', "$programs/backfill", { headers => { 'X-Api-Key' => $key } })->{status},
			403, 'backfill needs an administrator');
		is($s->request('POST', "$programs/track/$track/regenerate",
				{ headers => { Authorization => "Bearer $key" } })->{status}, 202, 'Bearer');
		$s->psql("delete from drift.api_key where name = 'upload.t'");
	};

	subtest 'removes a track with all its files' => sub {
		$s->wait_jobs($track);
		my $home = sprintf '%s/%s/%s', $s->store, substr($track, 0, 2), $track;
		my $links = sub { grep { (readlink($_) // '') =~ /$track/ } glob(media_of($s) . '/*') };
		ok(-d $home, 'there are files');
		ok($links->(), 'there is a link') or diag media_of($s);
		is($s->admin(DELETE => "$programs/track/$track")->{status}, 204, 'DELETE');
		ok(!-e $home, 'no files');
		is(scalar(my @left = $links->()), 0, 'no link');
		is($s->get("$programs/track/$track/status")->{status}, 404, 'no track');
		is($s->admin(DELETE => "$programs/track/$track")->{status}, 404, 'not twice');
		is(put($s, "$programs/track/$track", $wav)->{status}, 404, 'nothing to replace');
	};
}

sub media_of {
	my ($s) = @_;
	my ($media) = Drift::slurp($s->conf) =~ /^media = (.*)$/m;
	return $media;
}

for my $s (Drift::stacks()) {
	subtest $s->name => sub { $s->tidily(sub { describe($s) }) };
}
done_testing;
