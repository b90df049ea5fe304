#!/usr/bin/perl
# pictures of tracks: sent, shown small and whole, refused, removed, and kept when the audio changes
use strict;
use warnings;
use lib 'tests/http/lib';
use Drift;
use Test::More;

my $folder = Drift::folder();
my $json = { 'Content-Type' => 'application/json' };

sub picture {
	my ($name, $filter) = @_;
	Drift::ffmpeg('-f', 'lavfi', '-i', $filter, '-frames:v', 1, "$folder/$name");
	return Drift::slurp("$folder/$name");
}

# A FLAC of a tone, with tags and a picture inside.
sub tagged {
	my ($name, $title) = @_;
	my $tone = Drift::tone_wav("$folder/tone.wav", seconds => 1);
	Drift::ffmpeg('-i', $tone, '-i', "$folder/red.png", '-map', '0:a', '-map', '1:v', '-disposition:v',
		'attached_pic', '-metadata', "title=$title", '-metadata', "artist=$title", "$folder/$name");
	return "$folder/$name";
}

# width x height of a JPEG's first frame
sub size_of {
	my ($jpeg) = @_;
	return $jpeg =~ /\xff[\xc0\xc2]..\x08(..)(..)/s ? join 'x', map { unpack 'n', $_ } $2, $1 : 'none';
}

my %pictures = (
	red => picture('red.png', 'color=red:s=300x200'),
	wide => picture('wide.jpg', 'testsrc=s=640x320'),
);

sub describe {
	my ($s) = @_;
	my $id = $s->upload(tagged('one.flac', 'One'));
	my $url = "/cgi-bin/stream.fcgi/$id/cover";
	my $admin = "/cgi-bin/upload.fcgi/track/$id";
	my $card = sub { Drift::json($s->admin(PATCH => $admin, headers => $json, content => $_[0] // '{}')) };
	my $send = sub { $s->admin(PUT => "$admin/cover", content => $_[0]) };

	subtest 'shows the one inside the file' => sub {
		my $answer = $s->get($url);
		is $answer->{status}, 200, 'whole';
		is $answer->{headers}{'content-type'}, 'image/png', 'with its type';
		ok $answer->{content} eq $pictures{red}, 'byte for byte';
		is $answer->{headers}{'cache-control'}, 'no-cache', 'asked for again';
		$answer = $s->get("$url?size=small&v=1");
		is $answer->{headers}{'content-type'}, 'image/jpeg', 'small';
		is size_of($answer->{content}), '240x160', 'by its shorter side';
		is $answer->{headers}{'cache-control'}, 'public, max-age=31536000, immutable', 'kept where it is named';
		is $s->get("$url?size=huge")->{status}, 400, 'no other size';
	};
	subtest 'takes another one' => sub {
		my $answer = $send->($pictures{wide});
		is $answer->{status}, 200, 'sent';
		my $name = Drift::json($answer)->{cover};
		like $name, qr/^cover-[0-9a-f]+\.jpg$/, 'under a name of its own';
		ok $s->get($url)->{content} eq $pictures{wide}, 'byte for byte';
		is size_of($s->get("$url?size=small")->{content}), '320x160', 'and small';
		like Drift::json($s->get("/cgi-bin/stream.fcgi/$id/manifest.json"))->{cover}, qr{/\Q$name\E$}, 'in the manifest';
	};
	subtest 'shows them in the feed' => sub {
		my $feed = $s->get('/cgi-bin/catalogue.fcgi/feed.rss?artist=One')->{content};
		my @pictures = $feed =~ m{<itunes:image href="([^"]+)"/>}g;
		is scalar @pictures, 2, 'of the feed and of the track';
		ok $s->get(substr $pictures[1], length $s->url)->{content} eq $pictures{wide}, 'as it is';
	};
	subtest 'refuses in words what is none, and keeps what was there' => sub {
		for (['text', 'hello', 'neither JPEG nor PNG'], ['nothing', '', 'empty'],
			['a broken one', "\xff\xd8\xff" . 'x' x 5000, 'damaged'],
			['one cut in its header', substr($pictures{red}, 0, 40), 'damaged'],
			['a huge one', substr(picture('huge.png', 'color=blue:s=9000x16'), 0), '9000 x 16 pixels']) {
			my ($name, $bytes, $word) = @$_;
			my $answer = $send->($bytes);
			is $answer->{status}, 415, $name;
			like Drift::json($answer)->{detail}, qr/^The picture cannot be taken: .*\Q$word\E.*\.$/, 'says why';
		}
		my $answer = $send->($pictures{wide} . "\0" x (8 << 20));
		is $answer->{status}, 413, 'more than 8 MiB';
		ok $s->get($url)->{content} eq $pictures{wide}, 'the one before stays';
	};
	subtest 'needs a key, and a track' => sub {
		is $s->request(PUT => "$admin/cover", { content => $pictures{red} })->{status}, 401, 'no key';
		is $s->request(DELETE => "$admin/cover")->{status}, 401, 'no key to remove it';
		is $s->admin(PUT => '/cgi-bin/upload.fcgi/track/00000000-0000-4000-8000-000000000000/cover',
			content => $pictures{red})->{status}, 404, 'no track';
		my $get = $s->admin(GET => "$admin/cover");
		is_deeply [ $get->{status}, $get->{headers}{allow} ], [ 405, 'OPTIONS, PUT, DELETE' ], 'not to be read there';
	};
	subtest 'keeps what was said by hand when the audio changes' => sub {
		is $card->('{"title": "By hand"}')->{title}, 'By hand', 'a title';
		$s->request(PUT => $admin, { headers => { 'X-Api-Key' => $s->key },
			content => Drift::slurp(tagged('two.flac', 'Two')) });
		my $after = $card->();
		is_deeply [ @$after{qw(version title artist)} ], [ 2, 'By hand', 'Two' ], 'the rest is by the tags';
		ok $s->get($url)->{content} eq $pictures{wide}, 'the picture stays';
		is size_of($s->get("$url?size=small")->{content}), '320x160', 'small, too';
	};
	subtest 'is for one listener only where the track is private' => sub {
		$card->('{"private": true}');
		is $s->get($url)->{status}, 401, 'nobody sees it without a key';
		my $headers = $s->get("$url?v=1", 'X-Api-Key' => $s->key)->{headers};
		is $headers->{'cache-control'}, 'private, max-age=31536000, immutable', 'no proxy keeps it';
		my $manifest = Drift::json($s->get("/cgi-bin/stream.fcgi/$id/manifest.json", 'X-Api-Key' => $s->key));
		for my $file ($manifest->{cover}, $manifest->{renditions}{lossless}{url}) {
			is $s->get($file)->{headers}{'cache-control'}, 'private, max-age=31536000, immutable', ($file =~ m{([^/]+)$})[0];
		}
		$card->('{"private": false}');
	};
	subtest 'goes, and stays away' => sub {
		is Drift::json($s->admin(DELETE => "$admin/cover"))->{cover}, undef, 'removed';
		is $s->get($url)->{status}, 404, 'there is none';
		$s->request(PUT => $admin, { headers => { 'X-Api-Key' => $s->key }, content => Drift::slurp("$folder/two.flac") });
		is $s->get($url)->{status}, 404, 'nor after other audio with one';
	};
	$s->admin(DELETE => $admin);
}

for my $stack (Drift::stacks()) {
	subtest $stack->name => sub { describe($stack) };
}

done_testing;
