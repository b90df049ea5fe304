#!/usr/bin/perl
# lib/LAYERS is the law: what a module may include, and who may see which foreign header; and what
# the player's modules may import
use strict;
use warnings;
use Test::More;

# foreign headers, and the only modules that may include them
my %edges = (
	qr{^libpq-fe\.h$}                                    => qr{^catalogue/db$},
	qr{^fcgi(?:app|_stdio|_config)?\.h$}                 => qr{^http/fcgi$},
	qr{^linux/landlock\.h$}                              => qr{^wall/walls$},
	qr{^seccomp\.h$}                                     => qr{^wall/(?:walls|syscallname)$},
	qr{^ini\.h$}                                         => qr{^base/conf$},
	qr{^openssl/}                                        => qr{^(?:base/digest|catalogue/store)$},
	qr{^zlib\.h$}                                        => qr{^parse/id3v2$},
	qr{^ebur128\.h$}                                     => qr{^dsp/loudness$},
	qr{^lib(?:av|sw)\w+/}                                => qr{^walled/},
	qr{^opus/|^opus(?:_\w+)?\.h$}                        => qr{^opus/segment$},
	qr{^ogg/}                                            => qr{^opus/oggopus$},
);

# the rooms, bottom to top: none sees what is above it
my @rooms = qw(base format dsp opus wall parse walled mp4 http catalogue request make intake serve);
my %height;
@height{@rooms} = 1 .. @rooms;

# and what a room does not see below it either
my %blind = (
	http      => qr{^(?!base/|http/)},
	catalogue => qr{^(?:http|wall|parse|walled|mp4)/},
	make      => qr{^http/},
	serve     => qr{^intake/},
);

sub lines {
	my ($path) = @_;
	open my $in, '<', $path or die "$path: $!";
	chomp(my @lines = <$in>);
	return @lines;
}

my @modules = grep { !/^(#.*)?$/ } lines('lib/LAYERS');
my %rank;
@rank{@modules} = 1 .. @modules;

sub module { $_[0] =~ s{^lib/|\.[ch]$}{}gr }

my @files = sort glob 'lib/*/*.[ch]';
cmp_ok scalar @files, '>', 50, 'it finds the library';
is scalar keys %rank, scalar @modules, 'no module is named twice';

my %there = map { module($_) => 1 } @files;
is_deeply [ grep { !$rank{$_} } sort keys %there ], [], 'every module has its layer';
is_deeply [ grep { !$there{$_} } @modules ], [], 'every name is a module';

# "file includes x" for each include that this rule refuses
sub refused {
	my ($pattern, $allowed) = @_;
	my @refused;
	for my $file (@files) {
		for my $line (lines($file)) {
			my ($name) = $line =~ /^#\s*include\s+$pattern/ or next;
			push @refused, "$file includes $name" unless $allowed->(module($file), $name);
		}
	}
	return \@refused;
}

is_deeply refused(qr{"([^"]+)"}, sub {
	my ($own, $name) = @_;
	my $other = module($name);
	return $other eq $own || ($rank{$other} && $rank{$own} && $rank{$other} < $rank{$own});
}), [], 'a module includes only itself and modules on earlier lines';

is_deeply refused(qr{<([^>]+)>}, sub {
	my ($own, $name) = @_;
	for my $edge (keys %edges) {
		return $own =~ $edges{$edge} if $name =~ $edge;
	}
	return 1;
}), [], 'a foreign header is included only at its edge';

my %modules;
$modules{ s{/.*}{}r }++ for @modules;
is_deeply [ sort keys %modules ], [ sort @rooms ], 'every folder is a room';
is_deeply [ grep { $modules{$_} > 25 } @rooms ], [], 'no room has more than 25 modules';

my $above = 0;
is_deeply [ grep { my $fell = $height{ s{/.*}{}r } < $above; $above = $height{ s{/.*}{}r }; $fell } @modules ], [],
	'the rooms stand in their order';

is_deeply refused(qr{"([^"]+)"}, sub {
	my ($own, $other) = map { s{/.*}{}r } @_;
	return $height{$other} && $height{$other} <= $height{$own};
}), [], 'a room includes only itself and rooms below it';

is_deeply refused(qr{"([^"]+)"}, sub {
	my ($own, $name) = @_;
	my $unseen = $blind{ $own =~ s{/.*}{}r };
	return !$unseen || $name !~ $unseen;
}), [], 'a room does not see what is not its business';

# What is behind the wall runs in programs of its own.
sub walled_for {
	my (@outside) = @_;
	my @refused;
	for my $file (grep { !m{^lib/(?:parse|walled)/} } @outside) {
		push @refused, map { "$file: $_" } grep { m{^#\s*include\s+"(?:parse|walled)/} } lines($file);
	}
	return \@refused;
}

is_deeply walled_for(@files, glob 'cgi-bin/*.c cron/*.c'), [],
	'what is behind the wall is included by itself, libexec/ and tests';

# --- the player's modules: rooms, too ------------------------------------------------------------

# each room, and those that it may import from besides itself; a page's entry is at the top
my %player = (core => '', page => 'core', listen => 'core|page', upload => 'core|page', '' => 'core|page|listen|upload');
my @scripts = sort glob 'htdocs/js/*.js htdocs/js/*/*.js';
cmp_ok scalar @scripts, '>', 50, 'it finds the player';
my (@astray, @nowhere);
for my $file (@scripts) {
	my $room = $file =~ m{^htdocs/js/(\w+)/} ? $1 : '';
	defined $player{$room} or push @astray, "$file is in no room";
	my $text = join "\n", lines($file);
	for my $path ($text =~ m{\b(?:from|import)\b\s*\(?\s*'(\.[^']*)'}g) {
		my $target = $file =~ s{[^/]*$}{$path}r =~ s{/\./}{/}gr;
		1 while $target =~ s{/(?!\.\./)[^/]+/\.\./}{/};
		push @nowhere, "$file: $path" unless -f $target;
		my $other = $target =~ m{^htdocs/js/(\w+)/} ? $1 : '';
		next if $other eq $room && $room ne '' || $other =~ /^(?:$player{$room})$/ && $other ne '';
		push @astray, "$file imports $path";
	}
}
is_deeply \@nowhere, [], 'what a module imports is there';
is_deeply \@astray, [], 'a room imports only from itself and the rooms below it';

done_testing;
