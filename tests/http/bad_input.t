#!/usr/bin/perl
# upload.fcgi: what is no media, what lies, and what wants to get elsewhere
use strict;
use warnings;
use lib 'tests/http/lib';
use Drift;
use File::Glob ':bsd_glob';
use JSON::PP;
use Test::More;
use Time::HiRes qw(time);
use Tus;

my $folder = Drift::folder();
my $wav = Drift::slurp(Drift::tone_wav("$folder/tone.wav", seconds => 5));
my $size = length $wav;
my $programs = '/cgi-bin/upload.fcgi';
my $unknown = '00000000-0000-4000-8000-000000000000';

sub put {
	my ($s, $bytes, $query) = @_;
	return $s->admin(PUT => "$programs/?" . ($query // 'name=x.wav'), content => $bytes);
}

# Is it a problem as RFC 9457 has it, and does it keep our secrets?
sub is_problem {
	my ($s, $answer, $status, $name) = @_;
	is($answer->{status}, $status, $name) or diag $answer->{content};
	is($answer->{headers}{'content-type'}, 'application/problem+json', "$name: a problem");
	my $problem = eval { Drift::json($answer) } // {};
	like($problem->{detail}, qr/^[A-Z\x80-\xff].*[.]$/, "$name: a sentence");
	unlike($answer->{content}, qr{\Q@{[$s->store]}\E|select |drift\.|\.c:\d|SQLSTATE}i,
		"$name: nothing of what is inside");
}

# Refused by us or by the server before us, which has a page of its own.
sub refused {
	my ($s, $answer, $name) = @_;
	return is_problem($s, $answer, 400, $name)
	  if ($answer->{headers}{'content-type'} // '') eq 'application/problem+json';
	like($answer->{status}, qr/^(400|414|431)$/, "$name: by the server");
}

sub describe_media {
	my ($s) = @_;
	my %bad = (
		'an empty file'           => '',
		'one byte'                => 'R',
		'a text that is called .wav' => "RIFF this is a text\n" x 100,
		'HTML'                    => '<!DOCTYPE html><title>x</title>' x 50,
		'a playlist'              => "#EXTM3U\n#EXT-X-VERSION:3\n/etc/passwd\n",
		'an ffconcat'             => "ffconcat version 1.0\nfile /etc/passwd\n",
		'a truncated header'      => substr($wav, 0, 30),
		'a header and no samples' => substr($wav, 0, 44) =~ s/data....$/data\0\0\0\0/sr,
		'zeros'                   => "\0" x 100_000,
	);
	for my $name (sort keys %bad) {
		my $answer = put($s, $bad{$name});
		is_problem($s, $answer, 415, $name);
		my $track = $answer->{headers}{'drift-track'} or next;
		is($s->psql("select count(*) from drift.upload where track = '$track' and state <> 'failed'"),
			0, "$name: the upload has failed");
		my $id = $s->psql("select id from drift.upload where track = '$track'");
		ok(!-e $s->store . "/upload/$id", "$name: its file is gone");
		my $status = $s->status($track)->{source};
		is($status->{state}, 'failed', "$name: status says so");
		ok($status->{error}, "$name: and why");
	}
	# by tus the same, and HEAD says that it is over
	my $tus = Tus->new($s);
	my $path = $tus->create(4, filename => 'x.wav');
	is_problem($s, $tus->patch($path, 0, 'text'), 415, 'a text by tus');
	is($tus->head($path)->{status}, 410, 'HEAD afterwards');
	is($tus->patch($path, 4, '')->{status}, 410, 'PATCH afterwards');
	is_problem($s, $tus->post({ 'Upload-Length' => 0 }), 415, 'an empty file by tus');
}

sub describe_lengths {
	my ($s) = @_;
	my $tus = Tus->new($s);
	my ($host) = $s->url =~ m{^http://([^/]+)};
	my $head = "PUT $programs/?name=cut.wav HTTP/1.1\r\nHost: $host\r\nConnection: close\r\nX-Api-Key: "
	  . $s->key . "\r\n";
	my $half = int($size / 2);
	my $socket = $s->connect;
	print $socket "${head}Content-Length: $size\r\n\r\n" . substr $wav, 0, $half;
	my $row = sub {
		$s->psql("select state || ' ' || drift.upload_offset(received) from drift.upload"
			  . " where name = 'cut.wav' and length = $size order by created desc limit 1");
	};
	ok(Tus::wait_for(sub { $row->() eq "receiving $half" }), 'what came is acknowledged');
	shutdown $socket, 1;
	unlike($tus->end($socket), qr/^2/, 'a body shorter than announced is no success');
	is($row->(), "receiving $half", 'what came is kept');
	close $socket;
	my $limit = $s->request('OPTIONS', "$programs/")->{headers}{'tus-max-size'};
	my $answer = $s->raw("${head}Content-Length: -5\r\n\r\n");
	like($answer, qr{^HTTP/1\.1 4\d\d }, 'a negative length');
	$answer = $tus->post({ 'Upload-Length' => $limit + 1 });
	is_problem($s, $answer, 413, 'an upload over the limit');
	is($answer->{headers}{'tus-max-size'}, $limit, 'it says the limit');
	for my $bad ('-1', 'x', '1.5', '', '99999999999999999999', '0x10') {
		is($tus->post({ 'Upload-Length' => $bad })->{status}, 400, "Upload-Length '$bad'");
	}
	is($tus->post({})->{status}, 400, 'no Upload-Length');
	my $path = $tus->create(10);
	is_problem($s, $tus->patch($path, 0, 'x' x 11), 413, 'a piece that is longer than the rest');
	is($tus->head($path)->{headers}{'upload-offset'}, 0, 'nothing of it is kept');
}

sub describe_tus {
	my ($s) = @_;
	my $tus = Tus->new($s);
	my $path = $tus->create($size);
	is_problem($s, $tus->patch($path, 5, 'x'), 409, 'an offset too high');
	my $answer = $tus->patch($path, 0, substr $wav, 0, 100);
	is($answer->{status}, 204, 'a piece');
	$answer = $tus->patch($path, 0, 'x');
	is_problem($s, $answer, 409, 'an offset too low');
	is($answer->{headers}{'upload-offset'}, 100, 'it says where the upload stands');
	ok($answer->{headers}{'drift-track'}, 'Drift-Track on a refusal');
	is($tus->patch($path, $_, 'x')->{status}, 400, "offset '$_'") for '-1', 'x', '', '1e2';
	is_problem($s, $tus->patch($path, 100, 'x', 'Content-Type' => 'audio/wav'), 415, 'another type');
	is($tus->patch($path, 100, 'x', 'Upload-Offset' => undef)->{status}, 400, 'no offset');
	$answer = $tus->patch($path, 100, 'x', 'Tus-Resumable' => undef);
	is_problem($s, $answer, 412, 'no version');
	is($answer->{headers}{'tus-version'}, '1.0.0', 'it says which');
	is($tus->patch($path, 100, 'x', 'Tus-Resumable' => '0.2.2')->{status}, 412, 'another version');
	is($tus->post({ 'Upload-Length' => 5, 'Upload-Metadata' => 'a', 'Tus-Resumable' => undef })->{status}, 412,
		'POST too');
	for my $bad (',', 'filename x', 'filename YQ==,filename YQ==', 'filename AA==', 'filename ' . 'YWFh' x 500)
	{
		is($tus->post({ 'Upload-Length' => 5, 'Upload-Metadata' => $bad })->{status},
			400, 'Upload-Metadata ' . substr $bad, 0, 30);
	}
	is($tus->request('PUT', $path, {}, 'x')->{status}, 405, 'PUT of an upload');
	is($tus->request('GET', $path, {})->{status}, 204, 'GET of an upload, as the draft has it');
	is_problem($s, $tus->patch("$programs/$unknown", 0, 'x'), 404, 'an unknown upload');
	is($tus->head("$programs/$unknown")->{status}, 404, 'HEAD of it');
	is($tus->request('DELETE', "$programs/$unknown", {})->{status}, 404, 'DELETE of it');
	for my $key (undef, '', 'wrong', "' or 1=1 --") {
		is($tus->patch($path, 100, 'x', 'X-Api-Key' => $key)->{status}, 401, 'key ' . ($key // 'none'));
		is($tus->head($path, 'X-Api-Key' => $key)->{status}, 401, 'HEAD');
	}
	is($tus->patch($path, 100, substr $wav, 100)->{status}, 204, 'after all that the upload is whole');
}

sub describe_names {
	my ($s) = @_;
	my %names = (
		'../../../etc/passwd.wav'      => 'passwd',
		'..\\..\\boot.ini.wav'         => 'boot.ini',
		'/'                            => '/',
		"'; drop table drift.track; --.wav" => "'; drop table drift.track; --",
		'$(reboot).wav'                => '$(reboot)',
		'%s%n%x.wav'                   => '%s%n%x',
		"\xc3\x84rger.wav"             => "\xc3\x84rger",
	);
	for my $name (sort keys %names) {
		my $answer = put($s, $wav, 'name=' . Drift::escape($name));
		is($answer->{status}, 201, "the name $name") or diag $answer->{content};
		my $track = $answer->{headers}{'drift-track'} or next;
		is($s->psql("select title from drift.track_get('$track')"), $names{$name}, 'is a title');
		my @files = glob sprintf '%s/%s/%s/v1/*', $s->store, substr($track, 0, 2), $track;
		is_deeply([ grep { !m{/(source|opus|waveform|remux|growing|master)[\w.-]*\z} } @files ], [], 'and names no file');
		is(scalar(grep { m{/source\.wav\z} } @files), 1, 'of which one is the source');
		$s->admin(DELETE => "$programs/track/$track");
	}
	refused($s, put($s, $wav, 'name=a%00b.wav'), 'NUL in a name');
	my $answer = put($s, $wav, 'name=' . 'x' x 7000);
	is_problem($s, $answer, 400, 'a name of 7,000 bytes');
	like(Drift::json($answer)->{detail}, qr/name/, 'says what is wrong');
	refused($s, put($s, $wav, 'name=' . 'x' x 8192), 'a name of 8 KiB');
	# lighttpd lets no line end through, Apache does: a title may have one, a header not
	$answer = put($s, $wav, 'name=' . Drift::escape("a\r\nSet-Cookie: x=1.wav"));
	like($answer->{status}, qr/^(201|400)$/, 'a name with a line end');
	is($answer->{headers}{'set-cookie'}, undef, 'sets no header');
	$answer = put($s, $wav, 'name=%ff%fe.wav');
	is($answer->{status}, 400, 'a name that is not UTF-8');
	# lighttpd refuses it itself, before a program could say why
	like(Drift::json($answer)->{detail}, qr/name/, 'says what is wrong')
	  if $answer->{headers}{'content-type'} =~ /json/;
}

sub describe_ids {
	my ($s) = @_;
	for my $id ($unknown, 'x', '1', "$unknown'--", substr($unknown, 1), "${unknown}0", '%2e%2e', '*', 'track',
		'00000000-0000-4000-8000-00000000000g', '00000000000040008000000000000000', "{$unknown}")
	{
		my $escaped = $id =~ /%/ ? $id : Drift::escape($id);
		for (['GET', 'status'], ['PATCH', ''], ['DELETE', ''], ['PUT', ''], ['POST', 'regenerate']) {
			my ($method, $rest) = @$_;
			my $path = "$programs/track/$escaped" . ($rest ? "/$rest" : '');
			my %body = $method eq 'GET' ? () : (content => '{}', headers => { 'Content-Type' => 'application/json' });
			my $answer = $s->admin($method => $path, %body);
			like($answer->{status}, $id =~ /%/ ? qr/^4/ : qr/^404$/, "$method of the track $id");
		}
	}
	is($s->get("$programs/track/$unknown/" . 'a/' x 20)->{status}, 404, 'far too deep');
	is($s->get("$programs/nowhere")->{status}, 404, 'nowhere');
	for (['GET', '/'], ['PATCH', '/'], ['GET', '/backfill'], ['POST', "/track/$unknown"],
		['PUT', "/track/$unknown/status"], ['GET', "/track/$unknown/regenerate"])
	{
		my $answer = $s->admin($_->[0] => "$programs$_->[1]", $_->[0] eq 'GET' ? () : (content => ''));
		is_problem($s, $answer, 405, "$_->[0] of $_->[1]");
		like($answer->{headers}{allow}, qr/OPTIONS, /, 'says what is allowed');
	}
}

# Every parameter there is, of every program, in words that a query made of text would run.
sub describe_sql {
	my ($s) = @_;
	my $track = put($s, $wav, 'name=bait.wav')->{headers}{'drift-track'};
	my $tables = "select string_agg(relname, ',' order by relname) from pg_class"
	  . " where relnamespace = 'drift'::regnamespace";
	my $before = $s->psql($tables);
	my $cgi = '/cgi-bin';
	for my $bait ("'; drop table drift.upload cascade; --", "') or (select pg_sleep(40)) is not null or ('1'='",
		"\\'; update drift.track set title = 'hooked'; --", '$1; $$')
	{
		my $text = Drift::escape($bait);
		my $json = JSON::PP->new->encode([$bait]) =~ s/^\[|\]$//gr;
		my %type = ('Content-Type' => 'application/json');
		my @requests = (
			(map { [ GET => "$cgi/$_" ] } "stream.fcgi/$text", "stream.fcgi/$track?format=$text",
				"stream.fcgi/$text/manifest.json", "seekidx.fcgi/$text", "seekidx.fcgi/$track?format=$text",
				"seekidx.fcgi/$track?t=$text", "catalogue.fcgi/tracks?q=$text", "catalogue.fcgi/tracks?after=$text",
				"catalogue.fcgi/tracks?limit=$text", "catalogue.fcgi/tracks/$text", "upload.fcgi/track/$text/status"),
			[ GET => "$cgi/settings.fcgi/", { Cookie => "theme=$text; streamQuality=$text" } ],
			[ GET => "$cgi/upload.fcgi/track/$track/status", { 'If-None-Match' => $bait } ],
			[ PUT  => "$cgi/settings.fcgi/", \%type, "{\"theme\": $json, $json: $json}" ],
			[ POST => "$cgi/settings.fcgi/", { 'Content-Type' => 'application/x-www-form-urlencoded' },
				"theme=$text&$text=$text" ],
			[ POST => "$cgi/catalogue.fcgi/plays", \%type, "{\"track\": $json, \"rendition\": $json, \"kind\": $json}" ],
			[ POST => "$cgi/upload.fcgi/track/$track/regenerate?kind=$text", {}, '' ],
			[ POST => "$cgi/upload.fcgi/backfill?kind=$text", {}, '' ],
			[ PATCH => "$cgi/upload.fcgi/track/$track", \%type, "{$json: $json}" ],
			[ PATCH => "$cgi/upload.fcgi/track/$track", \%type, "{\"title\": $json}" ],
			[ PUT  => "$cgi/upload.fcgi/?name=$text", {}, 'no media' ],
			[ POST => "$cgi/upload.fcgi/", { 'Tus-Resumable' => '1.0.0', 'Upload-Length' => $bait }, '' ],
			(map {
				[ POST => "$cgi/upload.fcgi/", { 'Tus-Resumable' => '1.0.0', 'Upload-Length' => 5,
					'Upload-Metadata' => Tus::metadata($_ => $bait) }, '' ]
			} qw(filename track x)),
			(map { [ DELETE => "$cgi/upload.fcgi/track/$track", $_ ] }
				{ 'X-Api-Key' => $bait }, { 'X-Api-Key' => '', Authorization => "Bearer $bait" }),
		);
		for (@requests) {
			my ($method, $path, $headers, $content) = @$_;
			my $begun = time;
			my %body = defined $content ? (content => $content) : ();
			my $answer = $s->admin($method => $path, headers => $headers // {}, %body);
			my $name = "$method " . substr($path, 0, 60) . ' ' . join ' ', %{ $headers // {} };
			like($answer->{status}, qr/^[24]\d\d$/, $name) or diag $answer->{content};
			cmp_ok(time - $begun, '<', 35, 'sleeps not') if $bait =~ /sleep/;
		}
		is($s->psql("select title from drift.track where id = '$track'"), $bait, 'a title is a text');
	}
	is($s->psql($tables), $before, 'every table is there');
	is($s->psql("select count(*) from drift.track where title = 'hooked'"), 0, 'nobody has another title');
}

for my $s (Drift::stacks()) {
	subtest $s->name => sub { $s->tidily(sub {
		subtest 'refuses what is no media, saying why' => sub { describe_media($s) };
		subtest 'believes no length' => sub { describe_lengths($s) };
		subtest 'takes no tus request that is not in order' => sub { describe_tus($s) };
		subtest 'makes no file of a name' => sub { describe_names($s) };
		subtest 'finds nothing where nothing is' => sub { describe_ids($s) };
		subtest 'takes no parameter for SQL' => sub { describe_sql($s) };
	}) };
}
done_testing;
