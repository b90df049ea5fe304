#!/usr/bin/perl
# upload.fcgi by the IETF draft "Resumable Uploads for HTTP", request by request
use strict;
use warnings;
use lib 'tests/http/lib';
use Digest::SHA qw(sha256_base64 sha256_hex sha512_base64);
use Draft;
use Drift;
use Test::More;

my $folder = Drift::folder();
my $wav = Drift::slurp(Drift::tone_wav("$folder/tone.wav", seconds => 6));
my $size = length $wav;

sub state_of {
	my ($s, $path) = @_;
	my ($id) = $path =~ /([0-9a-f-]{36})$/;
	return $s->psql("select state from drift.upload_get('$id')");
}

sub is_stored {
	my ($s, $path, $track) = @_;
	is(state_of($s, $path), 'stored', 'stored');
	my $source = sprintf '%s/%s/%s/v1/source.wav', $s->store, substr($track, 0, 2), $track;
	ok(Drift::slurp($source) eq $wav, 'byte for byte');
}

# What an answer says of the upload.
sub says {
	my ($answer, $status, $offset, $complete, $name) = @_;
	my $h = $answer->{headers};
	is("$answer->{status} $h->{'upload-offset'} $h->{'upload-complete'}",
		"$status $offset $complete", $name) or diag $answer->{content};
}

my $types = 'https://iana.org/assignments/http-problem-types#';

