#!/usr/bin/perl
# Runs every pgTAP file of this folder against a catalogue of its own, each in one
# transaction that is rolled back.
use strict;
use warnings;
use File::Glob ':bsd_glob';
use FindBin;
use lib "$FindBin::Bin/../http/lib";
use Test::More;
use Workshop;

my $w = Workshop->new;
$w->psql('create extension pgtap schema public');

for my $file (glob "$FindBin::Bin/*.sql") {
	subtest $file =~ s{.*/}{}r => sub {
		my ($code, $out) = $w->try({ PGOPTIONS => '-c search_path=public' }, 'psql', '-XAtq',
			'-v', 'ON_ERROR_STOP=1', '-d', $w->{dsn}, '-f', $file);
		is $code, 0, 'it runs to its end' or diag $out;
		my ($plan) = $out =~ /^1\.\.(\d+)$/m;
		my @lines = $out =~ /^((?:not )?ok \d+.*)$/mg;
		is scalar(@lines), $plan // -1, 'it has done what it planned';
		for my $line (@lines) {
			my ($not, $name) = $line =~ /^(not )?ok \d+ - (.*)/;
			ok !$not, $name;
		}
		diag $out if $out =~ /^not ok/m;
	};
}

done_testing;
