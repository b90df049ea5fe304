#!/usr/bin/perl
# What the sweep removes, and what it must leave alone.
use strict;
use warnings;
use File::Glob ':bsd_glob';
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Workshop;

my $w = Workshop->new;
my $tmp = $w->dir . '/tmp';
my $wav = "$tmp/short.wav";
Workshop::ffmpeg(Workshop::tone(44100, 2, 50_001), $wav);

sub old { my ($path, $hours) = @_; system('touch', '-h', '-d', ($hours // 25) . ' hours ago', $path) }
sub put { my ($path) = @_; open my $out, '>', $path or die "$path: $!"; print $out 'x'; close $out; return $path }

sub sweep {
	my ($code, $said) = $w->transcoder('--sweep');
	is $code, 0, 'the sweep ends well' or diag $said;
	return $said;
}

my $id = $w->upload($wav);
my $secret = $w->upload($wav);
$w->psql("select drift.track_update('$secret', '{\"private\": true}')");
is +($w->transcoder('--once'))[0], 0, 'the artifacts are made';
my $folder = $w->folder($id);
my @whole = $w->named($id);
cmp_ok scalar @whole, '>=', 6, 'rows name them';

subtest 'files without a row' => sub {
	my $stale = put("$folder/.opus-320.opus.part-somebody-1-2");
	my $fresh = put("$folder/.opus-320.opus.part-somebody-1-3");
	my $stray = put("$folder/opus-128.opus");
	old($stale);
	like sweep(), qr/1 files/, 'it says what it did';
	ok !-e $stale, 'an unfinished file of yesterday is gone';
	ok -e $fresh, 'one that is being written stays';
	ok -e $stray, 'a whole one in a folder that is at work stays';
	old($folder);
	sweep();
	ok !-e $stray, 'in a quiet folder it is gone';
	is_deeply [ sort(glob "$folder/*") ], [ sort @whole ], 'what rows name stays, and nothing else';
};

subtest 'what fixes an ETag' => sub {
	my $heard = $w->folder($w->upload($wav));
	my ($sidecar, $other) = map { put("$heard/$_") } 'opus-320.seekidx', 'opus-320.seekidx.old';
	old($_) for $sidecar, $other, $heard;
	sweep();
	ok -e $sidecar, 'the sidecar of a rendition that is not made yet stays';
	ok !-e $other, 'its neighbour goes';
};

subtest 'unknown folders' => sub {
	my $unknown = $w->store . '/00/00000000-0000-4000-8000-000000000000';
	$w->run('mkdir', '-p', "$unknown/v1", "$folder/../v7");
	put("$unknown/v1/source.wav");
	sweep();
	ok -d "$unknown/v1", 'a young one may be somebody\'s work';
	ok -d "$folder/../v7", 'so may a version';
	old("$unknown/v1");
	old("$folder/../v7");
	old($unknown);
	sweep();
	ok !-e "$unknown/v1", 'of a track that is not there it is gone';
	ok !-e "$folder/../v7", 'of a version that is not there too';
	ok -d $folder, 'its neighbour stays';
};

subtest 'uploads' => sub {
	my ($live) = split /\|/, $w->psql(
		"select * from drift.upload_create((select min(id) from drift.api_key), null, 10, 'a', '{}', 48)");
	my ($gone) = split /\|/, $w->psql(
		"select * from drift.upload_create((select min(id) from drift.api_key), null, 10, 'b', '{}', 48)");
	my $unknown = '00000000-0000-4000-8000-000000000001';
	$w->run('mkdir', '-p', $w->store . '/upload');
	my @path = map { put($w->store . "/upload/$_") } $live, $gone, $unknown;
	$w->psql("update drift.upload set expires = now() - interval '1 hour' where id = '$gone'");
	sweep();
	ok -e $path[0], 'one that goes on stays';
	ok !-e $path[1], 'an expired one is gone';
	ok -e $path[2], 'a young one without a row stays';
	old($_) for @path[ 0, 2 ];
	sweep();
	ok -e $path[0], 'one that goes on stays, however long nothing came';
	ok !-e $path[2], 'an old one without a row is gone';
};

subtest 'links' => sub {
	my %made = (
		'0' x 32  => 'a token of nobody',
		'f' x 32  => 'a young token of nobody',
		'keep.me' => 'what is no token',
	);
	for my $name (keys %made) {
		symlink $folder, $w->media . "/$name" or die $!;
		old($w->media . "/$name", 2) unless $name =~ /^f/;
	}
	sweep();
	ok !-l $w->media . '/' . '0' x 32, 'a token of nobody is gone';
	ok -l $w->media . '/' . 'f' x 32, 'a young one stays';
	ok -l $w->media . '/keep.me', 'what is no token stays';
};

subtest 'rows without a file' => sub {
	rename "$folder/waveform.dat", "$tmp/waveform.dat" or die $!;
	like sweep(), qr{\Q$folder\E/waveform\.dat is in the catalogue}, 'it names what is missing';
	rename "$tmp/waveform.dat", "$folder/waveform.dat" or die $!;
	unlike sweep(), qr/in the catalogue/, 'nothing is missing any more';
};

subtest 'superseded versions' => sub {
	$w->upload($wav, "/track/$id");
	sweep();
	ok -d $folder, 'the old version stays for who listens to it';
	$w->psql("update drift.source set superseded = now() - interval '25 hours' where track = '$id' and version = 1");
	sweep();
	ok !-e $folder, 'a day later it is gone';
	ok -e $w->folder($id, 2) . '/source.wav', 'the present one stays';
};

subtest 'deleted tracks' => sub {
	$w->psql("select drift.track_delete('$secret')");
	sweep();
	$w->psql("update drift.source set superseded = now() - interval '25 hours' where track = '$secret'");
	sweep();
	ok !-e $w->folder($secret), 'their files go too';
};

done_testing;
