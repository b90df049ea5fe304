# Growing - tracks that are uploaded at a steady pace while players read the fragmented MP4 that is
# made of them, by playlist and byte ranges, as hls.js does.
#
#   my %seen = Growing::measure($stack, $file, tracks => 10, listeners => 10, pace => 300_000,
#       seconds => 15, duration => 240);
package Growing;

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../http/lib";

use Arrival;
use Bench;
use Draft;
use Drift;
use HTTP::Tiny;
use Time::HiRes qw(sleep time);

my $TURN = 0.02;      # seconds between two looks at all
my $AGAIN = 0.25;     # seconds before a listener asks again for a playlist that has nothing
my $RELOAD = 1;       # likewise for one that he plays: half its target duration
my $BUFFER = 2;       # seconds of sound with which a listener begins
my $SETTLED = 3;      # seconds after which a listener has caught up
my $TICKS = 100;      # of /proc/<pid>/stat, a second

# pace is bytes a second, of each track; listeners are those of each track; duration is the
# file's, seconds.
#
# Returns first: KB that were sent when the first fragment of a track was in a listener's hands, of the
# track that took most; behind: seconds of sending that what a listener has is behind what was
# sent, at most, once it had caught up; stalls: how often a listener had nothing to play; listeners: how
# many played; of each process that repackages the worst: share of a core, and MB at most, its child's
# included.
sub measure {
	my ($s, $file, %o) = @_;
	my $draft = Draft->new($s);
	my $content = Drift::slurp($file);
	my @tracks = map { Arrival::begin($draft, length $content) } 1 .. $o{tracks};
	my @listeners = map { my $t = $_; map { { t => $t, fragments => 0, seconds => 0, again => rand $AGAIN } } 1 .. $o{listeners} } @tracks;
	my $client = HTTP::Tiny->new(keep_alive => 1, max_redirect => 0);
	my $seconds_a_byte = $o{duration} / length $content;
	my ($begun, $behind) = (time, 0);
	while ((my $now = time - $begun) < $o{seconds}) {
		for my $t (@tracks) { Arrival::give($t, $content, $now * $o{pace}) }
		for my $l (grep { $_->{again} <= $now } @listeners) {
			my $late = listen_on($client, $s, $l, $now);
			my $lag = $l->{t}{sent} * $seconds_a_byte - $l->{seconds};
			$behind = $lag if $late && $lag > $behind;
		}
		count_stall($_, $now) for @listeners;
		sleep $TURN;
	}
	my %makers = makers($s);
	$draft->request('DELETE', $_->{path}, {}) for @tracks;
	my ($first) = sort { $b <=> $a } map { $_->{first} // 9e9 } @tracks;
	return (%makers, first => $first / 1e3, behind => $behind / $seconds_a_byte / $o{pace},
		stalls => sum(map { $_->{stalls} // 0 } @listeners), listeners => scalar grep { $_->{from} } @listeners);
}

sub sum { my $sum = 0; $sum += $_ for @_; return $sum }

# Gets what is new. True: the listener had caught up, and what he lacks now is lag.
sub listen_on {
	my ($client, $s, $l, $now) = @_;
	my $answer = $client->get($s->url . "/cgi-bin/stream.fcgi/$l->{t}{track}/playlist.m3u8");
	$l->{again} = $now + $AGAIN;
	return 0 if $answer->{status} != 200;
	my $settled = $l->{from} && $now - $l->{from} > $SETTLED;
	my ($url) = $answer->{content} =~ /^#EXT-X-MAP:URI="([^"]+)"/m;
	my @fragments = $answer->{content} =~ /^#EXTINF:([\d.]+),\n#EXT-X-BYTERANGE:(\d+)\@(\d+)$/mg;
	my @new = splice @fragments, 3 * $l->{fragments};
	while (my ($seconds, $bytes, $at) = splice @new, 0, 3) {
		my $part = $client->get($s->url . $url, { headers => { Range => sprintf 'bytes=%d-%d', $at, $at + $bytes - 1 } });
		die "$url: $part->{status}\n" if $part->{status} != 206 || length $part->{content} != $bytes;
		$l->{fragments}++;
		$l->{seconds} += $seconds;
		$l->{t}{first} //= $l->{t}{sent};
	}
	$l->{from} //= $now if $l->{seconds} >= $BUFFER;
	$l->{again} = $now + $RELOAD if $l->{from};
	return $settled;
}

# Has what it plays run out? It goes on when there is more.
sub count_stall {
	my ($l, $now) = @_;
	return if !$l->{from} || $now - $l->{from} < $l->{seconds};
	$l->{stalls}++;
	$l->{from} = $now - $l->{seconds} + $RELOAD;
}

# The processes that repackage, each with its child.
sub makers {
	my ($s) = @_;
	my ($share, $mb) = (0, 0);
	my $store = $s->store;
	my %pids;
	for my $fd (grep { (readlink // '') =~ m{^\Q$store\E/.*/growing\.mp4$} } glob '/proc/[0-9]*/fd/*') {
		my ($pid, $number) = $fd =~ m{/proc/(\d+)/fd/(\d+)};
		my ($flags) = (eval { Drift::slurp("/proc/$pid/fdinfo/$number") } // '') =~ /^flags:\s*(\d+)/m;
		$pids{$pid} = 1 if oct($flags // 0) & 3;    # to write; the server reads it
	}
	for my $pid (keys %pids) {
		my @family = map { cost_of($_) } $pid, child_of($pid);
		my ($cpu, $memory) = (sum(map { $_->{cpu} } @family) / $family[0]{age}, sum(map { $_->{mb} } @family));
		$share = $cpu if $cpu > $share;
		$mb = $memory if $memory > $mb;
	}
	return (makers => scalar keys %pids, share => $share, mb => $mb);
}

# The walled one that reads the same upload; it may have been started ahead by another.
sub child_of {
	my ($pid) = @_;
	my ($upload) = grep { m{/upload/[^/]+$} } map { readlink($_) // '' } glob "/proc/$pid/fd/*";
	return map { m{/proc/(\d+)/} } grep { defined $upload && (readlink($_) // '') eq $upload && is_decoder($_) }
	  glob '/proc/[0-9]*/fd/3';
}

sub is_decoder {
	my ($fd) = @_;
	return (eval { Drift::slurp($fd =~ s{fd/3$}{comm}r) } // '') eq "drift-decode\n";
}

# Seconds of a core, and those since it began; MB at most.
sub cost_of {
	my ($pid) = @_;
	my $stat = eval { Drift::slurp("/proc/$pid/stat") } // return;
	my @fields = split ' ', $stat =~ s/.*\) //sr;
	my ($up) = split ' ', Drift::slurp('/proc/uptime');
	my ($name, $mb) = Bench::high_water("/proc/$pid") or return;
	my $age = $up - $fields[19] / $TICKS;
	return { cpu => ($fields[11] + $fields[12]) / $TICKS, age => $age > 1 ? $age : 1, mb => $mb };
}

1;
