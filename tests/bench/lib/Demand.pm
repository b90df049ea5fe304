# Demand - plays of what nobody has encoded yet, and the same of ffmpeg's pipe, through the
# same web server.
#
#   my $play = Demand->new($stack, $file);
#   my $ms = $play->first_page(1800);    # Drift
#   my $peer = $play->peer_page(1800);   # ffmpeg -ss, as a CGI
package Demand;

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../http/lib";

use Bench;
use Drift;
use File::Glob ':bsd_glob';
use IO::Poll qw(POLLIN POLLHUP POLLERR);
use IO::Socket::INET;
use Time::HiRes qw(sleep time);

my $PAGE = 20_127;    # bytes of a whole page at 320 kbit/s
my $SETTLE = 0.15;    # seconds in which what was prepared for the next listener gets ready
my %peer_port;        # stack's name => port
my @servers;          # pids

sub new {
	my ($class, $stack, $file) = @_;
	my $track = $stack->upload($file);
	my $opus = Drift::json($stack->get("/cgi-bin/stream.fcgi/$track/manifest.json"))->{renditions}{opus};
	my $self = bless { stack => $stack, file => $file, track => $track, bytes => $opus->{bytes} }, $class;
	$self->{setup} = $self->place(0)->{setup};
	return $self;
}

sub place {
	my ($self, $seconds) = @_;
	return Drift::json($self->{stack}->get("/cgi-bin/seekidx.fcgi/$self->{track}?t=$seconds"));
}

# Nothing is encoded any more, and nobody is at it.
sub forget {
	my ($self) = @_;
	my $folder = sprintf '%s/%.2s/%s/v1', $self->{stack}->store, $self->{track}, $self->{track};
	unlink bsd_glob("$folder/.*.part-*");
	sleep $SETTLE;
}

# Milliseconds until the first page from there on has come. %o: preset
sub first_page {
	my ($self, $seconds, %o) = @_;
	$self->forget;
	my $from = $self->place($seconds)->{offset};
	return $self->page_from($from, $PAGE, %o);
}

# The same of a chunk that nobody has asked for before: all of it.
sub chunk {
	my ($self, $format, $number) = @_;
	return fetch($self->{stack}->url, "/cgi-bin/stream.fcgi/$self->{track}/chunk/$number?format=$format", '', \&is_box);
}

# Is the whole moof and mdat there?
sub is_box {
	my ($body) = @_;
	return 0 if length $body < 8;
	my $moof = unpack 'N', $body;
	return length $body >= $moof + 8 && length $body >= $moof + unpack 'N', substr $body, $moof, 4;
}

# The same from a byte somewhere in the file, to the end of the page that it is in.
sub random_page {
	my ($self) = @_;
	$self->forget;
	my $page = int rand(($self->{bytes} - $self->{setup}) / $PAGE - 1);
	my $in_page = int rand $PAGE;
	return $self->page_from($self->{setup} + $page * $PAGE + $in_page, $PAGE - $in_page);
}

sub page_from {
	my ($self, $from, $bytes, %o) = @_;
	my $preset = $o{preset} ? "&preset=$o{preset}" : '';
	my $range = sprintf "Range: bytes=%d-%d\r\n", $from, $from + $PAGE - 1;
	my $body = sub { length $_[0] >= $bytes };
	return fetch($self->{stack}->url, "/cgi-bin/stream.fcgi/$self->{track}?format=opus$preset", $range, $body);
}

