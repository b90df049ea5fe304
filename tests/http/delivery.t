#!/usr/bin/perl
# How a file's bytes reach the listener: handed over to the web server, or copied by the
# program, with the same answers; and what nobody gets.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(sha256_hex);
use Drift;
use Multipart;
use Test::More;
use Time::HiRes qw(sleep time);

my $dir = Drift::folder();
# much data in little time, more than sockets take unread
my $wav = Drift::tone_wav("$dir/a.wav", rate => 192000, bits => 24, seconds => 20);
my $source = Drift::slurp($wav);
my $size = length $source;

sub path { my ($id, $query) = @_; return "/cgi-bin/stream.fcgi/$id?" . ($query // 'format=lossless') }

# Apache trusts no tag of the last second, and no date of the last minute.
sub make_old {
	my ($s, $id) = @_;
	my $then = int(time) - 120;
	my $file = sprintf '%s/%.2s/%s/v1/source.wav', $s->store, $id, $id;
	$s->psql("update drift.source set mtime_us = $then * 1000000::bigint where track = '$id'");
	utime $then, $then, $file or die "$file: $!";
	sleep 1.1; # the other files
}

# --- what every way of delivery has to answer --------------------------------------

sub media_url {
	my ($s, $id) = @_;
	return Drift::json($s->get("/cgi-bin/stream.fcgi/$id/manifest.json"))->{renditions}{lossless}{url};
}

sub check_whole {
	my ($s, $path) = @_;
	my $get = $s->get($path);
	is $get->{status}, 200, 'the whole file';
	is $get->{headers}{'content-length'}, $size, 'has its length';
	is sha256_hex($get->{content}), sha256_hex($source), 'and the bytes that were uploaded';
	is $get->{headers}{'content-type'}, 'audio/wav', 'and their type';
	is $get->{headers}{'accept-ranges'}, 'bytes', 'and says that ranges may come';
	my $head = $s->request(HEAD => $path);
	delete @{ $_->{headers} }{qw(date connection keep-alive)} for $get, $head;
	is $head->{content} // '', '', 'HEAD has no body';
	is_deeply $head->{headers}, $get->{headers}, 'and the headers of GET';
}

sub check_one_range {
	my ($s, $path) = @_;
	my $middle = int($size / 2);
	my @cases = (['0-0', 0, 0], ['0-99999', 0, 99999], ["$middle-", $middle, $size - 1],
		["$middle-" . ($middle + 65535), $middle, $middle + 65535], ['-1', $size - 1, $size - 1],
		['-70000', $size - 70000, $size - 1], ['-999999999', 0, $size - 1],
		['5-999999999', 5, $size - 1]);
	for my $case (@cases) {
		my ($range, $first, $last) = @$case;
		my $answer = $s->get($path, Range => "bytes=$range");
		is $answer->{status}, 206, "bytes=$range";
		is $answer->{headers}{'content-range'}, "bytes $first-$last/$size", 'has its place';
		ok $answer->{content} eq substr($source, $first, $last - $first + 1), 'and its bytes';
	}
}

# Parts may come joined or in another order: each says where it belongs.
sub check_several_ranges {
	my ($s, $path) = @_;
	for my $ranges ('0-9,1000-1999,-100', '100-199,150-300,5000-5000', '70000-140000,5-9') {
		my $answer = $s->get($path, Range => "bytes=$ranges");
		is $answer->{status}, 206, "bytes=$ranges";
		my @parts = Multipart::parts($answer);
		my $right = grep { $_->{total} == $size
			  && $_->{bytes} eq substr $source, $_->{first}, length $_->{bytes} } @parts;
		is $right, scalar @parts, 'every part has the bytes of its place';
		for my $range (split /,/, $ranges) {
			my ($first, $last) = split /-/, $range;
			($first, $last) = ($size - $last, $size - 1) if $first eq '';
			ok +(grep { $_->{first} <= $first && $last <= $_->{last} } @parts), "$range is there";
		}
	}
}

sub check_no_range {
	my ($s, $path) = @_;
	for my $range ("$size-", "$size-99999999", '-0') {
		my $answer = $s->get($path, Range => "bytes=$range");
		is $answer->{status}, 416, "bytes=$range is not there";
		is $answer->{headers}{'content-range'}, "bytes */$size", 'and the length is told';
		is $answer->{headers}{'content-type'}, 'application/problem+json', 'as a problem';
	}
	for my $range ('bytes=9-5', 'bytes=x', 'items=0-5', 'bytes=') {
		is $s->get($path, Range => $range)->{status}, 200, "$range is no range";
	}
}

# However it is asked, nobody gets more than the file and a little for each part.
sub check_many_ranges {
	my ($s, $path) = @_;
	my %asked = (
		'1,000 times all'        => join(',', ('0-') x 1000),
		'1,000 times 200 bytes'  => join(',', ('0-199') x 1000),
		'1,000 overlapping ends' => join(',', map { "$_-" } 0 .. 999),
		'500 distant bytes'      => join(',', map { ($_ * 5000) . '-' . ($_ * 5000) } 0 .. 499),
		'more than a header may be long' => join(',', map { ($_ * 5000) . '-' } 0 .. 4999),
	);
	for my $name (sort keys %asked) {
		my $answer = $s->get($path, Range => "bytes=$asked{$name}");
		my $length = length $answer->{content};
		like $answer->{status}, qr/^(200|206|400|416|431)$/, "$name: $answer->{status}";
		cmp_ok $length, '<=', $size + 100_000, "and no more than the file: $length";
	}
}

sub check_conditions {
	my ($s, $path) = @_;
	my $whole = $s->request(HEAD => $path);
	my ($etag, $date) = @{ $whole->{headers} }{qw(etag last-modified)};
	my $early = 'Sun, 06 Nov 1994 08:49:37 GMT';
	like $etag, qr/^"[0-9a-f]+-[0-9a-f]+"$/, 'a strong tag';
	my @cases = (
		[304, 'If-None-Match' => $etag], [304, 'If-None-Match' => "\"x\", W/$etag"],
		[304, 'If-None-Match' => '*'], [200, 'If-None-Match' => '"x"'],
		[304, 'If-Modified-Since' => $date], [200, 'If-Modified-Since' => $early],
		[200, 'If-None-Match' => '"x"', 'If-Modified-Since' => $date],
		[200, 'If-Match' => $etag], [412, 'If-Match' => '"x"'], [200, 'If-Match' => '*'],
		[200, 'If-Unmodified-Since' => $date], [412, 'If-Unmodified-Since' => $early],
		[206, Range => 'bytes=0-9', 'If-Range' => $etag],
		[206, Range => 'bytes=0-9', 'If-Range' => $date],
		[200, Range => 'bytes=0-9', 'If-Range' => '"x"'],
		[200, Range => 'bytes=0-9', 'If-Range' => "W/$etag"],
		[200, Range => 'bytes=0-9', 'If-Range' => $early],
		[200, Range => "bytes=$size-", 'If-Range' => '"x"'],
		[304, Range => 'bytes=0-9', 'If-None-Match' => $etag],
	);
	for my $case (@cases) {
		my ($status, %headers) = @$case;
		my $answer = $s->get($path, %headers);
		is $answer->{status}, $status, join ' ', map { "$_: $headers{$_}" } sort keys %headers;
		if ($status == 304) {
			is $answer->{headers}{etag}, $etag, 'the tag goes with it';
			is $answer->{content} // '', '', 'but no body';
		}
		ok !$answer->{headers}{$_}, "no $_" for qw(location x-sendfile);
	}
}

sub check_tags {
	my ($s, $id) = @_;
	my $m = Drift::json($s->get("/cgi-bin/stream.fcgi/$id/manifest.json"));
	my ($bytes, $us, $opus_bytes, $opus_us) = split /\|/, $s->psql('select source_bytes, source_mtime_us,'
		  . " opus_bytes, opus_mtime_us from drift.track_get('$id')");
	my %want = (lossless => sprintf('"%x-%x"', $bytes, $us),
		opus => sprintf('"%x-%x"', $opus_bytes, $opus_us));
	for my $format (sort keys %want) {
		my $r = $m->{renditions}{$format};
		for my $url (@$r{qw(stream url)}) {
			my $answer = $s->request(HEAD => $url);
			is $answer->{headers}{etag}, $want{$format}, "$format: the catalogue's tag at $url";
			is $answer->{headers}{'content-type'}, $r->{mime}, 'the manifest\'s type';
			is $answer->{headers}{'content-length'}, $r->{bytes}, 'and length';
			is $s->get($url, 'If-None-Match' => $want{$format})->{status}, 304, '304 by it';
			is $s->get($url, Range => 'bytes=0-9', 'If-Range' => $want{$format})->{status}, 206,
			  'and 206';
		}
	}
}

sub check_all {
	my ($s, $id) = @_;
	check_whole($s, path($id));
	check_one_range($s, path($id));
	check_several_ranges($s, path($id));
	check_no_range($s, path($id));
	check_many_ranges($s, path($id));
	check_conditions($s, path($id));
	check_tags($s, $id);
}

# --- slow listeners -------------------------------------------------------------------

# Process ids of a program of the stack, by the file they run.
sub processes {
	my ($s, $name) = @_;
	my $state = readlink($s->var . '/state') // $s->var . '/state';
	return grep { (readlink("/proc/$_/exe") // '') =~ m{^\Q$state\E/.*/\Q$name\E$} }
	  map { m{(\d+)$} } glob '/proc/[0-9]*';
}

# A listener that has taken the first bytes of a whole file.
sub listen_slowly {
	my ($s, $id) = @_;
	my $socket = $s->connect;
	print {$socket} 'GET ' . path($id) . " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
	my $text = '';
	sysread $socket, $text, 4096, length $text or die 'no answer' while $text !~ /\r\n\r\n/;
	$text =~ s/^HTTP\S+ 200 .*?\r\n\r\n//s or die $text;
	return { socket => $socket, taken => $text };
}

sub take {
	my ($listener, $bytes) = @_;
	my $got = sysread $listener->{socket}, $listener->{taken}, $bytes, length $listener->{taken};
	return $got && $listener->{taken} eq substr $source, 0, length $listener->{taken};
}

sub check_slow_listeners {
	my ($s, $id) = @_;
	my @listeners = map { listen_slowly($s, $id) } 1 .. 12;
	for (1 .. 2) {
		sleep 1;
		is scalar(grep { take($_, 8000) } @listeners), 12, 'twelve take 64 kbit/s each';
	}
	# who held a program would hold it until the end of this test
	for (1 .. 20) {
		is $s->get(path($id), Range => 'bytes=0-9')->{status}, 206, 'others are served'
		  or last;
	}
	return @listeners;
}

# --- copying ------------------------------------------------------------------------------

# Programs that are told to copy, until $run returns.
sub with_copying {
	my ($s, $run) = @_;
	my $before = Drift::slurp($s->conf);
	write_conf($s, $before . "handover = copy\n");
	my $ok = eval { restart($s); $run->(); 1 };
	my $error = $@;
	write_conf($s, $before);
	restart($s);
	die $error unless $ok;
}

sub write_conf {
	my ($s, $text) = @_;
	open my $out, '>', $s->conf or die $s->conf . ": $!";
	print {$out} $text;
	close $out or die $!;
}

# The server starts them again, with the configuration of then.
sub restart {
	my ($s) = @_;
	my %old = map { $_ => 1 } processes($s, 'stream.fcgi');
	kill TERM => keys %old;
	my $end = time + 20;
	while (time < $end) {
		sleep 0.3;
		next if grep { $old{$_} } processes($s, 'stream.fcgi');
		return if $s->get('/cgi-bin/stream.fcgi/x')->{status} == 404;
	}
	die 'stream.fcgi does not come back';
}

# Waits until no process of that name is there.
sub ends {
	my ($s, $name) = @_;
	for (1 .. 50) {
		return 1 unless processes($s, $name);
		sleep 0.1;
	}
	return 0;
}

sub check_copying_to_the_slow {
	my ($s, $id) = @_;
	my @listeners = map { listen_slowly($s, $id) } 1 .. 3;
	is scalar(grep { take($_, 8000) } @listeners), 3, 'three slow ones are served';
	if ($s->get('/')->{headers}{server} =~ /Apache/) {
		is scalar(my @cgi = processes($s, 'stream.cgi')), 3, 'each by a program of its own';
		my @fcgi = processes($s, 'stream.fcgi');
		cmp_ok scalar @fcgi, '<', 3, 'and none of those that decide';
	}
	is $s->get(path($id), Range => 'bytes=0-9')->{status}, 206, 'others are served';
	close $_->{socket} for @listeners;
	ok ends($s, 'stream.cgi'), 'no program stays when they have left';
	is scalar(grep { $s->get(path($id), Range => 'bytes=0-9')->{status} == 206 } 1 .. 8), 8,
	  'all programs are there again';
}

# The program as a server without FastCGI and without a name we know starts it.
sub plain_cgi {
	my ($s, $id, %env) = @_;
	my ($program) = map { "$_/stream.fcgi" } grep { -x "$_/stream.fcgi" } "$FindBin::Bin/../../build/bin";
	%env = (GATEWAY_INTERFACE => 'CGI/1.1', REQUEST_METHOD => 'GET', SERVER_PROTOCOL => 'HTTP/1.1',
		SERVER_SOFTWARE => 'other/1.0', SCRIPT_NAME => '/cgi-bin/stream.cgi', PATH_INFO => "/$id",
		QUERY_STRING => 'format=lossless', DRIFT_CONF => $s->conf, %env);
	local %ENV = (PATH => $ENV{PATH}, %env);
	open my $out, '-|', 'sh', '-c', 'exec "$0" </dev/null', $program or die "$program: $!";
	binmode $out;
	my $text = do { local $/; <$out> };
	close $out or die "$program: exit $?";
	my ($head, $body) = split /\r\n\r\n/, $text, 2;
	my ($status) = $head =~ /^Status: (\d+)/m;
	my %headers = map { /^(\S+): (.*)$/ ? (lc $1 => $2) : () } split /\r\n/, $head;
	return { status => $status, headers => \%headers, content => $body };
}

sub check_plain_cgi {
	my ($s, $id) = @_;
	my $whole = plain_cgi($s, $id);
	is $whole->{status}, 200, 'plain CGI copies';
	is sha256_hex($whole->{content}), sha256_hex($source), 'the whole file';
	my $part = plain_cgi($s, $id, HTTP_RANGE => 'bytes=100-199');
	is $part->{status}, 206, 'and parts of it';
	ok $part->{content} eq substr($source, 100, 100), 'byte for byte';
	is plain_cgi($s, $id, HTTP_IF_NONE_MATCH => $whole->{headers}{etag})->{status}, 304, 'or nothing';
	my $head = plain_cgi($s, $id, REQUEST_METHOD => 'HEAD', HTTP_RANGE => 'bytes=0-9');
	is $head->{status} . $head->{content}, '200', 'a Range means nothing to HEAD';
	my $several = plain_cgi($s, $id, HTTP_RANGE => 'bytes=0-9,5000-5009');
	is scalar(Multipart::parts($several)), 2, 'two parts stay two';
	is length $several->{content}, $several->{headers}{'content-length'}, 'with the right length';
	my $many = join ',', map { ($_ * 5000) . '-' . ($_ * 5000) } 0 .. 999;
	is plain_cgi($s, $id, HTTP_RANGE => "bytes=$many")->{status}, 200, 'a thousand become all';
}

# --- what nobody gets ------------------------------------------------------------------------

sub check_direct_access {
	my ($s, $id) = @_;
	for my $path (
		map({ "/cgi-bin/$_" } '', 'drift.conf', '.htaccess', 'stream.fcgi.bak', 'stream.fcgi~', 'stream.cgi',
			"stream.cgi/$id", 'stream', 'upload.cgi', 'seekidx.cgi', 'Stream.fcgi'),
		'/media/', '/media/.htaccess', '/media/0123456789abcdef0123456789abcdef/source.wav',
		'/drift.conf', '/../drift.conf', '/media/../../drift.conf', '/cgi-bin/..%2f..%2fdrift.conf'
	) {
		my $answer = $s->get($path);
		like $answer->{status}, qr/^(400|403|404)$/, "$path is nobody's business: $answer->{status}";
		unlike $answer->{content}, qr/dbname|OggS|RIFF|AllowOverride/, 'and shows nothing';
	}
	my $folder = media_url($s, $id) =~ s/[^\/]+$//r;
	like $s->get($folder)->{status}, qr/^(403|404)$/, 'no listing of a version';
	like $s->get($_)->{status}, qr/^(400|403|404)$/, "no way out of it: $_"
	  for map { $folder . $_ } '../../index.htm', '..%2f..%2fdrift.conf', '%2e%2e/drift.conf', 'nothing.wav';
	like $s->request(POST => path($id), { content => 'x' })->{status}, qr/^405$/, 'no POST';
}

for my $s (Drift::stacks()) {
	subtest $s->name => sub {
		my $id = $s->upload($wav);
		is $s->wait_jobs($id)->{jobs}[0]{state}, 'done', 'a track';
		make_old($s, $id);
		subtest 'handed over' => sub { check_all($s, $id) };
		subtest 'slow listeners hold no program' => sub {
			my @before = processes($s, 'stream.fcgi');
			my @listeners = check_slow_listeners($s, $id);
			cmp_ok scalar(my @now = processes($s, 'stream.fcgi')), '<=', @before + 1, 'no more programs run';
			is scalar(my @cgi = processes($s, 'stream.cgi')), 0, 'of either kind';
		};
		subtest 'copied' => sub {
			with_copying($s, sub {
				check_all($s, $id);
				check_copying_to_the_slow($s, $id);
			});
		};
		subtest 'plain CGI' => sub { check_plain_cgi($s, $id) };
		subtest 'direct access' => sub { check_direct_access($s, $id) };
	};
}
done_testing;
