#!/usr/bin/perl
# the pages and what the servers say with them
use strict;
use warnings;
use lib 'tests/http/lib';
use Drift;
use Test::More;

my %types = (
	'/' => qr{^text/html}, '/upload.html' => qr{^text/html}, '/embed.html' => qr{^text/html},
	'/js/index.js' => qr{^text/javascript},
	'/css/drift.css' => qr{^text/css}, '/img/drift.svg' => qr{^image/svg\+xml},
	'/lib/tus.min.js' => qr{^text/javascript}, '/cgi-bin/settings.fcgi/' => qr{^application/json},
);

# {directive => sources} of a policy
sub policy_of {
	my ($text) = @_;
	return { map { /^\s*(\S+)\s+(.*?)\s*$/ ? ($1 => $2) : () } split /;/, $text };
}

sub describe {
	my ($s) = @_;

	for my $path (sort keys %types) {
		my $answer = $s->get($path);
		my $headers = $answer->{headers};
		is $answer->{status}, 200, "$path is there";
		like $headers->{'content-type'}, $types{$path}, 'with its type';
		is $headers->{'x-content-type-options'}, 'nosniff', 'which is not guessed';
		is $headers->{'referrer-policy'}, 'same-origin', 'other sites are not told';
		my $policy = policy_of($headers->{'content-security-policy'} // '');
		is $policy->{'default-src'}, "'self'", 'nothing comes from elsewhere';
		is_deeply [ $policy->{'frame-ancestors'}, $headers->{'x-frame-options'} ],
			$path eq '/embed.html' ? [ undef, undef ] : [ "'self'", 'SAMEORIGIN' ], 'who may frame it';
		next unless $path =~ m{^/(?:\w+\.html)?$};
		my ($meta) = $answer->{content} =~ /http-equiv="Content-Security-Policy"\s+content="([^"]*)"/;
		delete $policy->{'frame-ancestors'};
		is_deeply policy_of($meta), $policy, 'the page says the same';
	}
	for my $path (qw(/js/ /media/ /cgi-bin/ /cgi-bin/drift.conf /cgi-bin/settings.fcgi.bak /.htaccess
		/cgi-bin/.htaccess /sql/ /../drift.conf)) {
		like $s->get($path)->{status}, qr/^(?:400|403|404)$/, "$path is nobody's business";
	}
}

for my $stack (Drift::stacks()) {
	subtest $stack->name => sub { describe($stack) };
}

done_testing;