# Milliseconds from the connection's beginning until $is_enough->(body).
sub fetch {
	my ($url, $path, $header, $is_enough) = @_;
	my ($host) = $url =~ m{^http://([^/]+)};
	my $start = time;
	my $socket = IO::Socket::INET->new(PeerAddr => $host) or die "$host: $@\n";
	syswrite $socket, "GET $path HTTP/1.0\r\nHost: $host\r\n$header\r\n";
	my ($answer, $at) = ('', -1);
	while ($at < 0 || !$is_enough->(substr $answer, $at + 4)) {
		sysread($socket, $answer, 131_072, length $answer) or die "$path: the answer is cut short: $answer\n";
		$at = index $answer, "\r\n\r\n";
	}
	my $ms = (time - $start) * 1_000;
	die "$path: $answer\n" if $answer !~ m{^HTTP/1\.\d 20[06] };
	return $ms;
}

# --- the peer ------------------------------------------------------------------------

sub peer_page {
	my ($self, $seconds) = @_;
	my $port = peer($self->{stack});
	my $url = $port ? "http://127.0.0.1:$port" : $self->{stack}->url;
	my $ms = fetch($url, "/cgi-bin/peer.cgi?ss=$seconds&file=$self->{file}", '', \&has_page);
	sleep $SETTLE;
	return $ms;
}

# Is a whole page there behind OpusHead and OpusTags?
sub has_page {
	my ($body) = @_;
	my ($at, $pages) = (0, 0);
	while (length $body >= $at + 27 + 255) {
		my $segments = ord substr $body, $at + 26, 1;
		$at += 27 + $segments;
		$at += ord $_ for split //, substr $body, $at - $segments, $segments;
		$pages++ if $at <= length $body;
	}
	return $pages > 2;
}

my $SCRIPT = <<'END';
#!/bin/sh
ss=${QUERY_STRING#ss=}
printf 'Content-Type: audio/ogg\r\n\r\n'
exec ffmpeg -v error -nostdin -ss "${ss%%&*}" -i "${ss#*file=}" -map 0:a:0 -c:a libopus -b:a 320k -f opus - 2>/dev/null
END

# Where ffmpeg's pipe answers: Apache runs it beside Drift's programs (no port of its own);
# Drift's lighttpd runs no CGI, so another one does.
sub peer {
	my ($stack) = @_;
	return $peer_port{ $stack->name } //= $stack->name eq 'apache' ? peer_beside($stack) : peer_server();
}

sub peer_beside {
	my ($stack) = @_;
	my $state = readlink($stack->var . '/state') // $stack->var . '/state';
	write_script("$state/home/public_html/cgi-bin/peer.cgi");
	return 0;
}

sub write_script {
	my ($path, $text) = @_;
	open my $out, '>', $path or die "$path: $!\n";
	print $out $text // $SCRIPT;
	close $out or die "$path: $!\n";
	chmod 0755, $path;
}

sub peer_server {
	my $folder = Bench::folder() . '/peer';
	my $port = Bench::free_port();
	mkdir $_ for $folder, "$folder/cgi-bin";
	write_script("$folder/cgi-bin/peer.cgi");
	write_script("$folder/lighttpd.conf", <<"END");
server.modules = ("mod_cgi")
server.document-root = "$folder"
server.bind = "127.0.0.1"
server.port = $port
server.stream-response-body = 2
cgi.assign = (".cgi" => "")
END
	my $pid = fork // die $!;
	if (!$pid) {
		open STDERR, '>', "$folder/log";
		exec '/usr/sbin/lighttpd', '-D', '-f', "$folder/lighttpd.conf" or POSIX::_exit(127);
	}
	push @servers, $pid;
	sleep 0.05 until IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port");
	return $port;
}

# --- many at once ---------------------------------------------------------------------

# Open before the clock runs, so that what is asked in the same moment arrives so.
sub connection {
	my ($host, $port) = @_;
	return IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port) // die "$host:$port: $@\n";
}

# So many ask for the same chunk in the same moment. Returns for each the milliseconds until
# its first half second has come, and until all of it has, as far as they are served.
sub crowd {
	my ($self, $chunk, $count) = @_;
	$self->forget;
	my ($host, $port) = $self->{stack}->url =~ m{^http://([^/:]+):(\d+)};
	my $request = "GET /cgi-bin/stream.fcgi/$self->{track}/chunk/$chunk?format=opus HTTP/1.0\r\nHost: $host\r\n\r\n";
	my $poll = IO::Poll->new;
	my (%listener, @first, @whole);
	my @sockets = map { connection($host, $port) } 1 .. $count;
	my $start = time;
	for my $socket (@sockets) {
		syswrite $socket, $request;
		$socket->blocking(0);
		$poll->mask($socket => POLLIN);
		$listener{$socket} = { socket => $socket, text => '' };
	}
	while ($poll->handles) {
		$poll->poll(30) or last;
		for my $socket ($poll->handles(POLLIN | POLLHUP | POLLERR)) {
			my $l = $listener{$socket};
			my $got = sysread $socket, $l->{text}, 262_144, length $l->{text};
			my $ms = (time - $start) * 1_000;
			push @first, $ms if !$l->{heard} && ($l->{heard} = length $l->{text} > $PAGE + 1_500);
			next if $got || !defined $got;
			$poll->remove($socket);
			push @whole, $ms if is_whole($l->{text});
		}
	}
	return (\@first, \@whole);
}

sub is_whole {
	my ($text) = @_;
	my ($length) = $text =~ m{^HTTP/1\.\d 200 .*?^Content-Length: (\d+)}ims or return 0;
	return length $text == $length + 4 + index $text, "\r\n\r\n";
}

sub percentile {
	my ($part, @figures) = @_;
	my @sorted = sort { $a <=> $b } @figures;
	return $sorted[ int $part * $#sorted + 0.5 ];
}

END {
	my $code = $?;
	kill 'TERM', @servers;
	waitpid $_, 0 for @servers;
	$? = $code;
}

1;
