#!/usr/bin/perl
# an upload whose pieces come in any order, from several requests at once
use strict;
use warnings;
use lib 'tests/http/lib';
use Draft;
use Drift;
use Test::More;

my $folder = Drift::folder();
my $wav = Drift::slurp(Drift::tone_wav("$folder/tone.wav", seconds => 24));
my $size = length $wav; # 4.2 MB

sub is_stored {
	my ($s, $draft, $path) = @_;
	my $answer = $draft->head($path);
	is("$answer->{status} $answer->{headers}{'upload-complete'}", '204 ?1', 'complete');
	my $track = $answer->{headers}{'drift-track'};
	my $source = sprintf '%s/%s/%s/v1/source.wav', $s->store, substr($track, 0, 2), $track;
	ok(Drift::slurp($source) eq $wav, 'byte for byte');
	is($s->psql("select count(*) from drift.upload_writer w join drift.upload u on u.id = w.upload"
			  . " where u.track = '$track'"), 0, 'nobody writes any more');
}

sub ranges {
	my ($s, $path) = @_;
	my ($id) = $path =~ /([0-9a-f-]{36})$/;
	return $s->psql("select received from drift.upload where id = '$id'");
}

sub describe {
	my ($s) = @_;
	my $draft = Draft->new($s);

	for my $seed (1 .. 3) {
		subtest "comes in random pieces, $seed" => sub {
			my $path = $draft->create($size);
			my @pieces = Draft::pieces($seed, $wav, 300_000);
			# each third one comes twice, others lap into what is there
			my @again = map {
				my $from = $_->[0] > 500 ? $_->[0] - 500 : 0;
				[ $from, substr $wav, $from, 1000 + length $_->[1] ]
			} @pieces[ grep { $_ % 3 == 0 } 0 .. $#pieces ];
			for my $piece (@pieces[ 0 .. $#pieces - 1 ], @again) {
				my $answer = $draft->patch($path, @$piece);
				is($answer->{status}, 204, "@{[length $piece->[1]]} bytes at $piece->[0]") or diag $answer->{content};
				last if $answer->{headers}{'upload-complete'} eq '?1';
			}
			$draft->patch($path, @{ $pieces[-1] });
			is_stored($s, $draft, $path);
		};
	}

	subtest 'says what is there from the start on' => sub {
		my $path = $draft->create($size);
		for (
			[ 1000, 500, 0, '{[1000,1500)}' ], [ 0, 400, 400, '{[0,400),[1000,1500)}' ],
			[ 300, 400, 700, '{[0,700),[1000,1500)}' ], [ 700, 300, 1500, '{[0,1500)}' ])
		{
			my ($at, $bytes, $offset, $ranges) = @$_;
			my $answer = $draft->patch($path, $at, substr $wav, $at, $bytes);
			is($answer->{headers}{'upload-offset'}, $offset, "$bytes bytes at $at");
			is(ranges($s, $path), $ranges, "$ranges");
		}
		my $track = $draft->head($path)->{headers}{'drift-track'};
		my $source = $s->status($track)->{source};
		is_deeply($source->{ranges}, [ [ 0, 1500 ] ], 'status has the ranges');
		is($source->{received}, 1500, 'and what is there from the start on');
	};

	subtest 'takes several pieces at once' => sub {
		my $path = $draft->create($size);
		my $third = int $size / 3;
		my @at = (0, $third, 2 * $third);
		my @sockets = map { $draft->begin($path, $_, $third, substr $wav, $_, $third - 1000) } @at;
		Tus::wait_for(sub { ranges($s, $path) =~ tr/,// >= 5 });
		is(scalar(my @writers = $draft->writers($path)), 3, 'three programs are at it');
		for my $i (2, 0, 1) {
			my $socket = $sockets[$i];
			print $socket substr $wav, $at[$i] + $third - 1000, 1000;
			is($draft->end($socket), 204, "the one at $at[$i] ends well");
		}
		is($draft->patch($path, 3 * $third, substr $wav, 3 * $third)->{status}, 204, 'the last bytes')
		  if 3 * $third < $size;
		is_stored($s, $draft, $path);
	};

	subtest 'keeps what it acknowledged before a program was killed' => sub {
		my $path = $draft->create($size);
		my @sockets = map { $draft->begin($path, $_, 1_000_000, substr $wav, $_, 700_000) } 0, 2_000_000;
		Tus::wait_for(sub { ranges($s, $path) eq '{[0,700000),[2000000,2700000)}' });
		my @pids = $draft->writers($path);
		is(@pids, 2, 'two programs are at it');
		kill 'KILL', @pids;
		select undef, undef, undef, 0.05 while $draft->writers($path);
		is(ranges($s, $path), '{[0,700000),[2000000,2700000)}', 'the map says so');
		my $file = Drift::slurp($draft->file($path));
		ok(substr($file, $_, 700_000) eq substr($wav, $_, 700_000), "the bytes at $_ are in the file")
		  for 0, 2_000_000;
		is($draft->patch($path, 700_000, substr $wav, 700_000, 1_300_000)->{status}, 204, 'the gap');
		is($draft->patch($path, 2_700_000, substr $wav, 2_700_000)->{status}, 204, 'the rest');
		is_stored($s, $draft, $path);
	};

	subtest 'lets a new request take the place of a silent one, of that one only' => sub {
		my $path = $draft->create($size);
		my $silent = $draft->begin($path, 0, 1_000_000, substr $wav, 0, 500_000);
		my $other = $draft->begin($path, 2_000_000, $size - 2_000_000, substr $wav, 2_000_000, 500_000);
		Tus::wait_for(sub { ranges($s, $path) eq '{[0,500000),[2000000,2500000)}' });
		my $answer = $draft->patch($path, 500_000, substr $wav, 500_000, 1_500_000);
		is($answer->{status}, 204, 'it gets in') or diag $answer->{content};
		is($answer->{headers}{'upload-offset'}, 2_500_000, 'up to what the other one has');
		print $other substr $wav, 2_500_000;
		is($draft->end($other), 204, 'the other one ends well');
		is_stored($s, $draft, $path);
		close $silent;
	};

	subtest 'answers while a dozen senders are slow' => sub {
		my @paths = map { $draft->create($size) } 1 .. 12;
		my @sockets = map { $draft->begin($_, 0, $size, substr $wav, 0, 1000) } @paths;
		ok(Tus::wait_for(sub { !grep { !$draft->writers($_) } @paths }), 'all are there');
		is($draft->head($paths[0])->{status}, 204, 'one more request is answered');
	};

	subtest 'does not become a book of gaps' => sub {
		my $path = $draft->create($size);
		my ($id) = $path =~ /([0-9a-f-]{36})$/;
		$draft->patch($path, $size - 1, 'x');
		$s->psql("update drift.upload set received = (select range_agg(int8range(2 * n, 2 * n + 1))"
			  . " from generate_series(0, 4095) n) where id = '$id'");
		my $answer = $draft->patch($path, 10_000, 'x');
		is($answer->{status}, 409, 'one more gap is refused');
		my $problem = Drift::json($answer);
		is(join(' ', @$problem{qw(type expected-offset provided-offset)}),
			'https://iana.org/assignments/http-problem-types#mismatching-upload-offset 1 10000', 'in the draft\'s terms');
		is("$answer->{headers}{'upload-offset'} $answer->{headers}{'upload-complete'}", '1 ?0', 'where to go on');
	};

	subtest 'two uploads to one track' => sub {
		my $first = $draft->create($size, name => 'one.wav');
		my $track = $draft->head($first)->{headers}{'drift-track'};
		my $second = $draft->create($size, track => $track);
		$draft->patch($first, 0, substr $wav, 0, 2_000_000);
		$draft->patch($second, 2_000_000, substr $wav, 2_000_000);
		is($s->status($track)->{version}, 2, 'status tells of the newer one');
		is($draft->patch($second, 0, substr $wav, 0, 2_000_000)->{status}, 204, 'which ends first');
		is($draft->patch($first, 2_000_000, substr $wav, 2_000_000)->{status}, 204, 'then the other');
		is($s->psql("select version from drift.track_get('$track')"), 2, 'the newer one is played');
		for my $version (1, 2) {
			my $source = sprintf '%s/%s/%s/v%d/source.wav', $s->store, substr($track, 0, 2), $track, $version;
			ok(Drift::slurp($source) eq $wav, "version $version is whole");
		}
	};
}

for my $s (Drift::stacks()) {
	subtest $s->name => sub { $s->tidily(sub { describe($s) }) };
}
done_testing;
