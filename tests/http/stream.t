#!/usr/bin/perl
# stream.fcgi: which rendition of which track, to whom; and the manifest
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(hmac_sha256_hex sha256_hex);
use Drift;
use Test::More;

my $dir = Drift::folder();
my $wav = Drift::tone_wav("$dir/a.wav", seconds => 2);
my $source = Drift::slurp($wav);
my $nobody = '00000000-0000-4000-8000-000000000000';

sub path { my ($id, $rest) = @_; return "/cgi-bin/stream.fcgi/$id" . ($rest // '') }
sub manifest { my ($s, $id, %headers) = @_; return Drift::json($s->get(path($id, '/manifest.json'), %headers)) }

# The capability of version 1; epoch 0 never ends.
sub capability {
	my ($s, $id, $epoch) = @_;
	my $secret = pack 'H*', $s->psql('select drift.secret_get()');
	my $token = substr hmac_sha256_hex("$id/1/$epoch", $secret), 0, 32;
	return '/media/' . ($epoch ? $token =~ s/^./p/r : $token) . '/source.wav';
}

sub is_problem {
	my ($answer, $status, $name) = @_;
	is $answer->{status}, $status, $name;
	is $answer->{headers}{'content-type'}, 'application/problem+json', '… as a problem';
	my $problem = Drift::json($answer);
	is $problem->{status}, $status, '… that says so';
	unlike $answer->{content}, qr{/var/|/tmp/|select|drift\.\w+\(}i, '… and no more';
	return $problem->{detail};
}

sub check_renditions {
	my ($s, $id) = @_;
	my $opus_file = Drift::slurp(sprintf '%s/%.2s/%s/v1/opus-320.opus', $s->store, $id, $id);
	my %want = (lossless => [ $source, 'audio/wav' ], opus => [ $opus_file, 'audio/ogg; codecs=opus' ]);
	for my $format (sort keys %want) {
		my $answer = $s->get(path($id, "?format=$format"));
		is $answer->{status}, 200, $format;
		is $answer->{headers}{'drift-format'}, $format, 'is what it says it is';
		is $answer->{headers}{'drift-state'}, 'ready', 'and ready';
		is $answer->{headers}{'content-type'}, $want{$format}[1], 'has its type';
		is sha256_hex($answer->{content}), sha256_hex($want{$format}[0]), 'and its bytes';
		is $answer->{headers}{'cache-control'}, 'no-cache', 'and is asked for again';
		is $answer->{headers}{vary}, undef, 'whatever the cookie says';
	}
}

sub check_cookie {
	my ($s, $id) = @_;
	my %want = ('streamQuality=opus' => 'opus', 'streamQuality=lossless' => 'lossless',
		'theme=dark; streamQuality=opus; x=y' => 'opus', 'streamQuality=mp3' => 'lossless',
		'streamQuality=' => 'lossless', 'streamquality=opus' => 'lossless', 'x=streamQuality=opus' => 'lossless',
		q{streamQuality=opus' or '1'='1} => 'lossless', ';;;=;' => 'lossless');
	for my $cookie (sort keys %want) {
		my $answer = $s->request(HEAD => path($id), { headers => { Cookie => $cookie } });
		is $answer->{headers}{'drift-format'}, $want{$cookie}, "Cookie: $cookie";
		is $answer->{headers}{vary}, 'Cookie', 'which caches are told';
	}
	is $s->request(HEAD => path($id))->{headers}{'drift-format'}, 'lossless', 'no cookie';
	my $both = $s->request(HEAD => path($id, '?format=lossless'), { headers => { Cookie => 'streamQuality=opus' } });
	is $both->{headers}{'drift-format'}, 'lossless', 'the query goes first';
}

sub check_bad_requests {
	my ($s, $id) = @_;
	for my $format ('mp3', 'OPUS', 'opus%20', 'x' x 3000, "opus'--", '%F0%9F%8E%B5', '..%2f..%2fetc') {
		like is_problem($s->get(path($id, "?format=$format")), 400, 'format ' . substr $format, 0, 20),
		  qr/format/, '… and names it';
	}
	like is_problem($s->get(path($id, '?format=')), 400, 'an empty format'), qr/format/, '… and names it';
	for my $query ('format=%00', 'format=opus%00', 'format=%', 'format=%zz') {
		like $s->get(path($id, "?$query"))->{status}, qr/^400$/, $query;
	}
	is $s->get(path($id, '?format=opus&format=mp3'))->{status}, 200, 'the first format counts';
	is_problem($s->get(path($_)), 404, "no track: $_")
	  for $nobody, 'x', substr($id, 0, 35), "${id}0", "{$id}", $id =~ s/-//gr, "$id%27--", "1%20or%201=1",
	  "$id/manifest.xml", "$id/manifest.json/x", "$id/init.mp5", "x/manifest.json", "$nobody/manifest.json",
	  join('/', ('a') x 9), '';
	like $s->get(path($_))->{status}, qr/^(400|403|404|414|431)$/, 'odd path: ' . substr $_, 0, 30
	  for '%00', "$id%00", "$id%00.wav", '..%2f..%2fdrift.conf', '%2e%2e/%2e%2e/drift.conf', 'a' x 8192, "a" x 300;
	for my $path (path('../../drift.conf'), path("$id/../../../etc/passwd")) {
		my $answer = $s->raw("GET $path HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
		like $answer, qr{^HTTP/1.\d 40[034] }, "$path leads nowhere";
		unlike $answer, qr/dbname|root:/, 'and shows nothing';
	}
	is $s->get(path(uc $id, '?format=opus'))->{status}, 200, 'an id in capitals is the same';
	is $s->get(path("$id/", '?format=opus'))->{status}, 200, 'and one with a slash behind';
}

sub check_methods {
	my ($s, $id) = @_;
	for my $method (qw(POST PUT PATCH DELETE)) {
		my $answer = $s->request($method => path($id), { content => 'x' });
		is_problem($answer, 405, $method);
		is $answer->{headers}{allow}, 'GET, HEAD, OPTIONS', '… with what is known';
	}
	is $s->request(OPTIONS => path($id))->{status}, 204, 'OPTIONS';
}

sub check_manifest {
	my ($s, $id) = @_;
	my $answer = $s->get(path($id, '/manifest.json'));
	is $answer->{status}, 200, 'the manifest';
	is $answer->{headers}{'content-type'}, 'application/json', 'is JSON';
	my $m = Drift::json($answer);
	is $m->{track}, $id, 'of the track';
	is $m->{duration}, 96000, 'with its length';
	is $m->{renditions}{lossless}{url}, capability($s, $id, 0), 'and capabilities for ever';
	my @urls = (map({ @$_{qw(url stream)} } values %{ $m->{renditions} }), $m->{waveform},
		@{ $m->{renditions}{opus} }{qw(sidecar seekidx)});
	is $s->get($_)->{status}, 200, "$_ is there" for @urls;
	my $etag = $answer->{headers}{etag};
	is $s->get(path($id, '/manifest.json'), 'If-None-Match' => $etag)->{status}, 304, 'it is not sent again';
	$s->psql("select drift.track_update('$id', '{\"title\": \"Another\"}')");
	my $after = $s->get(path($id, '/manifest.json'), 'If-None-Match' => $etag);
	is $after->{status}, 200, 'until it changes';
	isnt $after->{headers}{etag}, $etag, 'and has another tag then';
	is Drift::json($after)->{title}, 'Another', 'and what is new';
}

# Opus that cannot be made is lossless, and says so.
sub check_fallback {
	my ($s, $id) = @_;
	$s->psql("delete from drift.artifact where track = '$id' and kind in ('opus', 'seekidx')");
	$s->psql("update drift.job set state = 'failed', error = 'No.' where track = '$id' and kind = 'opus'");
	my $answer = $s->get(path($id, '?format=opus'));
	is $answer->{status}, 200, 'Opus that is not there';
	is $answer->{headers}{'drift-format'}, 'lossless', 'is lossless';
	is $answer->{headers}{'content-type'}, 'audio/wav', 'by its type too';
	is sha256_hex($answer->{content}), sha256_hex($source), 'and by its bytes';
	is manifest($s, $id)->{renditions}{opus}{state}, 'failed', 'and the manifest knows';
	is $s->get(path($id), Cookie => 'streamQuality=opus')->{headers}{'drift-format'}, 'lossless',
	  'likewise by cookie';
}

sub check_private {
	my ($s, $id) = @_;
	$s->psql("select drift.track_update('$id', '{\"private\": true}')");
	my $listen = $s->psql("select drift.key_create('listener', 'listen')");
	for my $rest ('?format=lossless', '/manifest.json') {
		my $answer = $s->get(path($id, $rest));
		is_problem($answer, 401, "a private track without a key: $rest");
		like $answer->{headers}{'www-authenticate'}, qr/^Bearer/, '… and how to show one';
		is_problem($s->get(path($id, $rest), 'X-Api-Key' => "$listen'--"), 401, 'a wrong key');
		is $s->get(path($id, $rest), Cookie => "key=$listen")->{status}, 401, 'no cookie does';
		for my $answer ($s->get(path($id, $rest), 'X-Api-Key' => $listen),
			$s->get(path($id, $rest), Authorization => "Bearer $listen")) {
			is $answer->{status}, 200, 'with a key that may listen';
			is $answer->{headers}{'cache-control'}, 'private, no-cache', 'for one listener only';
		}
	}
	my $url = manifest($s, $id, 'X-Api-Key' => $listen)->{renditions}{lossless}{url};
	is $url, capability($s, $id, int(time / (12 * 3600))), 'its capability is for twelve hours';
	my $answer = $s->get($url);
	is sha256_hex($answer->{content}), sha256_hex($source), 'the capability in its manifest needs no key';
	$s->psql("select drift.track_update('$id', '{\"private\": false}')");
	isnt manifest($s, $id)->{renditions}{lossless}{url}, $url, 'and is another one than the public';
	is $s->get(path($id))->{status}, 200, 'public again';
}

sub check_missing {
	my ($s, $id) = @_;
	my $empty = $s->psql('insert into drift.track (title) values (\'x\') returning id');
	for my $rest ('', '/manifest.json') {
		my $answer = $s->get(path($empty, $rest));
		like is_problem($answer, 503, 'a track of which nothing is stored'), qr/upload/, '… and why';
		like $answer->{headers}{'retry-after'}, qr/^\d+$/, '… and when to ask again';
	}
	$s->psql("delete from drift.track where id = '$empty'");
	my $file = sprintf '%s/%.2s/%s/v1/source.wav', $s->store, $id, $id;
	rename $file, "$file.away" or die $!;
	is_problem($s->get(path($id)), 500, 'a file that is gone from the store');
	rename "$file.away", $file or die $!;
	is $s->get(path($id))->{status}, 200, 'and is back';
}

# Another version under the same URL: new bytes, new tag, new capability.
sub check_replaced {
	my ($s, $id) = @_;
	my $before = $s->request(HEAD => path($id))->{headers}{etag};
	my $url = manifest($s, $id)->{renditions}{lossless}{url};
	my $other = Drift::slurp(Drift::tone_wav("$dir/b.wav", seconds => 1));
	my $put = $s->admin(PUT => "/cgi-bin/upload.fcgi/track/$id", content => $other);
	is $put->{status}, 200, 'the audio is replaced';
	my $answer = $s->get(path($id), 'If-None-Match' => $before, Range => 'bytes=0-', 'If-Range' => $before);
	is $answer->{status}, 200, 'the old tag stands for nothing';
	is sha256_hex($answer->{content}), sha256_hex($other), 'new bytes';
	isnt manifest($s, $id)->{renditions}{lossless}{url}, $url, 'under a new capability';
	is sha256_hex($s->get($url)->{content}), sha256_hex($source), 'who plays the old one goes on';
}

for my $s (Drift::stacks()) {
	subtest $s->name => sub {
		my $id = $s->upload($wav);
		is $s->wait_jobs($id)->{jobs}[0]{state}, 'done', 'a track';
		my $tracks = $s->psql('select count(*) from drift.track');
		sleep 1; # Apache calls what is younger weak
		subtest 'renditions' => sub { check_renditions($s, $id) };
		subtest 'the cookie' => sub { check_cookie($s, $id) };
		subtest 'bad requests' => sub { check_bad_requests($s, $id) };
		subtest 'methods' => sub { check_methods($s, $id) };
		subtest 'the manifest' => sub { check_manifest($s, $id) };
		subtest 'private' => sub { check_private($s, $id) };
		subtest 'missing' => sub { check_missing($s, $id) };
		subtest 'replaced' => sub { check_replaced($s, $id) };
		$s->wait_jobs($id);
		subtest 'fallback' => sub {
			my $other = $s->upload($wav);
			$s->wait_jobs($other);
			check_fallback($s, $other);
		};
		cmp_ok $s->psql('select count(*) from drift.track'), '==', $tracks + 1, 'nothing else has happened';
	};
}
done_testing;
