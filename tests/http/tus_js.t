#!/usr/bin/perl
# upload.fcgi for tus-js-client as npm has it: killed, resumed, in chunks, given up
use strict;
use warnings;
use lib 'tests/http/lib';
use Drift;
use JSON::PP qw(decode_json encode_json);
use Test::More;
use Tus;

my $folder = Drift::folder();
my $file = Drift::tone_wav("$folder/tone.wav", seconds => 120);
my $wav = Drift::slurp($file);
my $size = length $wav;    # 21 MB
my $runs = 0;

# Runs the client; its exit by signal, and what it says at its end. What is to go on has a
# memory: a file. A client that hangs is ended, and the test fails here.
sub send_file {
	my ($s, %task) = @_;
	my $task = encode_json({ file => $file, endpoint => $s->url . '/cgi-bin/upload.fcgi/', key => $s->key,
		storage => "$folder/" . $s->name . '.' . ($task{memory} // $runs++), %task });
	open my $in, '-|', 'timeout', 30, 'node', 'tests/http/lib/send.mjs', $task or die "node: $!";
	my $said = do { local $/; <$in> };
	close $in;
	return ($? & 127, $said ? decode_json($said) : undef);
}

sub is_source {
	my ($s, $track) = @_;
	my $source = sprintf '%s/%s/%s/v1/source.wav', $s->store, substr($track, 0, 2), $track;
	ok(Drift::slurp($source) eq $wav, 'byte for byte');
}

sub is_stored {
	my ($s, $said) = @_;
	is($said->{error}, undef, 'it succeeds');
	my $track = $said->{answers}[-1]{track};
	is_source($s, $track);
	is($s->psql("select title from drift.track_get('$track')"), 'By tus', 'title by name');
}

sub methods { join ' ', map { "$_->{method} $_->{status}" } @{ $_[0]{answers} } }

sub describe {
	my ($s) = @_;

	subtest 'goes on after the client was killed' => sub {
		my ($signal) = send_file($s, memory => 'killed', dieAt => 8_000_000);
		is($signal, 9, 'it is killed in the middle');
		my ($id) = Drift::slurp("$folder/" . $s->name . '.killed') =~ m{/upload\.fcgi/([0-9a-f-]{36})};
		ok($id, 'it has written down where');
		my ($ended, $said) = send_file($s, memory => 'killed');
		is($ended, 0, 'it comes again');
		like($said->{url}, qr/$id$/, 'to the same upload');
		my ($asked, $last) = @{ $said->{answers} }[ 0, -1 ];
		is("$asked->{method} $asked->{status}", 'HEAD 200', 'asks how far it is');
		cmp_ok($asked->{offset}, '>', 0, 'which is not the beginning');
		cmp_ok($asked->{offset}, '<', $size, 'nor the end');
		is("$last->{method} $last->{status} $last->{offset}", "PATCH 204 $size", 'sends the rest');
		cmp_ok($last->{from}, '>=', $asked->{offset}, 'from there on');
		is_stored($s, $said);
	};

	subtest 'takes chunks' => sub {
		my (undef, $said) = send_file($s, options => { chunkSize => 8_000_000 });
		is(methods($said), 'POST 201 PATCH 204 PATCH 204 PATCH 204', 'one by one');
		is_stored($s, $said);
	};

	subtest 'takes data with the creation' => sub {
		my %options = (chunkSize => 15_000_000, uploadDataDuringCreation => JSON::PP::true);
		my (undef, $said) = send_file($s, options => \%options);
		is(methods($said), 'POST 201 PATCH 204', 'in two requests');
		is_stored($s, $said);
	};

	subtest 'takes three parallel parts' => sub {
		my (undef, $said) = send_file($s, options => { parallelUploads => 3 });
		my @parts = grep { $_->{method} eq 'PATCH' } @{ $said->{answers} };
		is(@parts, 3, 'three parts are sent');
		is(methods({ answers => [ $said->{answers}[-1] ] }), 'POST 201', 'and joined');
		is_stored($s, $said);
	};

	for my $protocol (qw(ietf-draft-03 ietf-draft-05)) {
		subtest "takes $protocol" => sub {
			my %options = (protocol => $protocol);
			my ($signal) = send_file($s, memory => $protocol, dieAt => 8_000_000, options => \%options);
			is($signal, 9, 'it is killed in the middle');
			my (undef, $said) = send_file($s, memory => $protocol, options => \%options);
			is(methods($said), 'HEAD 204 PATCH 204', 'it goes on');
			cmp_ok($said->{answers}[0]{offset}, '>', 0, 'not from the beginning');
			is($said->{error}, undef, 'it succeeds');
			is_source($s, $said->{answers}[-1]{track});
		};
	}

	subtest 'ends what the client gives up' => sub {
		my (undef, $said) = send_file($s, abortAfter => 2, options => { chunkSize => 1_000_000 });
		is($said->{error}, undef, 'terminated');
		my $path = $said->{url} =~ s{^https?://[^/]+}{}r;
		is(Tus->new($s)->head($path)->{status}, 404, 'the upload is gone');
	};
}

for my $s (Drift::stacks()) {
	subtest $s->name => sub { $s->tidily(sub { describe($s) }) };
}
done_testing;
