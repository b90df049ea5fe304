#!/usr/bin/perl
# upload.fcgi and the extension concatenation of tus 1.0.0, request by request
use strict;
use warnings;
use lib 'tests/http/lib';
use Drift;
use Test::More;
use Tus;

my $folder = Drift::folder();
my $wav = Drift::slurp(Drift::tone_wav("$folder/tone.wav", seconds => 6));
my $size = length $wav;
my @cuts = (0, 300_000, 300_000, 700_000, $size); # the second part is empty

sub id { $_[0] =~ /([0-9a-f-]{36})$/ ? $1 : '' }

# Makes a partial upload of some bytes and sends as many as said; its path.
sub part {
	my ($tus, $bytes, $sent) = @_;
	my $answer = $tus->post({ 'Upload-Concat' => 'partial', 'Upload-Length' => length $bytes });
	is($answer->{status}, 201, 'a partial upload') or diag $answer->{content};
	is($answer->{headers}{'drift-track'}, undef, 'belongs to no track');
	my $path = $answer->{headers}{location};
	is($tus->patch($path, 0, substr $bytes, 0, $sent // length $bytes)->{status}, 204, 'takes its bytes')
	  if length $bytes;
	return $path;
}

sub parts {
	my ($tus) = @_;
	return map { part($tus, substr $wav, $cuts[$_], $cuts[ $_ + 1 ] - $cuts[$_]) } 0 .. $#cuts - 1;
}

sub join_parts {
	my ($tus, @parts) = @_;
	return $tus->post({ 'Upload-Concat' => "final;@parts",
		'Upload-Metadata' => Tus::metadata(filename => 'Joined.wav') });
}

sub is_stored {
	my ($s, $track) = @_;
	my $source = sprintf '%s/%s/%s/v1/source.wav', $s->store, substr($track, 0, 2), $track;
	ok(Drift::slurp($source) eq $wav, 'byte for byte');
	is($s->psql("select title from drift.track_get('$track')"), 'Joined', 'title by name');
}

sub describe {
	my ($s) = @_;
	my $tus = Tus->new($s);
	my $answer;

	subtest 'joins parts in the order that is asked for' => sub {
		my @parts = parts($tus);
		$answer = $tus->head($parts[0]);
		is("$answer->{status} $answer->{headers}{'upload-concat'}", '200 partial', 'HEAD of a part');
		is($s->psql("select count(*) from drift.track t join drift.upload u on u.track = t.id"
				  . " where u.id = '@{[id($parts[0])]}'"), 0, 'which made no track');
		$answer = join_parts($tus, map { $_ % 2 ? $s->url . $parts[$_] : $parts[$_] } 0 .. $#parts);
		is($answer->{status}, 201, 'the final upload') or diag $answer->{content};
		my ($path, $track) = @{ $answer->{headers} }{qw(location drift-track)};
		is($answer->{headers}{'upload-offset'}, $size, 'has all bytes');
		is_stored($s, $track);
		$answer = $tus->head($path);
		is("$answer->{status} $answer->{headers}{'upload-offset'} $answer->{headers}{'upload-length'}",
			"200 $size $size", 'HEAD');
		like($answer->{headers}{'upload-concat'}, qr{^final;\S+/@{[id($parts[0])]} }, 'says what it is');
		is($tus->patch($path, $size, 'x')->{status}, 403, 'no bytes can be added');
		is($tus->head($_)->{status}, 404, 'the part is gone') for @parts;
		ok(!-e $tus->file($_), 'and its file') for @parts;
	};

	subtest 'refuses what cannot be joined' => sub {
		my $whole = $tus->create($size);
		my $part = part($tus, $wav, 1000);
		is(join_parts($tus, $part)->{status}, 409, 'a part that is not whole');
		is(join_parts($tus, $part, $whole)->{status}, 400, 'an upload that is no part');
		is(join_parts($tus, '/cgi-bin/upload.fcgi/00000000-0000-4000-8000-000000000000')->{status},
			400, 'one that is none');
		is(join_parts($tus, 'nonsense')->{status}, 400, 'no URL');
		is(join_parts($tus)->{status}, 400, 'nothing');
		is(join_parts($tus, (id($part)) x 129)->{status}, 400, 'too many');
		is($tus->post({ 'Upload-Concat' => 'whole', 'Upload-Length' => 5 })->{status}, 400, 'another word');
		my $key = $s->psql(q{select drift.key_create('another', 'upload')});
		$tus->patch($part, 1000, substr $wav, 1000);
		is($tus->post({ 'Upload-Concat' => "final;$part", 'X-Api-Key' => $key })->{status},
			400, 'a part of somebody else');
		is($tus->head($part)->{status}, 200, 'the part is still there');
	};

	subtest 'goes on where a killed program stopped' => sub {
		my @parts = parts($tus);
		my $ids = join ',', map { id($_) } @parts;
		my ($id) = $s->psql("select drift.upload_join((select key from drift.upload where id = '@{[id($parts[0])]}'),"
			  . " null, '{$ids}', 1000000000, 'Joined.wav', '{}', 48)");
		# as a program leaves it that is killed in the middle of the third part
		my $path = "/cgi-bin/upload.fcgi/$id";
		my $file = $tus->file($path);
		open my $out, '>:raw', $file or die "$file: $!";
		print $out substr $wav, 0, 400_000;
		close $out;
		chown((stat $s->store . '/upload')[ 4, 5 ], $file);
		$s->psql("select drift.upload_received('$id', drift.upload_take('$id', 0, null), 0, 400000)");
		$answer = $tus->head($path);
		is("$answer->{status} $answer->{headers}{'upload-offset'}", "200 $size", 'HEAD does the rest');
		is_stored($s, $answer->{headers}{'drift-track'});
	};

	subtest 'says when a part is gone' => sub {
		my @parts = parts($tus);
		my $ids = join ',', map { id($_) } @parts;
		my ($id) = $s->psql("select drift.upload_join((select key from drift.upload where id = '@{[id($parts[0])]}'),"
			  . " null, '{$ids}', 1000000000, 'Joined.wav', '{}', 48)");
		$tus->request('DELETE', $parts[2], {});
		$answer = $tus->head("/cgi-bin/upload.fcgi/$id");
		is($answer->{status}, 410, 'the upload has failed');
		is($s->psql("select state from drift.upload where id = '$id'"), 'failed', 'for good');
	};
}

for my $s (Drift::stacks()) {
	subtest $s->name => sub { $s->tidily(sub { describe($s) }) };
}
done_testing;
