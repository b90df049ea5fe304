#!/usr/bin/perl
# upload.fcgi by the IETF draft "Resumable Uploads for HTTP", request by request
use strict;
use warnings;
use lib 'tests/http/lib';
use Digest::SHA;
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

sub describe {
	my ($s) = @_;
	my $draft = Draft->new($s);
	my $answer;

	subtest 'takes a whole file with the creation' => sub {
		$answer = $draft->post({ 'Upload-Complete' => '?1' }, $wav, name => 'Whole.wav');
		says($answer, 201, $size, '?1', 'POST');
		my ($path, $track) = @{ $answer->{headers} }{qw(location drift-track)};
		is($answer->{headers}{'upload-draft-interop-version'}, 6, 'the version comes back');
		like($answer->{headers}{'upload-limit'}, qr/^max-size=\d+, max-age=\d+$/, 'limits');
		is_stored($s, $path, $track);
		is($s->psql("select title from drift.track_get('$track')"), 'Whole', 'title by name');
		is($s->psql("select sha256 from drift.source where track = '$track'"),
			Digest::SHA::sha256_hex($wav), 'with its SHA-256');
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
		is($draft->patch($path, 0, 'x' x 10, 'Upload-Complete' => '?1')->{status}, 400, 'the last one, too early');
		is($draft->patch($path, $size - 5, 'x' x 10)->{status}, 400, 'beyond the end');
		is($draft->patch($path, $size + 1, '')->{status}, 400, 'far beyond it');
		is($draft->patch($path, 0, 'x', 'Upload-Length' => $size - 1)->{status}, 400, 'another length');
		is($draft->patch($path, -1, 'x')->{status}, 400, 'an offset that is none');
		is($draft->patch($path, undef, 'x')->{status}, 400, 'no offset');
		is($draft->patch($path, 0, 'x', 'Upload-Complete' => 'yes')->{status}, 400, 'not a boolean');
		is($draft->patch($path, 0, 'x', 'Content-Type' => 'text/plain')->{status}, 415, 'another type');
		says($draft->head($path), 204, 0, '?0', 'nothing of it is kept');
		$path = $draft->create(undef);
		$draft->patch($path, 1000, 'x' x 10);
		is($draft->patch($path, 0, 'x' x 10, 'Upload-Complete' => '?1')->{status}, 400, 'bytes behind the last one');
		is($draft->post({ 'Upload-Complete' => '?1', 'Upload-Length' => $size }, 'x')->{status}, 400,
			'a whole that is not');
		is($draft->post({ 'Upload-Length' => 0 })->{status}, 415, 'an empty file');
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
