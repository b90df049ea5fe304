#!/usr/bin/perl
# what the web servers do by etc/apache and etc/lighttpd alone, without a program of ours
use strict;
use warnings;
use lib 'tests/http/lib';

use Drift;
use Test::More;
use Time::HiRes qw(utime);

sub write_file {
	my ($path, $content, $mode) = @_;
	open my $out, '>:raw', $path or die "$path: $!";
	print $out $content;
	close $out or die "$path: $!";
	chmod $mode, $path or die $!;
	return $path;
}

sub media_folder {
	my ($s) = @_;
	return Drift::slurp($s->conf) =~ /^media = (.*)$/m ? $1 : die;
}

# the folder that the server runs programs from
sub program_folder {
	my ($s) = @_;
	my $media = media_folder($s);
	return $media =~ m{^(.*/public_html)/} ? "$1/cgi-bin" : $s->var . '/state/usr/lib/drift/cgi-bin';
}

sub is_hidden {
	my ($s, $path) = @_;
	my $answer = $s->get($path);
	like $answer->{status}, qr/^40[034]$/, "$path is not shown";
	unlike $answer->{content}, qr/dsn|#!|stream\.fcgi</, '... nor what is in it';
}

sub pages {
	my ($s) = @_;
	my %types = (
		'/'                 => 'text/html; charset=utf-8',
		'/upload.html'      => 'text/html; charset=utf-8',
		'/js/index.js'      => 'text/javascript; charset=utf-8',
		'/lib/tus.min.js'   => 'text/javascript; charset=utf-8',
		'/css/drift.css'    => 'text/css; charset=utf-8',
		'/img/drift.svg'    => 'image/svg+xml',
	);
	for my $path (sort keys %types) {
		my $answer = $s->get($path);
		is $answer->{status}, 200, "$path is there";
		is $answer->{headers}{'content-type'}, $types{$path}, '... with its type';
		is $answer->{headers}{'x-content-type-options'}, 'nosniff', '... not to be guessed';
		is $answer->{headers}{'x-frame-options'}, 'SAMEORIGIN', '... nor framed by others';
		is $answer->{headers}{'referrer-policy'}, 'same-origin', '... nor told to others';
	}
}

sub hidden {
	my ($s) = @_;
	my $programs = program_folder($s);
	my @files = map { write_file("$programs/$_", "#!/bin/sh\necho dsn\n", 0755) }
	  qw(stream.fcgi.bak .stream.fcgi.swp);

	is_hidden($s, $_) for qw(/js/ /img/ /media/ /cgi-bin/ /cgi-bin /.htaccess /cgi-bin/.htaccess
	  /media/.htaccess /cgi-bin/drift.conf /cgi-bin/%64rift.conf /cgi-bin//drift.conf
	  /cgi-bin/./drift.conf /js/../cgi-bin/drift.conf /cgi-bin/drift.conf/x /cgi-bin/drift.conf?
	  /cgi-bin/stream.fcgi.bak /cgi-bin/stream.fcgi.bak/x /cgi-bin/.stream.fcgi.swp
	  /cgi-bin/nothing.fcgi /cgi-bin/stream.cgi);
	is_hidden($s, "/media/../../$_") for qw(drift.conf api-key);
	unlink @files;
}

# A token's folder, with files that strangers could have sent.
sub media {
	my ($s) = @_;
	my $token = 'test-server-' . $$;
	my $folder = media_folder($s) . "/$token";
	my $bytes = join '', map { chr(($_ * 7 + ($_ >> 8)) & 255) } 0 .. 99_999;
	mkdir $folder or die "$folder: $!";
	chmod 0755, $folder;
	my $opus = write_file("$folder/x.opus", $bytes, 0444);
	utime 1_700_000_000.25, 1_700_000_000.25, $opus;
	my @scripts = map { write_file("$folder/$_", "#!/bin/sh\necho; echo ran\n", 0755) }
	  qw(x.cgi x.fcgi x.php x.shtml);

	my $answer = $s->get("/media/$token/x.opus");
	is $answer->{content}, $bytes, 'a file is sent as it is';
	like $answer->{headers}{'content-type'}, qr{^audio/ogg}, '... with its type';
	is $answer->{headers}{'accept-ranges'}, 'bytes', '... in ranges too';
	like $answer->{headers}{'cache-control'}, qr/public, max-age=31536000, immutable/, '... for ever';
	my $private = media_folder($s) . "/p$token";
	symlink $token, $private or die "$private: $!";
	like $s->get("/media/p$token/x.opus")->{headers}{'cache-control'}, qr/^private, max-age=31536000, immutable$/,
		'... by one listener only where the token is a private track\'s';
	unlink $private;
	for my $path ("$token/y.opus", '0' x 32 . '/x.opus') {
		my $none = $s->get("/media/$path");
		is $none->{status}, 404, "nothing is at $path";
		unlike $none->{headers}{'cache-control'} // '', qr/max-age|immutable/, '... which nobody keeps';
	}
	is $answer->{headers}{'x-content-type-options'}, 'nosniff', '... not to be guessed';
	my $etag = $answer->{headers}{etag};
	is $etag, sprintf('"%x-%x"', length $bytes, 1_700_000_000_250_000),
	  '... under a strong ETag of size and time';

	my $range = $s->get("/media/$token/x.opus", Range => 'bytes=500-565', 'If-Range' => $etag);
	is $range->{status}, 206, 'a range of it is sent';
	is $range->{content}, substr($bytes, 500, 66), '... and no more';
	is $s->get("/media/$token/x.opus", 'If-None-Match' => $etag)->{status}, 304,
	  'what is known is not sent again';
	utime 1_700_000_000.5, 1_700_000_000.5, $opus;
	my $other = $s->get("/media/$token/x.opus", Range => 'bytes=0-9', 'If-Range' => $etag);
	isnt $other->{headers}{etag}, $etag, 'other parameters within the second give another ETag';
	is $other->{status}, 200, '... and no range of what is not the same file';

	for my $name (qw(x.cgi x.fcgi x.php x.shtml)) {
		like $s->get("/media/$token/$name")->{content}, qr/^#!|^$|40\d/, "$name does not run";
	}
	for my $method (qw(PUT DELETE)) {
		like $s->request($method, "/media/$token/x.opus", { content => 'x' })->{status}, qr/^(?:403|405|501)$/,
		  "$method changes nothing";
	}
	is -s $opus, length $bytes, '... indeed';
	unlink $opus, @scripts;
	rmdir $folder or die "$folder: $!";
}

for my $s (Drift::stacks()) {
	subtest $s->name . ': pages'          => sub { pages($s) };
	subtest $s->name . ': what is hidden' => sub { hidden($s) };
	subtest $s->name . ': media'          => sub { media($s) };
}

done_testing;
