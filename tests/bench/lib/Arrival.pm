# Arrival - tracks that are uploaded at a steady pace and heard meanwhile, all by one process,
# which knows at every moment what was sent and what was heard.
#
#   my %seen = Arrival::measure($stack, $file, tracks => 10, listeners => 10, pace => 300_000,
#       seconds => 15);
package Arrival;

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../http/lib";

use Draft;
use Drift;
use Time::HiRes qw(sleep time);

my $TURN = 0.02;         # seconds between two looks at all connections
my $AGAIN = 0.2;         # seconds before somebody who could not listen yet asks again
my $SETTLED = 1.5;       # seconds after which a listener has caught up

# pace is bytes a second, of each track; listeners are those of each track.
#
# Returns first: KB that were sent when a track was first heard, of the track that took most;
# behind: seconds of sending that a listener was behind at most, once it had caught up;
# listeners: how many there were in the end.
sub measure {
	my ($s, $file, %o) = @_;
	my $draft = Draft->new($s);
	my $content = Drift::slurp($file);
	my @tracks = map { begin($draft, length $content) } 1 .. $o{tracks};
	my ($begun, $behind) = (time, 0);
	while ((my $now = time - $begun) < $o{seconds}) {
		for my $t (@tracks) {
			give($t, $content, $now * $o{pace});
			listen_to($s, $t, $now) if @{ $t->{listeners} } < $o{listeners} && $now >= $t->{again};
			my $most = (sort { $b <=> $a } map { hear($t, $_, $now) } @{ $t->{listeners} })[0] // 0;
			$behind = $most if $most > $behind;
		}
		sleep $TURN;
	}
	$draft->request('DELETE', $_->{path}, {}) for @tracks;
	my ($first) = sort { $b <=> $a } map { $_->{first} // 9e9 } @tracks;
	return (first => $first / 1e3, behind => $behind / $o{pace},
		listeners => scalar map { @{ $_->{listeners} } } @tracks);
}

sub begin {
	my ($draft, $size) = @_;
	my $path = $draft->create($size, name => 'arrival');
	my $socket = $draft->begin($path, 0, $size, '');
	$socket->blocking(0);
	return { path => $path, track => $draft->head($path)->{headers}{'drift-track'}, socket => $socket,
		sent => 0, listeners => [], again => 0 };
}

# All but the last byte: the upload stays open to its end.
sub give {
	my ($t, $content, $due) = @_;
	$due = length($content) - 1 if $due > length($content) - 1;
	while ($t->{sent} < int $due) {
		$t->{sent} += syswrite($t->{socket}, $content, int($due) - $t->{sent}, $t->{sent}) || last;
	}
}

sub listen_to {
	my ($s, $t, $now) = @_;
	my $socket = $s->connect;
	syswrite $socket, "GET /cgi-bin/stream.fcgi/$t->{track}?format=lossless HTTP/1.0\r\nHost: x\r\n\r\n";
	sysread $socket, my $answer, 65_536;
	$t->{again} = $now + $AGAIN;
	my ($body) = $answer =~ m{^HTTP/1\.\d 200 .*?\r\n\r\n(.*)}s or return;
	$socket->blocking(0);
	$t->{first} //= $t->{sent};
	$t->{again} = 0;
	push @{ $t->{listeners} }, { socket => $socket, got => length $body, since => $now };
}

# Bytes that a listener is behind.
sub hear {
	my ($t, $l, $now) = @_;
	while (my $bytes = sysread $l->{socket}, my $piece, 262_144) {
		$l->{got} += $bytes;
	}
	return $now - $l->{since} > $SETTLED ? $t->{sent} - $l->{got} : 0;
}

1;
