#!/usr/bin/perl
# catalogue.fcgi: the list of tracks, one track, and plays
use strict;
use warnings;
use lib 'tests/http/lib';
use Drift;
use JSON::PP qw(decode_json encode_json);
use Test::More;
use Time::HiRes qw(sleep time);

my $tracks = '/cgi-bin/catalogue.fcgi/tracks';
my $plays = '/cgi-bin/catalogue.fcgi/plays';
my $nobody = '00000000-0000-4000-8000-000000000000';
my $folder = Drift::folder();
my $word = "catalogue${$}x";    # in no other track, and not the beginning of another run's

sub list {
	my ($s, %query) = @_;
	my $text = join '&', map { "$_=" . Drift::escape($query{$_}) } sort keys %query;
	return $s->get("$tracks?$text");
}

sub titles {
	my ($answer) = @_;
	return [ map { $_->{title} } @{ Drift::json($answer)->{tracks} } ];
}

sub play {
	my ($s, $body, %headers) = @_;
	return $s->request('POST', $plays, {
			headers => { 'Content-Type' => 'application/json', %headers },
			content => ref $body ? encode_json($body) : $body,
		});
}

sub refuses {
	my ($answer, $status, $sentence, $name) = @_;
	is $answer->{status}, $status, $name;
	is $answer->{headers}{'content-type'}, 'application/problem+json', "$name: a problem";
	like decode_json($answer->{content})->{detail}, $sentence, "$name: in words";
}

