#!/usr/bin/perl
# lists of tracks for podcast programs, for albums, for browsers without script; and the queue
use strict;
use warnings;
use lib 'tests/http/lib';
use Drift;
use JSON::PP qw(decode_json);
use Test::More;

my $catalogue = '/cgi-bin/catalogue.fcgi';
my $folder = Drift::folder();
my $artist = "Tidal & <Sons> ${$}x";
my $album = 'Six "Rooms"';

sub query {
	my (%query) = @_;
	return join '&', map { "$_=" . Drift::escape($query{$_}) } sort keys %query;
}

# A track of the artist: its id.
sub upload {
	my ($s, $title, $file, %tags) = @_;
	my $tagged = "$folder/$title." . ($file =~ /(\w+)$/)[0];

	Drift::ffmpeg('-i', $file, map({ ('-metadata', "$_=$tags{$_}") } sort keys %tags), '-metadata', "title=$title",
		'-metadata', "artist=$artist", $tagged);
	return $s->upload($tagged);
}

# [{name => text, …}] of the items of a feed; an attribute is name/attribute
sub items_of {
	my ($xml) = @_;
	my @items;

	for my $item ($xml =~ m{<item>(.*?)</item>}gs) {
		my %fields = $item =~ m{<([\w:]+)[^>/]*>([^<]*)</\1>}g;
		my ($enclosure) = $item =~ m{<enclosure ([^>]*)/>};
		my %attributes = $enclosure =~ m{(\w+)="([^"]*)"}g;
		push @items, { %fields, map { ("enclosure/$_" => $attributes{$_}) } keys %attributes };
	}
	return @items;
}

