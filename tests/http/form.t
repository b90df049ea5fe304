#!/usr/bin/perl
# upload.fcgi: files in a form, as curl -F and browsers without script send them (RFC 7578)
use strict;
use warnings;
use lib 'tests/http/lib';
use Drift;
use JSON::PP qw(decode_json);
use Test::More;
use Time::HiRes qw(sleep time);

my $folder = Drift::folder();
my $path = '/cgi-bin/upload.fcgi/';
my $song = Drift::tone_wav("$folder/Low Tide.wav", seconds => 5);
my $flac = Drift::ffmpeg('-f', 'lavfi', '-i', 'sine=d=3', "$folder/High Tide.flac");
my $text = Drift::spew("$folder/notes.txt", "Not music.\n");
my $nothing = Drift::spew("$folder/nothing.wav", '');
my $boundary = 'A boundary';

# curl, with a form: status, headers, content.
sub curl {
	my ($s, @options) = @_;
	open my $in, '-|', 'curl', '-sS', '-D', "$folder/head", @options, $s->url . $path or die "curl: $!";
	my $body = do { local $/; <$in> } // '';
	close $in;
	my ($status, $head) = Drift::slurp("$folder/head") =~ m{.*HTTP/1\.1 (\d+)[^\n]*\n(.*)}s;
	my %headers = map { /^([^:]+):\s*(.*?)\r?$/ ? (lc $1, $2) : () } split /\n/, $head;
	return { status => $status, headers => \%headers, content => $body };
}

sub key { my ($s) = @_; return ('-H', 'X-Api-Key: ' . $s->key) }

# A form byte by byte: [name, content] or [name, content, filename].
sub form {
	my @parts = @_;
	my $body = join '', map {
		my ($name, $content, $file) = @$_;
		my $filename = defined $file ? qq(; filename="$file") : '';
		"--$boundary\r\nContent-Disposition: form-data; name=\"$name\"$filename\r\n\r\n$content\r\n"
	} @parts;
	return "$body--$boundary--\r\n";
}

sub post {
	my ($s, $body, %headers) = @_;
	return $s->request(POST => $path, {
		headers => { 'Content-Type' => "multipart/form-data; boundary=\"$boundary\"", %headers },
		content => $body
	});
}

sub source_of {
	my ($s, $track, $version) = @_;
	my $name = $s->psql("select name from drift.source where track = '$track' and version = $version");
	return Drift::slurp(sprintf '%s/%s/%s/v%d/%s', $s->store, substr($track, 0, 2), $track, $version, $name);
}

sub count { my ($s) = @_; return $s->psql('select (select count(*) from drift.track) || $$ $$ || count(*) from drift.upload') }

# A refusal leaves nothing.
sub refuses {
	my ($s, $status, $name, @call) = @_;
	my $before = count($s);
	my $answer = $call[0]->();
	is $answer->{status}, $status, $name or diag $answer->{content};
	is $answer->{headers}{'content-type'}, 'application/problem+json', '... as a problem';
	is count($s), $before, '... and nothing is stored' unless $status == 415;
	return $answer;
}

sub check_one {
	my ($s) = @_;
	my $answer = curl($s, key($s), '-F', "file=\@$song");
	is $answer->{status}, 201, 'curl -F' or diag $answer->{content};
	my $json = decode_json($answer->{content});
	my $track = $json->{track};
	is $answer->{headers}{'drift-track'}, $track, 'Drift-Track';
	like $answer->{headers}{location}, qr{/cgi-bin/stream\.fcgi/$track$}, 'Location';
	is "$json->{version} $json->{source}{state} $json->{source}{received}", '1 stored ' . -s $song, 'the state';
	ok source_of($s, $track, 1) eq Drift::slurp($song), 'byte for byte';
	is $s->psql("select title from drift.track_get('$track')"), 'Low Tide', 'the name is a title';
	is length $s->psql("select sha256 from drift.source where track = '$track'"), 64, 'with its SHA-256';
	$answer = curl($s, '-F', 'key=' . $s->key, '-F', 'name=Other.wav', '-F', "track=$track", '-F', "x=\@$flac");
	is $answer->{status}, 200, 'key, track and name in fields';
	is "$answer->{headers}{'drift-track'} " . decode_json($answer->{content})->{version}, "$track 2", 'its next version';
	ok source_of($s, $track, 2) eq Drift::slurp($flac), 'byte for byte';
	is $answer->{headers}{location}, undef, 'no Location';
}