sub describe {
	my ($s) = @_;
	my ($answer, @ids);

	for my $n (1 .. 3) {
		push @ids, $s->upload(Drift::tone_wav("$folder/$n.wav", seconds => 0.1), name => "$word no $n.wav");
	}
	$s->wait_jobs($ids[0]);

	subtest 'lists the newest first, by pages' => sub {
		$answer = list($s, q => $word);
		is $answer->{status}, 200, 'all of them';
		is $answer->{headers}{'content-type'}, 'application/json', 'JSON';
		is_deeply titles($answer), [ map { "$word no $_" } 3, 2, 1 ], 'in order';
		is Drift::json($answer)->{after}, undef, 'no more';
		my $row = Drift::json($answer)->{tracks}[2];
		is_deeply [ sort keys %$row ],
			[qw(album artist artists cover created opus plays seconds title track version)], 'members';
		is $row->{track}, $ids[0], 'id';
		is $row->{seconds}, 0.1, 'length';
		ok $row->{opus}, 'has Opus';
		my ($after, @seen) = ('');
		for (1 .. 3) {
			my $page = Drift::json(list($s, q => $word, limit => 1, after => $after));
			push @seen, map { $_->{track} } @{ $page->{tracks} };
			$after = $page->{after} // '';
		}
		is_deeply \@seen, [ reverse @ids ], 'each once';
		is $after, '', 'and then an end';
		is scalar @{ Drift::json($s->get($tracks))->{tracks} } <= 50, 1, 'fifty unless it is said';
	};

	subtest 'searches for the beginnings of words' => sub {
		is_deeply titles(list($s, q => "$word 2")), ["$word no 2"], 'two words';
		is_deeply titles(list($s, q => uc(substr $word, 0, -1) . ' 3')), ["$word no 3"], 'in capitals';
		is_deeply titles(list($s, q => "$word $word-nothing")), [], 'one that none has';
	};

	subtest 'costs a 304 where nothing has changed' => sub {
		for my $path ("$tracks?q=$word", "$tracks/$ids[1]") {
			$s->wait_jobs($_) for @ids;
			my $etag = $s->get($path)->{headers}{etag};
			like $etag, qr/^"[0-9a-f]+"$/, 'ETag';
			$answer = $s->get($path, 'If-None-Match' => "\"x\", W/$etag");
			is $answer->{status}, 304, 'Not Modified';
			is $answer->{content} // '', '', 'without body';
			is $answer->{headers}{etag}, $etag, 'with its tag';
			is $s->get($path, 'If-None-Match' => '"x"')->{status}, 200, 'another tag';
			$s->psql("update drift.track set artist = artist || 'x' where id = '$ids[1]'");
			is $s->get($path, 'If-None-Match' => $etag)->{status}, 200, 'changed';
		}
	};

	subtest 'names the parameter that is wrong' => sub {
		refuses(list($s, limit => $_), 400, qr/\blimit\b/, "limit=$_")
			for '0', '201', '-1', 'x', '1.5', '', '00001', '1;drop table drift.track', '9' x 30;
		refuses(list($s, after => $_), 400, qr/\bafter\b/, "after=$_")
			for 'x', '1_x', '1_' . '-' x 36, '9' x 17 . "_$nobody", "1_$nobody'; --", "' or 1=1";
		refuses(list($s, q => 'x' x 201), 400, qr/\bq\b/, 'a long q');
		is list($s, q => $_)->{status}, 200, 'q=' . Drift::escape($_)
			for q('), q('; drop table drift.track; --), '&|!():*<->', '\\', '%', '"', "\x{1F3B5}", 'x' x 150;
		is $s->get("$tracks?$_")->{status}, 400, $_ for 'q=%ff', 'q=%00', 'q=%c0%80', 'after=%ed%a0%80';
		# lighttpd takes a lone % as one that was meant
		like $s->get("$tracks?$_")->{status}, qr/^[24]00$/, $_ for 'q=%zz', 'q=%';
	};

	subtest 'shows one track' => sub {
		my $card = Drift::json($s->get("$tracks/$ids[0]"));
		is $card->{title}, "$word no 1", 'title';
		is $card->{sample_rate}, 44100, 'sample rate';
		is $card->{codec}, 'pcm', 'codec';
		is_deeply titles(list($s, q => "$word 1")), [ $card->{title} ], 'as the list has it';
		is $s->get("$tracks/" . uc $ids[0])->{status}, 200, 'its id in capitals';
		refuses($s->get("$tracks/$_"), 404, qr/no such track|nothing/, $_)
			for $nobody, 'x', substr($ids[0], 1), "$ids[0]x", "$ids[0]/x", '%27%20or%201=1', 'x' x 300;
		isnt $s->get("$tracks/$_")->{status}, 500, $_ for '%00', '%ff', '..%2f..%2f';
	};

	subtest 'keeps private tracks to those with a key' => sub {
		$s->psql("update drift.track set private = true where id = '$ids[1]'");
		is_deeply titles(list($s, q => $word)), [ map { "$word no $_" } 3, 1 ], 'not in the list';
		$answer = $s->get("$tracks/$ids[1]");
		refuses($answer, 401, qr/key/, 'not by its id');
		like $answer->{headers}{'www-authenticate'}, qr/^Bearer/, 'and how to ask';
		refuses($s->get("$tracks/$ids[1]", 'X-Api-Key' => 'wrong'), 401, qr/key/, 'nor with any key');
		$answer = $s->get("$tracks/$ids[1]", Authorization => 'Bearer ' . $s->key);
		is $answer->{status}, 200, 'with a good one';
		like $answer->{headers}{'cache-control'}, qr/private/, 'for nobody else';
		my $body = { track => $ids[1], rendition => 'opus', kind => 'play' };
		refuses(play($s, $body), 401, qr/key/, 'nor are plays counted');
		is play($s, $body, 'X-Api-Key' => $s->key)->{status}, 200, 'but with a key';
		$s->psql("update drift.track set private = false where id = '$ids[1]'");
	};

	subtest 'counts plays, and no reload' => sub {
		my %body = (track => $ids[0], rendition => 'lossless', kind => 'play');
		$answer = play($s, \%body, 'User-Agent' => 'one');
		is $answer->{status}, 200, 'a play';
		is_deeply Drift::json($answer), { track => $ids[0], kind => 'play', count => 1 }, 'counted';
		is Drift::json(play($s, \%body, 'User-Agent' => 'one'))->{count}, 1, 'a reload is not';
		is Drift::json(play($s, { %body, rendition => 'opus' }, 'User-Agent' => 'one'))->{count}, 1,
			'whatever the rendition';
		is Drift::json(play($s, \%body, 'User-Agent' => 'one', 'X-Forwarded-For' => '192.0.2.9'))->{count}, 1,
			'whatever the request says of its address';
		is Drift::json(play($s, \%body, 'User-Agent' => 'two'))->{count}, 2, 'another listener is';
		is Drift::json(play($s, { %body, kind => 'share' }, 'User-Agent' => 'one'))->{count}, 1,
			'shares by themselves';
		is Drift::json($s->get("$tracks/$ids[0]"))->{plays}, 2, 'the track shows it';
		is $s->psql("select count(*) from drift.play where track = '$ids[0]'
			and (listener !~ '^[0-9a-f]{64}\$' or listener like '%127%0%0%1%one%')"), 0, 'no address is kept';
	};

	subtest 'names what is wrong in a play' => sub {
		my %body = (track => $ids[0], rendition => 'opus', kind => 'play');
		refuses(play($s, { %body, rendition => 'mp3' }), 400, qr/^rendition/, 'rendition');
		refuses(play($s, { %body, kind => 'hate' }), 400, qr/^kind/, 'kind');
		refuses(play($s, { %body, track => 'x' }), 400, qr/^track/, 'track');
		refuses(play($s, { %body, track => "$ids[0]'; --" }), 400, qr/^track/, 'SQL in it');
		refuses(play($s, { %body, track => $nobody }), 404, qr/no such track/, 'an unknown track');
		refuses(play($s, { track => $ids[0] }), 400, qr/^rendition/, 'no rendition');
		refuses(play($s, $_), 400, qr/JSON|track/, "<$_>")
			for '', '{', '[]', 'null', '5', '{"track": {}}', "{\"track\": \"\xff\"}";
		refuses(play($s, \%body, 'Content-Type' => 'text/plain'), 415, qr{text/plain}, 'text');
		refuses(play($s, ' ' x 4097), 413, qr/4096/, 'a long one');
	};

	subtest 'knows its methods' => sub {
		for ([ $tracks, 'GET, HEAD, OPTIONS' ], [ "$tracks/$ids[0]", 'GET, HEAD, OPTIONS' ],
			[ $plays, 'POST, OPTIONS' ]) {
			my ($path, $allow) = @$_;
			$answer = $s->request('OPTIONS', $path);
			is $answer->{status}, 204, "OPTIONS $path";
			is $answer->{headers}{allow}, $allow, 'Allow';
			$answer = $s->request('DELETE', $path);
			is $answer->{status}, 405, 'DELETE';
			is $answer->{headers}{allow}, $allow, 'Allow';
		}
		$answer = $s->request('HEAD', "$tracks/$ids[0]");
		is $answer->{status}, 200, 'HEAD';
		is $answer->{headers}{'content-length'}, length $s->get("$tracks/$ids[0]")->{content}, 'length';
		refuses($s->get("/cgi-bin/catalogue.fcgi$_"), 404, qr/nothing/, "<$_>") for '', '/', '/track', '/plays/x';
	};

	$s->admin(DELETE => "/cgi-bin/upload.fcgi/track/$_") for @ids;
	is $s->get("$tracks/$ids[0]")->{status}, 404, 'a deleted track is gone';
}

for my $stack (Drift::stacks()) {
	subtest $stack->name => sub { describe($stack) };
}

done_testing;