sub describe {
	my ($s) = @_;
	my $tone = Drift::tone_wav("$folder/tone.wav", seconds => 1.5);
	Drift::ffmpeg('-i', $tone, "$folder/tone.flac");
	Drift::ffmpeg('-i', $tone, "$folder/tone.mp3");
	my @ids = (
		upload($s, 'last', "$folder/tone.flac", album => $album, track => '10/10', disc => 1),
		upload($s, 'first', "$folder/tone.flac", album => $album, track => '2', disc => '1/2'),
		upload($s, 'second disc', "$folder/tone.flac", album => $album, track => 1, disc => 2),
		upload($s, 'single', "$folder/tone.mp3"),
	);
	my $private = upload($s, 'secret', "$folder/tone.flac", album => $album);
	$s->admin('PATCH', "/cgi-bin/upload.fcgi/track/$private", content => '{"private": true}',
			headers => { 'Content-Type' => 'application/json' });
	$s->wait_jobs($_) for @ids;

	subtest 'gives an album in its order, an artist newest first' => sub {
		my $titles = sub { [ map { $_->{title} } @{ Drift::json($s->get("$catalogue/collection?" . query(@_)))->{tracks} } ] };
		is_deeply $titles->(artist => $artist, album => $album), [ 'first', 'last', 'second disc' ], 'an album';
		is_deeply $titles->(artist => $artist), [ 'single', 'second disc', 'first', 'last' ], 'an artist';
		is_deeply $titles->(artist => "no $artist"), [], 'nobody';
		my $row = Drift::json($s->get("$catalogue/collection?" . query(artist => $artist, album => $album)))->{tracks}[1];
		is_deeply [ @$row{qw(disc number)} ], [ 1, 10 ], 'numbers of the tags';
		is $s->get("$catalogue/collection")->{status}, 400, 'of neither';
		is $s->get("$catalogue/collection?artist=%00")->{status}, 400, 'a NUL';
		is $s->get("$catalogue/collection?artist=%ff")->{status}, 400, 'no UTF-8';
	};
	subtest 'is a feed whose enclosures are as long as they say' => sub {
		my $url = "$catalogue/feed.rss?" . query(artist => $artist);
		my $answer = $s->get($url);
		is $answer->{status}, 200, 'a feed';
		like $answer->{headers}{'content-type'}, qr{^application/rss\+xml}, 'of its type';
		my @items = items_of($answer->{content});
		is_deeply [ map { $_->{title} } @items ], [ 'single', 'second disc', 'first', 'last' ], 'no private one';
		like $answer->{content}, qr{<title>Tidal &amp; &lt;Sons&gt; ${$}x</title>}, 'escaped';
		like $items[0]{pubDate}, qr/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/, 'a date of RFC 822';
		is $items[0]{'itunes:duration'}, 2, 'whole seconds';
		is_deeply [ map { $_->{'enclosure/type'} } @items ], [ 'audio/mpeg', ('audio/ogg') x 3 ], 'MP3 as it is, else Opus';
		for my $item (@items) {
			my ($path) = $item->{'enclosure/url'} =~ m{^http://[^/]+(/.*)$};
			my $head = $s->request('HEAD', $path);
			is_deeply [ $head->{status}, $head->{headers}{'content-length'} ], [ 200, $item->{'enclosure/length'} ], 'HEAD';
			like $head->{headers}{'content-type'}, qr/^\Q$item->{'enclosure\/type'}\E/, 'its type';
			is length $s->get($path)->{content}, $item->{'enclosure/length'}, 'GET';
			my $part = $s->get($path, Range => 'bytes=100-199');
			is_deeply [ $part->{status}, $part->{headers}{'content-range'} ],
				[ 206, "bytes 100-199/$item->{'enclosure/length'}" ], 'Range';
		}
		my $head = $s->request('HEAD', $url);
		is_deeply [ @{ $head->{headers} }{qw(etag content-length)} ], [ @{ $answer->{headers} }{qw(etag content-length)} ], 'HEAD of the feed';
		is $s->get($url, 'If-None-Match' => $answer->{headers}{etag})->{status}, 304, 'unchanged';
		like $s->get("$catalogue/feed.rss")->{content}, qr{<title>Drift</title>}, 'a feed of all';
	};
	subtest 'is well-formed whatever a title says' => sub {
		$s->admin('PATCH', "/cgi-bin/upload.fcgi/track/$ids[0]", headers => { 'Content-Type' => 'application/json' },
				content => '{"title": "]]> & \u0001 <b> \ud83c\udf0a"}');
		my $xml = $s->get("$catalogue/feed.rss?" . query(artist => $artist))->{content};
		like $xml, qr{<title>\]\]&gt; &amp;  &lt;b&gt; \xf0\x9f\x8c\x8a</title>}, 'without the control character';
		(my $rest = $xml) =~ s{^<\?xml[^>]*\?>|<[\w:]+(?: [\w:]+="[^"<]*")*/?>|</[\w:]+>|&(?:amp|lt|gt|quot|apos|#\d+);|[^<>&]}{}g;
		is $rest, '', 'nothing but elements, references and text';
	};
	subtest 'lists tracks with plain players for browsers without script' => sub {
		my $answer = $s->get("$catalogue/list?" . query(q => "Sons ${$}x", limit => 3));
		like $answer->{headers}{'content-type'}, qr{^text/html}, 'HTML';
		is scalar(() = $answer->{content} =~ /<audio controls/g), 3, 'a player each';
		unlike $answer->{content}, qr/<script|<Sons>/, 'no script, and no markup of others';
		my ($src) = $answer->{content} =~ /<audio [^>]* src="([^"]*)"/;
		is $s->get($src)->{status}, 200, 'which plays';
		my ($q, $after) = $answer->{content} =~ /name="q" value="([^"]*)"><input type="hidden" name="after" value="([^"]*)"/;
		$answer = $s->get("$catalogue/list?" . query(q => $q, after => $after));
		is scalar(() = $answer->{content} =~ /<audio controls/g), 1, 'and the rest';
		unlike $answer->{content}, qr/name="after"/, 'which is all';
		like $s->get("$catalogue/list?q=no${$}such")->{content}, qr/nothing here/, 'or nothing';
		like $s->get("$catalogue/list", Cookie => 'theme=dark')->{content}, qr/<html lang="en" data-theme="dark">/, 'in the theme';
		like $s->get("$catalogue/list", Cookie => 'theme="><x')->{content}, qr/<html lang="en" data-theme="[^"<>]*">/,
			'and nothing else that a cookie says';
		is $s->get("$catalogue/list?limit=x")->{status}, 400, 'a bad limit';
		is $s->request('POST', "$catalogue/list", { content => '' })->{status}, 405, 'is only read';
	};
	subtest 'lists private tracks too, for who may change them' => sub {
		is $s->get('/cgi-bin/upload.fcgi/tracks')->{status}, 401, 'nobody else';
		my $rows = Drift::json($s->admin('GET', '/cgi-bin/upload.fcgi/tracks?' . query(q => "sons ${$}x")))->{tracks};
		is_deeply [ map { $_->{track} } @$rows ], [ $private, reverse @ids ], 'newest first';
		is_deeply [ map { $_->{private} ? 1 : 0 } @$rows ], [ 1, 0, 0, 0, 0 ], 'marked';
		is $s->admin('GET', '/cgi-bin/upload.fcgi/tracks?q=%ff')->{status}, 400, 'no UTF-8';
	};
	subtest 'tells an administrator what the transcoder does' => sub {
		is $s->get('/cgi-bin/upload.fcgi/queue')->{status}, 401, 'nobody else';
		$s->psql("update drift.job set state = 'failed', error = 'it broke' where track = '$ids[1]' and kind = 'opus'");
		my $queue = Drift::json($s->admin('GET', '/cgi-bin/upload.fcgi/queue'));
		my ($failure) = grep { $_->{track} eq $ids[1] } @{ $queue->{failures} };
		is_deeply $failure, { track => $ids[1], title => 'first', kind => 'opus', error => 'it broke' }, 'a failure';
		cmp_ok $queue->{failed}, '>=', 1, 'counted';
		$s->admin('POST', "/cgi-bin/upload.fcgi/track/$ids[1]/regenerate?kind=opus", content => '');
		$s->wait_jobs($ids[1]);
	};
}

for my $stack (Drift::stacks()) {
	subtest $stack->name => sub { $stack->tidily(sub { describe($stack) }) };
}

done_testing;
