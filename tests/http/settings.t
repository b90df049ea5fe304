#!/usr/bin/perl
# settings.fcgi: the listener's settings, in cookies
use strict;
use warnings;
use lib 'tests/http/lib';
use Drift;
use JSON::PP qw(decode_json);
use Test::More;

my $path = '/cgi-bin/settings.fcgi/';
my $json = { 'Content-Type' => 'application/json' };
my $form = { 'Content-Type' => 'application/x-www-form-urlencoded' };

# {name => value} of an answer's definitions
sub values_of {
	my ($answer) = @_;
	return { map { $_->{name} => $_->{value} } @{ decode_json($answer->{content})->{settings} } };
}

# the answer's cookies as a list of texts
sub cookies_of {
	my ($answer) = @_;
	my $found = $answer->{headers}{'set-cookie'} // [];
	return ref $found ? @$found : ($found);
}

sub put_settings {
	my ($s, $content, %headers) = @_;
	return $s->request('PUT', $path, { headers => { %$json, %headers }, content => $content });
}

sub post_form {
	my ($s, $content, %headers) = @_;
	return $s->request('POST', $path, { headers => { %$form, %headers }, content => $content });
}

# A problem of that status whose sentence says so.
sub refuses {
	my ($answer, $status, $sentence, $name) = @_;
	is $answer->{status}, $status, $name;
	is $answer->{headers}{'content-type'}, 'application/problem+json', "$name: a problem";
	like decode_json($answer->{content})->{detail}, $sentence, "$name: in words";
	is_deeply [ cookies_of($answer) ], [], "$name: no cookie";
}

