#!/usr/bin/perl
# upload.fcgi by tus 1.0.0, request by request
use strict;
use warnings;
use lib 'tests/http/lib';
use Digest::MD5 qw(md5);
use Digest::SHA qw(sha1 sha256);
use Drift;
use File::Temp qw(tempdir);
use MIME::Base64 qw(encode_base64);
use Test::More;
use Time::HiRes qw(time);
use Tus;

my $folder = tempdir(CLEANUP => 1);
my $wav = read_file(Drift::tone_wav("$folder/tone.wav", seconds => 6));
my $size = length $wav;

sub read_file {
	my ($path) = @_;
	open my $in, '<:raw', $path or die "$path: $!";
	local $/;
	return <$in>;
}

sub state_of {
	my ($s, $path) = @_;
	my ($id) = $path =~ /([0-9a-f-]{36})$/;
	return $s->psql("select state from drift.upload_get('$id')");
}

sub source_of {
	my ($s, $track, $version) = @_;
	my ($name) = $s->psql("select source_name from drift.track_get('$track')");
	return sprintf '%s/%s/%s/v%d/%s', $s->store, substr($track, 0, 2), $track, $version // 1, $name;
}

sub describe {
	my ($s) = @_;
	my $tus = Tus->new($s);
	my $answer;

	subtest 'says what it speaks' => sub {
		$answer = $s->request('OPTIONS', '/cgi-bin/upload.fcgi/', {});
		is($answer->{status}, 204, 'without a key');
		is($answer->{headers}{'tus-version'}, '1.0.0', 'version');
		is($answer->{headers}{'tus-resumable'}, '1.0.0', 'resumable');
		is($answer->{headers}{'tus-checksum-algorithm'}, 'sha1,sha256,md5', 'algorithms');
		like($answer->{headers}{'tus-max-size'}, qr/^\d+$/, 'limit');
		my %extensions = map { $_ => 1 } split /,/, $answer->{headers}{'tus-extension'};
		is_deeply([ sort keys %extensions ],
			[qw(checksum concatenation creation creation-defer-length creation-with-upload expiration
			termination)],
			'extensions');
	};

	subtest 'takes a file in pieces' => sub {
		my $path = $tus->create($size, filename => 'Pieces.wav', filetype => 'text/plain');
		$answer = $tus->head($path);
		is($answer->{status}, 200, 'HEAD');
		is($answer->{headers}{'upload-offset'}, 0, 'offset');
		is($answer->{headers}{'upload-length'}, $size, 'length');
		is($answer->{headers}{'cache-control'}, 'no-store', 'not to be cached');
		is($answer->{headers}{'upload-metadata'},
			Tus::metadata(filename => 'Pieces.wav', filetype => 'text/plain'), 'metadata come back');
		like($answer->{headers}{'upload-expires'},
			qr/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/, 'when it expires');
		my $track = $answer->{headers}{'drift-track'};
		like($track, qr/^[0-9a-f-]{36}$/, 'track');
		my $at = 0;
		for my $bytes (1, 99_999, 0, $size - 100_000) {
			$answer = $tus->patch($path, $at, substr $wav, $at, $bytes);
			$at += $bytes;
			is($answer->{status}, 204, "PATCH of $bytes bytes") or diag $answer->{content};
			is($answer->{headers}{'upload-offset'}, $at, 'offset');
			is($answer->{headers}{'drift-track'}, $track, 'track');
			is($answer->{headers}{'tus-resumable'}, '1.0.0', 'version');
		}
		is(state_of($s, $path), 'stored', 'stored at the end');
		ok(read_file(source_of($s, $track)) eq $wav, 'byte for byte');
		ok(!-e $tus->file($path), 'the growing file is gone');
		is($s->psql("select title from drift.track_get('$track')"), 'Pieces', 'title by name');
		is($tus->patch($path, $size, '')->{status}, 204, 'an empty PATCH at the end is fine');
		is($tus->head($path)->{headers}{'upload-offset'}, $size, 'HEAD at the end');
		is($tus->request('DELETE', $path, {})->{status}, 204, 'DELETE of the upload');
		is($tus->head($path)->{status}, 404, 'is the end of it');
		is($s->psql("select version from drift.track_get('$track')"), 1, 'not of the track');
	};

	subtest 'takes the first piece with the creation' => sub {
		$answer = $tus->post(
			{ 'Upload-Length' => $size, 'Content-Type' => 'application/offset+octet-stream' },
			substr $wav, 0, 5000);
		is($answer->{status}, 201, 'POST');
		is($answer->{headers}{'upload-offset'}, 5000, 'offset');
		$answer = $tus->post(
			{ 'Upload-Length' => $size, 'Content-Type' => 'application/offset+octet-stream' },
			$wav);
		is($answer->{status}, 201, 'all of it');
		is(state_of($s, $answer->{headers}{location}), 'stored', 'stored');
		is( $s->psql("select sha256 from drift.source where track = '$answer->{headers}{'drift-track'}'"),
			Digest::SHA::sha256_hex($wav), 'with its SHA-256');
	};

	subtest 'takes a length that is told later' => sub {
		$answer = $tus->post({ 'Upload-Defer-Length' => 1 });
		is($answer->{status}, 201, 'POST');
		my $path = $answer->{headers}{location};
		is($tus->head($path)->{headers}{'upload-defer-length'}, 1, 'deferred');
		is($tus->patch($path, 0, substr $wav, 0, 1000)->{status}, 204, 'a piece');
		is($tus->patch($path, 1000, '', 'Upload-Length' => 999)->{status}, 400, 'too short');
		$answer = $tus->patch($path, 1000, substr($wav, 1000), 'Upload-Length' => $size);
		is($answer->{status}, 204, 'the rest, with the length');
		is(state_of($s, $path), 'stored', 'stored');
		is($tus->post({ 'Upload-Defer-Length' => 2 })->{status}, 400, 'not 1');
		is($tus->post({ 'Upload-Defer-Length' => 1, 'Upload-Length' => 5 })->{status},
			400, 'both');
	};

	subtest 'verifies checksums' => sub {
		my $path = $tus->create($size);
		my $bad = 'sha1 ' . encode_base64(sha1('other'), '');
		$answer = $tus->patch($path, 0, substr($wav, 0, 4000), 'Upload-Checksum' => $bad);
		is($answer->{status}, 460, 'mismatch');
		is($answer->{headers}{'upload-offset'}, 0, 'nothing is kept');
		is($tus->head($path)->{headers}{'upload-offset'}, 0, 'HEAD says so too');
		my $at = 0;
		for (['sha1', \&sha1], ['sha256', \&sha256], ['md5', \&md5]) {
			my ($name, $digest) = @$_;
			my $piece = substr $wav, $at, 4000;
			$answer = $tus->patch($path, $at, $piece,
				'Upload-Checksum' => "$name " . encode_base64($digest->($piece), ''));
			is($answer->{status}, 204, $name);
			$at += 4000;
			is($answer->{headers}{'upload-offset'}, $at, 'kept');
		}
		is($tus->patch($path, $at, 'x', 'Upload-Checksum' => 'crc32 AAAA')->{status},
			400, 'unknown algorithm');
		is($tus->patch($path, $at, 'x', 'Upload-Checksum' => 'sha1 AAAA')->{status},
			400, 'short digest');
		is($tus->patch($path, $at, substr $wav, $at)->{status}, 204, 'the rest');
		my $track = $tus->head($path)->{headers}{'drift-track'};
		ok(read_file(source_of($s, $track)) eq $wav, 'no byte of the bad piece is in the source');
	};

	subtest 'keeps nothing of a checked piece that breaks off' => sub {
		my $path = $tus->create($size);
		my $socket = $tus->begin($path, 0, $size, substr($wav, 0, 200_000),
			'Upload-Checksum' => 'sha1 ' . encode_base64(sha1($wav), ''));
		Tus::wait_for(sub { -s $tus->file($path) });
		close $socket;
		Tus::wait_for(sub { !$tus->writers($path) });
		is($tus->received($path), 0, 'nothing');
	};

	subtest 'does as X-HTTP-Method-Override says' => sub {
		my $path = $tus->create($size);
		$answer = $tus->request('POST', $path,
			{
				'X-HTTP-Method-Override' => 'PATCH',
				'Upload-Offset' => 0, 'Content-Type' => 'application/offset+octet-stream'
			},
			substr $wav, 0, 10);
		is($answer->{status}, 204, 'PATCH');
		$answer = $tus->request('POST', $path, { 'X-HTTP-Method-Override' => 'DELETE' });
		is($answer->{status}, 204, 'DELETE');
	};

	subtest 'gives an upload up' => sub {
		my $path = $tus->create($size);
		my $track = $tus->head($path)->{headers}{'drift-track'};
		$tus->patch($path, 0, substr $wav, 0, 1000);
		ok(-e $tus->file($path), 'there is a file');
		is($tus->request('DELETE', $path, {})->{status}, 204, 'DELETE');
		ok(!-e $tus->file($path), 'the file is gone');
		is($tus->head($path)->{status}, 404, 'the upload is gone');
		is($s->psql("select count(*) from drift.track where id = '$track'"), 0, 'the track too');
	};

	subtest 'keeps what came before a client left' => sub {
		my $path = $tus->create($size);
		my $socket = $tus->begin($path, 0, $size, substr $wav, 0, 300_000);
		Tus::wait_for(sub { (-s $tus->file($path) // 0) >= 300_000 });
		close $socket; # on a fast machine before any of it is acknowledged
		is($tus->wait_received($path, 300_000), 300_000, 'all of it');
		is($tus->patch($path, 300_000, substr $wav, 300_000)->{status}, 204, 'the rest fits');
		is(state_of($s, $path), 'stored', 'stored');
	};

	subtest 'keeps what it acknowledged before it was killed' => sub {
		my $path = $tus->create($size);
		my $socket = $tus->begin($path, 0, $size, substr $wav, 0, 700_000);
		my $acknowledged = $tus->wait_received($path, 700_000);
		my @pids = $tus->writers($path);
		is(@pids, 1, 'one program is at it');
		kill 'KILL', @pids;
		select undef, undef, undef, 0.05 while $tus->writers($path);
		is($acknowledged, 700_000, 'acknowledged while the rest is still to come');
		is($tus->head($path)->{headers}{'upload-offset'}, 700_000, 'HEAD says so');
		ok(substr(read_file($tus->file($path)), 0, 700_000) eq substr($wav, 0, 700_000),
			'the bytes are in the file');
		is($tus->patch($path, 700_000, substr $wav, 700_000)->{status}, 204, 'the rest');
		is(state_of($s, $path), 'stored', 'stored');
	};

	# at the very end of its body too, where a program may think that all is in
	for my $left (int($size / 2), 3) {
		subtest "takes the place of a request that is silent $left bytes before its end" => sub {
			my $path = $tus->create($size);
			my $socket = $tus->begin($path, 0, $size, substr $wav, 0, $size - $left);
			my $at = $tus->wait_received($path, $size - $left);
			is($at, $size - $left, 'what came is acknowledged');
			my @pids = $tus->writers($path);
			is(@pids, 1, 'it is there');
			my $begun = time;
			$answer = $tus->patch($path, $at, substr $wav, $at);
			is($answer->{status}, 204, 'the next one gets in') or diag $answer->{content};
			cmp_ok(time - $begun, '<', 5, 'in less than 5 s');
			is(state_of($s, $path), 'stored', 'stored');
			my $track = $answer->{headers}{'drift-track'};
			ok(read_file(source_of($s, $track)) eq $wav, 'byte for byte');
			close $socket;
		};
	}

	subtest 'lets one of two requests at once write' => sub {
		my $path = $tus->create($size);
		my @sockets = map { $tus->begin($path, 0, $size, substr $wav, 0, $size - 1) } 1, 2;
		print $_ substr $wav, -1 for @sockets;
		my @status = sort map { $tus->end($_) } @sockets;
		# the last two: the first one lost its place with all bytes in, the second stored them
		like("@status", qr/^(204 409|204 423|409 423)$/, 'only one at most');
		is(state_of($s, $path), 'stored', 'stored');
		my $track = $tus->head($path)->{headers}{'drift-track'};
		ok(read_file(source_of($s, $track)) eq $wav, 'byte for byte');
		is($s->psql("select count(*) from drift.source where track = '$track'"), 1, 'once');
	};

	subtest 'ends what is removed while it comes' => sub {
		for my $what (qw(upload track)) {
			my $path = $tus->create($size);
			my $track = $tus->head($path)->{headers}{'drift-track'};
			my $socket = $tus->begin($path, 0, $size, substr $wav, 0, $size / 2);
			$tus->wait_received($path, 1);
			$answer = $tus->request('DELETE', $what eq 'upload' ? $path : "/cgi-bin/upload.fcgi/track/$track", {});
			is($answer->{status}, 204, "DELETE of the $what");
			ok(!-e $tus->file($path), 'its file is gone');
			# Apache tells when it has read all
			local $SIG{PIPE} = 'IGNORE';
			print $socket substr $wav, $size / 2;
			is($tus->end($socket), 404, 'who was sending is told');
			is($tus->head($path)->{status}, 404, 'who asks too');
			ok(!-e $tus->file($path), 'no file comes back');
			my $home = sprintf '%s/%s/%s', $s->store, substr($track, 0, 2), $track;
			ok(!-e $home, 'nor a track');
		}
	};

	subtest 'finishes what a killed program left whole' => sub {
		for my $method (qw(HEAD PATCH)) {
			my $path = $tus->create($size);
			my ($id) = $path =~ /([0-9a-f-]{36})$/;
			$tus->patch($path, 0, substr $wav, 0, $size - 1);
			# the last byte as a program would have left it that was killed before ingest
			open my $out, '+<:raw', $tus->file($path) or die $!;
			seek $out, $size - 1, 0;
			print $out substr $wav, -1;
			close $out;
			chmod 0444, $tus->file($path);
			my $writer = $s->psql("select drift.upload_take('$id', 0, null)");
			$s->psql("select drift.upload_received('$id', $writer, $size - 1, $size);"
				  . " select drift.upload_state('$id', $writer, 'storing')");
			$answer = $method eq 'HEAD' ? $tus->head($path) : $tus->patch($path, $size, '');
			is($answer->{status}, $method eq 'HEAD' ? 200 : 204, $method) or diag $answer->{content};
			is($answer->{headers}{'upload-offset'}, $size, 'offset');
			is(state_of($s, $path), 'stored', 'stored');
			my $source = source_of($s, $answer->{headers}{'drift-track'});
			ok(read_file($source) eq $wav, 'byte for byte');
			is((stat $source)[2] & 07777, 0444, 'read-only');
		}
	};

	subtest 'replaces a track\'s audio' => sub {
		my $first = $tus->create($size, filename => 'one.wav');
		my $track = $tus->patch($first, 0, $wav)->{headers}{'drift-track'};
		my $second = $tus->create($size, track => $track);
		$answer = $tus->patch($second, 0, $wav);
		is($answer->{headers}{'drift-track'}, $track, 'the same track');
		is($s->psql("select version from drift.track_get('$track')"), 2, 'another version');
		is($s->psql("select title from drift.track_get('$track')"), 'one', 'the title stays');
		$answer = $tus->post({
			'Upload-Length'   => $size,
			'Upload-Metadata' => Tus::metadata(track => '00000000-0000-4000-8000-000000000000') });
		is($answer->{status}, 404, 'no such track');
		$answer = $tus->post(
			{ 'Upload-Length' => $size, 'Upload-Metadata' => Tus::metadata(track => "1' or 1=1") });
		is($answer->{status}, 404, 'not even an id');
	};

	subtest 'expires' => sub {
		my $path = $tus->create($size);
		my ($id) = $path =~ /([0-9a-f-]{36})$/;
		$s->psql("update drift.upload set expires = now() - interval '1 minute' where id = '$id'");
		is($tus->head($path)->{status}, 410, 'HEAD');
		is($tus->patch($path, 0, 'x')->{status}, 410, 'PATCH');
	};

	subtest 'lets pages of other sites in' => sub {
		$answer = $s->request('OPTIONS', '/cgi-bin/upload.fcgi/',
			{
				headers => {
					Origin => 'https://elsewhere.example',
					'Access-Control-Request-Method' => 'POST',
					'Access-Control-Request-Headers' => 'tus-resumable,upload-length,x-api-key'
				}
			});
		is($answer->{status}, 204, 'preflight');
		is($answer->{headers}{'access-control-allow-origin'}, '*', 'any site');
		like($answer->{headers}{'access-control-allow-methods'}, qr/\bPOST\b/, 'methods');
		like($answer->{headers}{'access-control-allow-headers'}, qr/\b$_\b/i, $_)
		  for qw(Authorization X-Api-Key Tus-Resumable Upload-Length Upload-Offset Upload-Metadata
		  Upload-Checksum Upload-Defer-Length Content-Type);
		$answer = $s->request('OPTIONS',
			'/cgi-bin/upload.fcgi/00000000-0000-4000-8000-000000000000',
			{ headers => { Origin => 'https://a', 'Access-Control-Request-Method' => 'PATCH' } });
		like($answer->{headers}{'access-control-allow-methods'}, qr/\bPATCH\b/, 'PATCH');
		my $path = $tus->create($size);
		for my $wrong (0, 1) {
			$answer = $tus->patch($path, $wrong, 'x', Origin => 'https://elsewhere.example');
			is($answer->{headers}{'access-control-allow-origin'}, '*', "on a $answer->{status}");
			like($answer->{headers}{'access-control-expose-headers'}, qr/\b$_\b/i, $_)
			  for qw(Upload-Offset Location Drift-Track Tus-Resumable);
			last if $answer->{status} == 409;
		}
	};
}

for my $s (Drift::stacks()) {
	subtest $s->name => sub { $s->tidily(sub { describe($s) }) };
}
done_testing;