sub check_several {
	my ($s) = @_;
	my $answer = curl($s, key($s), '-F', "a=\@$song", '-F', "b=\@$text", '-F', "b=\@$nothing", '-F', "c=\@$flac");
	is $answer->{status}, 201, 'several files' or diag $answer->{content};
	my $json = decode_json($answer->{content});
	is scalar @{ $json->{tracks} }, 2, 'two are tracks';
	ok source_of($s, $json->{tracks}[0]{track}, 1) eq Drift::slurp($song), 'the first';
	ok source_of($s, $json->{tracks}[1]{track}, 1) eq Drift::slurp($flac), 'the second';
	is_deeply [ map { $_->{name} } @{ $json->{refused} } ], [ 'notes.txt', 'nothing.wav' ], 'two are refused';
	like $json->{refused}[0]{detail}, qr/text/, 'in words';
	is $json->{refused}[1]{detail}, 'The file is empty.', 'each in its own';
	$answer = refuses($s, 415, 'one that is no audio', sub { curl($s, key($s), '-F', "a=\@$text") });
	like decode_json($answer->{content})->{detail}, qr/text/, '... with the reason';
	refuses($s, 415, 'an empty one', sub { curl($s, key($s), '-F', "a=\@$nothing") });
}

# FormData of Node, which browsers have too: other boundaries, names in UTF-8, a key before two files.
sub check_form_data {
	my ($s) = @_;
	my $script = q{
		const [url, key, ...files] = process.argv.slice(1);
		const form = new FormData();
		form.append('key', key);
		for (const file of files)
			form.append('file', new Blob([require('fs').readFileSync(file)]), 'Größe "x".wav');
		fetch(url, { method: 'POST', body: form }).then((answer) => answer.text()).then(console.log);
	};
	open my $in, '-|', 'node', '-e', $script, $s->url . $path, $s->key, $song, $flac or die "node: $!";
	my $json = decode_json(do { local $/; <$in> });
	close $in;
	my @tracks = map { $_->{track} } @{ $json->{tracks} };
	ok source_of($s, $tracks[0], 1) eq Drift::slurp($song), 'the first';
	ok source_of($s, $tracks[1], 1) eq Drift::slurp($flac), 'the second';
	is $s->psql("select title from drift.track_get('$tracks[0]')"), 'Größe "x"', 'by its name';
}

sub check_keys {
	my ($s) = @_;
	my @file = ('-F', "file=\@$song");
	my $answer = refuses($s, 401, 'without a key', sub { curl($s, @file) });
	like $answer->{headers}{'www-authenticate'}, qr/^Bearer/, '... it says so';
	refuses($s, 401, 'a key behind the file', sub { curl($s, @file, '-F', 'key=' . $s->key) });
	refuses($s, 401, 'a wrong key in a field', sub { curl($s, '-F', 'key=x', @file) });
	refuses($s, 401, 'a wrong key in the head', sub { curl($s, '-H', 'X-Api-Key: x', '-F', 'key=' . $s->key, @file) });
	my $listener = $s->psql("select drift.key_create('form.t', 'listen')");
	refuses($s, 403, 'a key that may only listen', sub { curl($s, '-F', "key=$listener", @file) });
}

sub check_hostile {
	my ($s) = @_;
	my @key = ('X-Api-Key' => $s->key);
	my $wav = Drift::slurp($song);
	my $good = form([ file => $wav, 'x.wav' ]);
	refuses($s, 400, 'no boundary', sub { post($s, $good, @key, 'Content-Type' => 'multipart/form-data') });
	refuses($s, 400, 'a form without its end', sub { post($s, substr($good, 0, -20), @key) });
	refuses($s, 400, 'one that ends in a file', sub { post($s, substr($good, 0, 500_000), @key) });
	refuses($s, 400, 'another boundary', sub { post($s, $good =~ s/boundary--/bound--/r, @key) });
	refuses($s, 400, 'no form', sub { post($s, '{"file": 1}', @key) });
	refuses($s, 400, 'no file', sub { post($s, form([ a => 'b' ]), @key) });
	refuses($s, 400, 'nothing chosen', sub { post($s, form([ file => '', '' ]), @key) });
	refuses($s, 400, 'a NUL in a field', sub { post($s, form([ key => "a\0b" ], [ file => $wav, 'x.wav' ])) });
	refuses($s, 404, 'no such track', sub { post($s, form([ track => '1' ], [ file => $wav, 'x.wav' ]), @key) });
	refuses($s, 413, 'a head without end', sub { post($s, "--$boundary\r\nX: " . 'x' x 100_000, @key) });
	refuses($s, 413, 'fields without end', sub { post($s, form([ a => 'x' x 2_000_000 ])) });
	refuses($s, 413, 'parts without end', sub { post($s, form(map { [ a => '' ] } 1 .. 20_000)) });
	# what only looks like the end of a part
	my $odd = $wav . "\r\n--A bound\r\n--A boundarx--\r\n\r\n--";
	my $answer = post($s, "To whom it may concern\r\n" . form([ file => $odd, 'Ebbe %22Flut%22 🎵.wav' ]), @key);
	is $answer->{status}, 201, 'a preamble, and a file with all but a boundary in it' or diag $answer->{content};
	my $track = $answer->{headers}{'drift-track'};
	ok source_of($s, $track, 1) eq $odd, '... byte for byte';
	is $s->psql("select title from drift.track_get('$track')"), 'Ebbe "Flut" 🎵', '... by its name';
}