sub describe {
	my ($s) = @_;
	my $answer;

	subtest 'lists definitions with the values that apply' => sub {
		$answer = $s->get($path);
		is $answer->{status}, 200, 'without cookies';
		is $answer->{headers}{'content-type'}, 'application/json', 'type';
		is_deeply values_of($answer), { streamQuality => 'lossless', theme => 'auto', normalisation => 'off', preset => 'none', intensity => '0.5' }, 'fallbacks';
		my $first = decode_json($answer->{content})->{settings}[0];
		is_deeply [ sort keys %$first ],
			[qw(choices fallback help kind label maximum minimum name step value)], 'members';
		is_deeply [ map { $_->{value} } @{ $first->{choices} } ], [qw(lossless opus)], 'choices';
		$answer = $s->get($path, Cookie => 'other="x y"; theme=dark; streamQuality=opus');
		is_deeply values_of($answer), { streamQuality => 'opus', theme => 'dark', normalisation => 'off', preset => 'none', intensity => '0.5' }, 'the cookies';
		$answer = $s->get($path, Cookie => 'theme=light; theme=dark');
		is values_of($answer)->{theme}, 'light', 'of two with one name the first';
		$answer = $s->get($path, Cookie => join '; ', 'theme=dark', map { "c$_=x" } 1 .. 100);
		is values_of($answer)->{theme}, 'dark', 'among a hundred';
		is $answer->{headers}{'cache-control'}, 'no-store', 'nobody else gets them';
	};

	subtest 'has no use for other values' => sub {
		for my $value ('pink', '', '"', "'", '</script>', "dark' or '1'='1", '%64ark', 'x' x 3000) {
			$answer = $s->get($path, Cookie => "theme=$value; streamQuality=opus");
			is $answer->{status}, 200, 'it answers';
			is_deeply values_of($answer), { streamQuality => 'opus', theme => 'auto', normalisation => 'off', preset => 'none', intensity => '0.5' }, 'the fallback';
		}
		like $s->raw("GET ${path}boot.js HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
			. "Cookie: theme=\xff\xfe; \xff=x; streamQuality=opus\r\n\r\n"),
			qr{^HTTP/1.1 (?:400 |200 .*"theme": "auto")}s, 'nor for what is no UTF-8';
	};

	subtest 'sets cookies for a year' => sub {
		$answer = put_settings($s, '{"theme": "dark"}', Cookie => 'streamQuality=opus');
		is $answer->{status}, 200, 'PUT';
		is_deeply values_of($answer), { streamQuality => 'opus', theme => 'dark', normalisation => 'off', preset => 'none', intensity => '0.5' }, 'the new state';
		is_deeply [ cookies_of($answer) ],
			['theme=dark; Max-Age=31536000; Path=/; SameSite=Lax; HttpOnly'], 'one cookie';
		$answer = put_settings($s, '{"theme": "light", "streamQuality": "opus"}', Cookie => 'theme=dark');
		is_deeply values_of($answer), { streamQuality => 'opus', theme => 'light', normalisation => 'off', preset => 'none', intensity => '0.5' }, 'over an old one';
		is scalar(cookies_of($answer)), 2, 'two cookies';
		$answer = put_settings($s, '{}');
		is $answer->{status}, 200, 'nothing at all';
		is scalar(cookies_of($answer)), 0, 'sets nothing';
	};

	subtest 'names what it does not know' => sub {
		refuses(put_settings($s, '{"theme": "pink"}'), 400, qr/^theme /, 'a value');
		refuses(put_settings($s, '{"them": "dark"}'), 400, qr/^them /, 'a setting');
		refuses(put_settings($s, '{"theme": "light", "streamQuality": "mp3"}'), 400, qr/^streamQuality /,
			'one of two');
		refuses(put_settings($s, q({"theme'; drop table drift.track; --": "dark"})), 400, qr/^theme'; drop/,
			'SQL in a name');
		refuses(put_settings($s, q<{"theme": "dark'::text); delete from drift.track; --"}>), 400, qr/^theme /,
			'SQL in a value');
		refuses(put_settings($s, '{"theme": "d\u0000rk"}'), 400, qr/JSON/, 'an escaped NUL');
		refuses(put_settings($s, "{\"theme\": \"\xff\"}"), 400, qr/JSON/, 'no UTF-8');
		refuses(put_settings($s, "{\"theme\": \"dark\"}\0"), 400, qr/NUL/, 'a NUL');
		refuses(put_settings($s, $_), 400, qr/JSON|cannot have/, "<$_>")
			for '', '{', '[]', '"theme"', 'null', '{"theme": null}', '{"theme": ["dark"]}';
		refuses(put_settings($s, '[' x 12000), 400, qr/JSON/, 'twelve thousand brackets');
	};

	subtest 'says which bodies it takes' => sub {
		refuses(put_settings($s, '{}', 'Content-Type' => 'text/plain'), 415, qr{text/plain}, 'text');
		refuses(put_settings($s, 'a=b', 'Content-Type' => $form->{'Content-Type'}), 415, qr/json/, 'a form put');
		refuses(post_form($s, '{}', %$json), 415, qr{application/json}, 'JSON posted');
		refuses(post_form($s, 'x' x 16384 . 'y'), 413, qr/16384/, 'a long form');
		refuses(put_settings($s, ' ' x 16384 . '{}'), 413, qr/16384/, 'long JSON');
		$answer = put_settings($s, '{"theme": "dark"}' . ' ' x (16384 - 17),
			'Content-Type' => 'Application/JSON; charset=utf-8');
		is $answer->{status}, 200, 'the longest, with a parameter';
	};

	subtest 'takes a form without script' => sub {
		my $origin = $s->url;

		$answer = post_form($s, 'theme=dark&streamQuality=opus', Referer => "$origin/upload.html?a=b");
		is $answer->{status}, 303, 'See Other';
		is $answer->{headers}{location}, '/upload.html?a=b', 'back to the page';
		is_deeply [ map { /^(\w+=\w+);/ } cookies_of($answer) ], [ 'theme=dark', 'streamQuality=opus' ], 'cookies';
		refuses(post_form($s, 'theme=pink'), 400, qr/^theme /, 'an unknown value');
		refuses(post_form($s, 'theme=%zz'), 400, qr/well-formed/, 'half an escape');
		refuses(post_form($s, 'theme=d%00rk'), 400, qr/well-formed/, 'a NUL');
		refuses(post_form($s, 'theme=%ff'), 400, qr/^theme /, 'no UTF-8');
	};

	subtest 'leads nobody to another site' => sub {
		my ($host) = $s->url =~ m{//(.*)};

		for my $referer ('http://evil.example/', "http://$host.evil.example/", "http://evil.example/$host/",
			"http://$host\@evil.example/", "http://$host//evil.example/", "http://$host/\\evil.example/",
			"javascript:alert(1)//$host/", '//evil.example', "http://$host", '/here', "ftp://$host/x") {
			$answer = post_form($s, 'theme=dark', Referer => $referer);
			is $answer->{status}, 303, $referer;
			is $answer->{headers}{location}, '/', "$referer: to the site's root";
		}
		is post_form($s, 'theme=dark')->{headers}{location}, '/', 'without Referer';
	};

	subtest 'puts the values on the page before the first paint' => sub {
		$answer = $s->get("${path}boot.js", Cookie => 'theme=dark');
		is $answer->{status}, 200, 'boot.js';
		like $answer->{headers}{'content-type'}, qr{^text/javascript}, 'a script';
		is $answer->{headers}{'cache-control'}, 'no-store', 'not kept';
		my ($object) = $answer->{content} =~
			/^Object\.assign\(document\.documentElement\.dataset, (\{.*\})\);\n\z/;
		is_deeply decode_json($object), { streamQuality => 'lossless', theme => 'dark', normalisation => 'off',
			windowShare => '100', preset => 'none', intensity => '0.5' }, 'the values, also those in no menu';
		$answer = $s->get("${path}boot.js", Cookie => 'theme=");alert(1);("; streamQuality=</script>');
		unlike $answer->{content}, qr/alert|script/, 'and no script of a stranger';
		cmp_ok length $answer->{content}, '<', 250, 'a few bytes';
	};

	subtest 'is a form where HTML is wanted' => sub {
		my %browser = (Accept => 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8');

		$s->psql(q{insert into drift.setting_definition values ('crossfade', '<b>"Fade"</b>', 'Seconds & more.',
			'number', '[]', '0', 0, 12, 0.5, 9)});
		$answer = $s->get($path, %browser, Cookie => 'theme=dark; crossfade=2.5');
		$s->psql(q{delete from drift.setting_definition where name = 'crossfade'});
		like $answer->{headers}{'content-type'}, qr{^text/html}, 'a page';
		like $answer->{content}, qr/<html lang="en"[^>]* data-stream-quality="lossless"/, 'with its quality';
		like $answer->{content}, qr/ data-theme="dark"/, 'and its theme';
		like $answer->{content}, qr{name="theme" value="dark" checked}, 'the choice is marked';
		unlike $answer->{content}, qr{value="light" checked}, 'no other is';
		like $answer->{content}, qr{type="number" name="crossfade" value="2.5" min="0" max="12" step="0.5"}, 'a number';
		like $answer->{content}, qr{<legend>&lt;b&gt;&quot;Fade&quot;&lt;/b&gt;</legend>}, 'escaped';
		like $answer->{content}, qr{<fieldset aria-describedby="help-crossfade">}, 'a group and what helps with it';
		like $answer->{content}, qr{<p id="help-crossfade" class="help">Seconds &amp; more\.}, 'the help too';
		like $s->get($path, Accept => '*/*')->{headers}{'content-type'}, qr/json/, 'a script gets JSON';
		like $s->get($path, Accept => 'text/html;q=0.5, application/json')->{headers}{'content-type'},
			qr/json/, 'so does who prefers it';
		like $answer->{headers}{vary}, qr/Accept/, 'caches know';
	};

	subtest 'knows its methods' => sub {
		$answer = $s->request('HEAD', $path);
		is $answer->{status}, 200, 'HEAD';
		is $answer->{headers}{'content-length'}, length $s->get($path)->{content}, 'the length of GET';
		is $answer->{content} // '', '', 'without body';
		for ([ '', 'GET, HEAD, PUT, POST, OPTIONS' ], [ 'boot.js', 'GET, HEAD, OPTIONS' ]) {
			my ($place, $allow) = @$_;
			$answer = $s->request('OPTIONS', "$path$place");
			is $answer->{status}, 204, 'OPTIONS';
			is $answer->{headers}{allow}, $allow, 'Allow';
			$answer = $s->request('DELETE', "$path$place");
			is $answer->{status}, 405, 'DELETE';
			is $answer->{headers}{allow}, $allow, 'Allow';
		}
		refuses($s->get("$path$_"), 404, qr/nothing/, $_) for 'boot', 'boot.js/x', 'theme', 'x' x 300;
	};
}

for my $stack (Drift::stacks()) {
	subtest $stack->name => sub { describe($stack) };
}

done_testing;