# A refusal in the draft's words: status and problem type ("" for none of its own).
sub refuses {
	my ($answer, $status, $type, $name) = @_;
	my $problem = eval { Drift::json($answer) } // {};
	$type = $type ? "$types$type" : 'about:blank';
	is(join(' ', $answer->{status}, $problem->{status} // '', $problem->{type} // ''), "$status $status $type", $name)
	  or diag $answer->{content};
	return $problem;
}

# A member of a digest field (RFC 9530), padded as MIME has it.
sub digest {
	my ($name, $text) = @_;
	my $letters = $name eq 'sha-256' ? sha256_base64($text) : sha512_base64($text);
	$letters .= '=' while length($letters) % 4;
	return "$name=:$letters:";
}

# Lines of upload.fcgi in the server's logs that say error.
sub count_errors {
	my ($s) = @_;
	return scalar grep { /upload\.fcgi\[\d+\] error:/ } map { split /\n/, Drift::slurp($_) } glob $s->var . '/state/log/*';
}

sub count_uploads { my ($s) = @_; return $s->psql('select count(*) from drift.upload') }

sub describe {
	my ($s) = @_;
	my $draft = Draft->new($s);
	my $answer;

	subtest 'takes a whole file with the creation' => sub {
		$answer = $draft->post({ 'Upload-Complete' => '?1' }, $wav, name => 'Whole.wav');
		says($answer, 201, $size, '?1', 'POST');
		my ($path, $track) = @{ $answer->{headers} }{qw(location drift-track)};
		is($answer->{headers}{'upload-draft-interop-version'}, 6, 'the version comes back');
		like($answer->{headers}{'upload-limit'}, qr/^max-size=\d+, min-size=1, min-append-size=0, max-age=\d+$/, 'limits');
		is_stored($s, $path, $track);
		is($s->psql("select title from drift.track_get('$track')"), 'Whole', 'title by name');
		is($s->psql("select sha256 from drift.source where track = '$track'"),
			sha256_hex($wav), 'with its SHA-256');
	};

	subtest 'goes on where it stands' => sub {
		$answer = $draft->post({ 'Upload-Length' => $size }, substr $wav, 0, 5000);
		says($answer, 201, 5000, '?0', 'POST with the beginning');
		my ($path, $track) = @{ $answer->{headers} }{qw(location drift-track)};
		$answer = $draft->head($path);
		says($answer, 204, 5000, '?0', 'HEAD');
		is($answer->{headers}{'upload-length'}, $size, 'length');
		is($answer->{headers}{'cache-control'}, 'no-store', 'not to be cached');
		is($answer->{headers}{'drift-track'}, $track, 'track');
		says($draft->patch($path, 5000, substr $wav, 5000, 100_000), 204, 105_000, '?0', 'PATCH');
		$answer = $draft->patch($path, 105_000, substr($wav, 105_000), 'Upload-Complete' => '?1');
		says($answer, 204, $size, '?1', 'the rest');
		is_stored($s, $path, $track);
		says($draft->head($path), 204, $size, '?1', 'HEAD at the end');
		says($draft->patch($path, 0, substr $wav, 0, 10), 204, $size, '?1', 'bytes that are there already');
		is($draft->request('DELETE', $path, {})->{status}, 204, 'DELETE of the upload');
		is($draft->head($path)->{status}, 404, 'is the end of it');
	};

	subtest 'learns the length at the end' => sub {
		my $path = $draft->create(undef);
		is($draft->head($path)->{headers}{'upload-length'}, undef, 'it is not known');
		says($draft->patch($path, 0, substr $wav, 0, 1000), 204, 1000, '?0', 'a piece');
		$answer = $draft->patch($path, 1000, substr($wav, 1000));
		says($answer, 204, $size, '?0', 'all of it, without a word');
		is($answer->{headers}{'drift-track'}, $draft->head($path)->{headers}{'drift-track'}, 'track');
		$answer = $draft->patch($path, $size, '', 'Upload-Complete' => '?1');
		says($answer, 204, $size, '?1', 'that was all');
		is_stored($s, $path, $answer->{headers}{'drift-track'});
	};

	subtest 'refuses lengths that do not fit' => sub {
		my $path = $draft->create($size);
		refuses($draft->patch($path, 0, 'x' x 10, 'Upload-Complete' => '?1'), 400, 'inconsistent-upload-length',
			'the last one, too early');
		refuses($draft->patch($path, $size + 1, ''), 400, 'inconsistent-upload-length', 'behind the end');
		refuses($draft->patch($path, 0, 'x', 'Upload-Length' => $size - 1), 400, 'inconsistent-upload-length', 'another length');
		is($draft->patch($path, -1, 'x')->{status}, 400, 'an offset that is none');
		is($draft->patch($path, undef, 'x')->{status}, 400, 'no offset');
		is($draft->patch($path, 0, 'x', 'Upload-Complete' => 'yes')->{status}, 400, 'not a boolean');
		is($draft->patch($path, 0, 'x', 'Content-Type' => 'text/plain')->{status}, 415, 'another type');
		says($draft->head($path), 204, 0, '?0', 'nothing of it is kept');
		$path = $draft->create(undef);
		$draft->patch($path, 1000, 'x' x 10);
		is($draft->patch($path, 0, 'x' x 10, 'Upload-Complete' => '?1')->{status}, 400, 'bytes behind the last one');
		my $uploads = count_uploads($s);
		refuses($draft->post({ 'Upload-Complete' => '?1', 'Upload-Length' => $size }, 'x'), 400,
			'inconsistent-upload-length', 'a whole that is not');
		is(count_uploads($s), $uploads, '... of which nothing is left');
	};

	subtest 'gives up what goes beyond its length' => sub {
		for my $case (['behind the end', $size - 5], ['from far behind it', $size + 100]) {
			my ($name, $offset) = @$case;
			my $path = $draft->create($size);
			$draft->patch($path, 0, substr $wav, 0, 1000);
			refuses($draft->patch($path, $offset, 'x' x 10), 400, 'inconsistent-upload-length', $name);
			is($draft->head($path)->{status}, 410, '... HEAD');
			refuses($draft->patch($path, 1000, 'x' x 10), 410, '', '... PATCH');
			like(Drift::json($draft->patch($path, 1000, 'x'))->{detail}, qr/given up/, '... in words');
			is(state_of($s, $path), 'failed', '... for good');
			ok(!-e $draft->file($path), '... and the bytes are gone');
		}
		my $answer = $draft->post({ 'Upload-Complete' => '?1' }, $wav);
		my ($path, $track) = @{ $answer->{headers} }{qw(location drift-track)};
		refuses($draft->patch($path, $size, 'x'), 400, 'inconsistent-upload-length', 'more of what is stored');
		is_stored($s, $path, $track);
	};

	subtest 'tells the offset by GET too, and refuses fields that mean bytes' => sub {
		my $path = $draft->create($size);
		$draft->patch($path, 0, substr $wav, 0, 1000);
		my ($get, $head) = map { $draft->request($_, $path, {}) } qw(GET HEAD);
		says($get, 204, 1000, '?0', 'GET');
		is($get->{content} // '', '', 'has no content');
		delete $_->{headers}{date} for $get, $head;
		s/max-age=\d+/max-age=N/ for map { $_->{headers}{'upload-limit'} } $get, $head;
		is_deeply($get->{headers}, $head->{headers}, 'and the headers of HEAD');
		for my $method (qw(GET HEAD DELETE)) {
			for my $field (['Upload-Offset', 0], ['Upload-Complete', '?1'], ['Upload-Length', $size]) {
				is($draft->request($method, $path, {@$field})->{status}, 400, "$method with $field->[0]");
			}
		}
		says($draft->head($path), 204, 1000, '?0', 'it is there all the same');
	};

	subtest 'tells the limits' => sub {
		my $answer = $draft->request('OPTIONS', '/cgi-bin/upload.fcgi/', {});
		my ($most) = $answer->{headers}{'upload-limit'} =~ /^max-size=(\d+), min-size=1, min-append-size=0$/;
		ok($most, 'OPTIONS');
		$answer = $draft->post({ 'Upload-Length' => $most + 1 });
		refuses($answer, 413, '', 'more than that');
		like($answer->{headers}{'upload-limit'}, qr/^max-size=$most,/, '... with the limit');
		$answer = $draft->post({ 'Upload-Length' => 0 });
		like(refuses($answer, 415, '', 'an empty file')->{detail}, qr/empty/, '... in words');
		like($answer->{headers}{'upload-limit'}, qr/, min-size=1,/, '... with the limit');
		is($answer->{headers}{'upload-complete'}, '?1', '... for good');
		$answer = $draft->post({ 'Upload-Complete' => '?1' }, '');
		is("$answer->{status} $answer->{headers}{'upload-complete'}", '415 ?1', 'one that is said to be whole');
		my $path = $draft->create(undef);
		says($draft->patch($path, 0, ''), 204, 0, '?0', 'a piece of no bytes is one');
		$answer = $draft->patch($path, 0, '', 'Upload-Complete' => '?1');
		is("$answer->{status} $answer->{headers}{'upload-complete'}", '415 ?1', 'but not all of a file');
		is($draft->head($path)->{status}, 410, 'which is given up then');
	};

	subtest 'compares digests' => sub {
		my $uploads = count_uploads($s);
		for my $name (qw(sha-256 sha-512)) {
			my $answer = $draft->post({ 'Upload-Complete' => '?1', 'Content-Digest' => digest($name, $wav) }, $wav);
			says($answer, 201, $size, '?1', "Content-Digest, $name");
			$answer = $draft->post({ 'Upload-Complete' => '?1', 'Content-Digest' => digest($name, 'x') }, $wav);
			like(refuses($answer, 400, '', '... a wrong one')->{detail}, qr/Content-Digest/, '... which is named');
		}
		is(count_uploads($s), $uploads + 2, 'nothing is stored of what is wrong');
		refuses($draft->post({ 'Content-Digest' => 'sha-256=:AAAA:' }, 'x'), 400, '', 'no digest');
		my $path = $draft->create($size);
		refuses($draft->patch($path, 0, substr($wav, 0, 1000), 'Content-Digest' => digest('sha-256', 'x')), 400, '',
			'a wrong piece');
		says($draft->head($path), 204, 0, '?0', '... is not kept');
		says($draft->patch($path, 0, substr($wav, 0, 1000), 'Content-Digest' => digest('sha-256', substr $wav, 0, 1000)),
			204, 1000, '?0', 'a right one is');
		my $answer = $s->admin(PUT => '/cgi-bin/upload.fcgi/?name=x.wav', content => $wav,
			headers => { 'Content-Digest' => digest('sha-256', 'x') });
		refuses($answer, 400, '', 'PUT with a wrong one');
		$answer = $s->admin(PUT => '/cgi-bin/upload.fcgi/?name=x.wav', content => $wav,
			headers => { 'Content-Digest' => digest('sha-256', $wav), 'Repr-Digest' => digest('sha-512', $wav) });
		is($answer->{status}, 201, 'PUT with right ones');
	};

	subtest 'compares the digest of a file that came in pieces' => sub {
		for my $right (1, 0) {
			my $answer = $draft->post({ 'Upload-Length' => $size, 'Repr-Digest' => digest('sha-512', $right ? $wav : 'x') });
			my $path = $answer->{headers}{location};
			$draft->patch($path, 500_000, substr $wav, 500_000);
			$answer = $draft->patch($path, 0, substr($wav, 0, 500_000));
			if ($right) {
				says($answer, 204, $size, '?1', 'Repr-Digest');
				is_stored($s, $path, $answer->{headers}{'drift-track'});
				next;
			}
			like(refuses($answer, 400, '', 'a wrong one')->{detail}, qr/Repr-Digest/, '... which is named');
			is($answer->{headers}{'upload-complete'}, '?1', '... for good');
			is(state_of($s, $path), 'failed', '... is not stored');
			is($draft->head($path)->{status}, 410, '... ever');
		}
		my $answer = $s->admin(PUT => '/cgi-bin/upload.fcgi/?name=x.wav', content => $wav,
			headers => { 'Repr-Digest' => digest('sha-256', 'x') });
		like(refuses($answer, 400, '', 'PUT with a wrong one')->{detail}, qr/Repr-Digest/, '... which is named');
		refuses($draft->post({ 'Repr-Digest' => 'sha-256=x' }), 400, '', 'no digest');
	};

	subtest 'speaks of its own fields' => sub {
		for my $headers ({}, { 'Upload-Length' => 5 }, { 'Upload-Draft-Interop-Version' => 99 }) {
			my $answer = $draft->request('POST', '/cgi-bin/upload.fcgi/', { 'Upload-Draft-Interop-Version' => undef, %$headers }, '');
			like(refuses($answer, 400, '', join ', ', %$headers)->{detail}, qr/^Upload-Complete /, 'names Upload-Complete');
		}
		my $answer = $draft->post({ 'Upload-Complete' => '?0;why="not"', 'Upload-Length' => "$size ; a",
			'Content-Disposition' => q{inline; filename="x.wav"; filename*=UTF-8''Ebbe%20%26%20Flut.wav} });
		is($answer->{status}, 201, 'items may have parameters');
		my $path = $answer->{headers}{location};
		$draft->patch($path, 0, $wav);
		is($s->psql("select title from drift.track_get('$answer->{headers}{'drift-track'}')"), 'Ebbe & Flut',
			'a name in Content-Disposition is one');
		$answer = $draft->patch($path, 0, 'x', 'Content-Type' => 'text/plain');
		is("$answer->{status} $answer->{headers}{'accept-patch'}", '415 application/partial-upload', 'another type');
	};

	subtest 'takes no client\'s mistake for an error of its own' => sub {
		my $errors = count_errors($s);
		my $nobody = '/cgi-bin/upload.fcgi/00000000-0000-4000-8000-000000000000';
		is($draft->head($nobody)->{status}, 404, 'HEAD of nothing');
		is($draft->patch($nobody, 0, 'x')->{status}, 404, 'PATCH');
		is($draft->request('DELETE', $nobody, {})->{status}, 404, 'DELETE');
		is($draft->post({}, undef, track => substr $nobody, -36)->{status}, 404, 'of no track');
		is($draft->post({}, undef, name => "\xff")->{status}, 400, 'a name that is not UTF-8');
		is($draft->head($nobody, 'X-Api-Key' => 'x')->{status}, 401, 'no such key');
		is(count_errors($s), $errors, 'no line says error');
	};

	subtest 'speaks to the draft\'s third version' => sub {
		$answer = $draft->post({ 'Upload-Length' => $size, 'Upload-Draft-Interop-Version' => 5 });
		my $path = $answer->{headers}{location};
		$answer = $draft->patch($path, 0, $wav, 'Upload-Draft-Interop-Version' => 5,
			'Upload-Complete' => '?1', 'Content-Type' => undef);
		says($answer, 204, $size, '?1', 'whose pieces have no type');
		is($answer->{headers}{'upload-draft-interop-version'}, 5, 'the version comes back');
		is_stored($s, $path, $answer->{headers}{'drift-track'});
	};

	subtest 'replaces a track\'s audio' => sub {
		my $track = $draft->post({ 'Upload-Complete' => '?1' }, $wav)->{headers}{'drift-track'};
		$answer = $draft->post({ 'Upload-Complete' => '?1' }, $wav, track => $track);
		is($answer->{headers}{'drift-track'}, $track, 'the same track');
		is($s->psql("select version from drift.track_get('$track')"), 2, 'another version');
		is($draft->post({ 'Upload-Complete' => '?1' }, $wav, track => "1' or 1=1")->{status}, 404, 'no id');
	};

	subtest 'begins with PUT, too' => sub {
		my $programs = '/cgi-bin/upload.fcgi';
		$answer = $draft->request('PUT', "$programs/Put.wav", { 'Upload-Complete' => '?0' }, substr $wav, 0, 1000);
		says($answer, 201, 1000, '?0', 'the beginning');
		my ($path, $track) = @{ $answer->{headers} }{qw(location drift-track)};
		like($path, qr{/upload\.fcgi/[0-9a-f-]{36}$}, 'which can be resumed');
		$answer = $draft->patch($path, 1000, substr($wav, 1000), 'Upload-Complete' => '?1');
		says($answer, 204, $size, '?1', 'the rest');
		is_stored($s, $path, $track);
		is($s->psql("select title from drift.track_get('$track')"), 'Put', 'title by name');
		$answer = $draft->request('PUT', "$programs/track/$track", { 'Upload-Complete' => '?0' }, '');
		is("$answer->{status} $answer->{headers}{'drift-track'}", "201 $track", 'of a track that is there');
		$answer = $draft->request('PUT', "$programs/track/$track", { 'Upload-Complete' => '?1' }, $wav);
		is("$answer->{status} $answer->{headers}{'upload-complete'}", '200 ?1', 'or all of it at once');
		is($s->status($track)->{version}, 3, 'each another version');
	};

	subtest 'needs a key' => sub {
		my $path = $draft->create($size);
		is($draft->head($path, 'X-Api-Key' => undef)->{status}, 401, 'HEAD');
		is($draft->patch($path, 0, 'x', 'X-Api-Key' => undef)->{status}, 401, 'PATCH');
		is($draft->post({ 'X-Api-Key' => 'wrong' }, 'x')->{status}, 401, 'POST');
	};
}

for my $s (Drift::stacks()) {
	subtest $s->name => sub { $s->tidily(sub { describe($s) }) };
}
done_testing;