sub check_arriving {
	my ($s) = @_;
	my $file = Drift::slurp(Drift::tone_wav("$folder/long.wav", seconds => 40));
	my $body = form([ key => $s->key ], [ file => $file, 'Arriving.wav' ]);
	my $before = count($s);
	my $socket = $s->connect;
	print {$socket} "POST $path HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: multipart/form-data;"
	  . " boundary=\"$boundary\"\r\nContent-Length: ", length $body, "\r\n\r\n", substr $body, 0, 3_000_000;
	my $until = time + 30;
	my $row = sub { $s->psql("select id, track, coalesce(upper(received), 0) from drift.upload where name = 'Arriving.wav'") };
	sleep 0.1 while ((split /\|/, $row->())[2] // 0) < 2_900_000 && time < $until;
	my ($id, $track, $received) = split /\|/, $row->();
	cmp_ok $received, '>=', 2_900_000, 'what came is acknowledged while the rest is under way';
	open my $in, '<:raw', $s->store . "/upload/$id" or die $!;
	read $in, my $kept, 2_900_000;
	ok $kept eq substr($file, 0, 2_900_000), '... and on the disk';
	is $s->get("/cgi-bin/stream.fcgi/$track", Range => 'bytes=0-99')->{status}, 206, '... and heard';
	close $socket;
	sleep 0.1 while $row->() && time < $until;
	is $row->(), '', 'a form that breaks off leaves no upload';
	is count($s), $before, '... and no track';
	ok !-e $s->store . "/upload/$id", '... and no file';
}

sub check_page {
	my ($s) = @_;
	my %browser = (Accept => 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8');
	my $wav = Drift::slurp($song);
	my $answer = post($s, form([ key => $s->key ], [ file => $wav, '<b>.wav' ], [ file => 'x', 'y.txt' ]), %browser);
	is $answer->{status}, 201, 'a browser';
	is $answer->{headers}{'content-type'}, 'text/html; charset=utf-8', '... gets a page';
	my $track = $answer->{headers}{'drift-track'};
	like $answer->{content}, qr{<h1>Uploaded</h1>.*&lt;b&gt;\.wav.*src="/cgi-bin/stream\.fcgi/$track".*y\.txt.*Not taken: }s,
		'... that shows what came of each';
	unlike $answer->{content}, qr/<b>/, '... and is no markup of strangers';
	$answer = post($s, form([ key => 'wrong' ], [ file => $wav, 'x.wav' ]), %browser);
	is "$answer->{status} $answer->{headers}{'content-type'}", '401 text/html; charset=utf-8', 'also a failure';
	like $answer->{content}, qr/This key is not known\./, '... in words';
	like $s->get('/upload.html')->{content},
		qr{<noscript>\s*<form[^>]*method="post" enctype="multipart/form-data" action="cgi-bin/upload\.fcgi/">.*name="key".*type="file".*</noscript>}s,
		'the upload page has such a form, the key first';
}

for my $s (Drift::stacks()) {
	subtest $s->name => sub {
		$s->tidily(sub {
			subtest 'one file' => sub { check_one($s) };
			subtest 'several files' => sub { check_several($s) };
			subtest 'FormData' => sub { check_form_data($s) };
			subtest 'keys' => sub { check_keys($s) };
			subtest 'hostile forms' => sub { check_hostile($s) };
			subtest 'as it arrives' => sub { check_arriving($s) };
			subtest 'in a browser' => sub { check_page($s) };
		});
	};
}
done_testing;
