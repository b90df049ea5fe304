# Port - a port of 127.0.0.1 that a server may listen on.
#
#   my $port = Port::free();
#
# It lies below those that the kernel gives to connections: one of these may be taken by any
# connection before the server listens.
package Port;

use strict;
use warnings;
use IO::Socket::INET;

my $LOWEST = 10_000;
my $TRIES = 1_000;

sub free {
	my $end = first_of_connections();
	for (1 .. $TRIES) {
		my $port = $LOWEST + int rand($end - $LOWEST);
		return $port if IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => $port);
	}
	die "no port of 127.0.0.1 is free\n";
}

sub first_of_connections {
	open my $in, '<', '/proc/sys/net/ipv4/ip_local_port_range' or return 32_768;
	my ($first) = <$in> =~ /(\d+)/;
	return $first > $LOWEST ? $first : 32_768;
}

1;
