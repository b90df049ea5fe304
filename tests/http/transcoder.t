#!/usr/bin/perl
# drift-transcoder among other transcoders, with a database that goes away, sources that
# change, decoders that die, and a kill in the middle.
use strict;
use warnings;
use File::Glob ':bsd_glob';
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(sha256_hex);
use POSIX ();
use Test::More;
use Workshop;

my $w = Workshop->new;
my $tmp = $w->dir . '/tmp';
my $short = "$tmp/short.wav";
my $medium = "$tmp/medium.flac";
my $long = "$tmp/long.flac";
Workshop::ffmpeg(Workshop::tone(44100, 2, 100_003), $short);
# long enough to be met at work: some seconds of encoding
Workshop::ffmpeg('-f', 'lavfi', '-i', 'anoisesrc=d=240:c=pink:r=48000:a=0.3', '-ac', '2', '-c:a', 'flac',
	'-compression_level', '0', $long, '-t', 60, $medium);

sub artifact { my ($id, $version) = @_; return $w->folder($id, $version) . '/opus-320.opus' }
sub parts { my ($id) = @_; return scalar grep { /\.part-/ } glob $w->folder($id) . '/.*' }
sub error_of {
	my ($id, $kind) = @_;
	return $w->psql("select error from drift.job where track = '$id' and kind = '$kind'");
}
sub running { my ($id) = @_; return "select exists (select from drift.job where track = '$id'"
	  . " and kind = 'opus' and state = 'running' and progress > 0)" }
sub done { my ($id) = @_; return "select not exists (select from drift.job where track = '$id'"
	  . " and state <> 'done')" }
sub whole {
	my ($id, $version) = @_;
	my $path = artifact($id, $version);
	my $row = $w->psql("select opus_bytes from drift.track_get('$id')");
	return -f $path && -s $path == $row;
}

subtest 'options' => sub {
	my ($code, $out) = $w->transcoder('--help');
	is $code, 0, '--help ends well';
	like $out, qr/--linger SECONDS/, 'and tells the options';
	like +($w->transcoder('--version'))[1], qr/^drift-transcoder \d/, '--version tells it';
	is +($w->transcoder(@$_))[0], 2, "wrong usage: @$_"
	  for [ '--linger', 'x' ], [ '--linger', '-1' ], ['--nonsense'], ['file'], [ '--backfill', 'mp3' ];
	my $bad = $w->write_conf(name => 'bad', lock => '/nonexistent/lock');
	is +($w->transcoder({ conf => $bad }, '--once'))[0], 1, 'a lock that cannot be made is trouble';
};

subtest 'an upload becomes artifacts' => sub {
	my $id = $w->upload($short);
	my ($code, $said) = $w->transcoder('--once');
	is $code, 0, 'it ends well' or diag $said;
	is $w->jobs($id), 'opus:done remux:done waveform:done', 'all jobs are done';
	ok whole($id), 'the artifact is as long as its row says';
	my ($bytes, $mtime) = split /\|/, $w->psql(
		"select opus_bytes, opus_mtime_us from drift.track_get('$id')");
	my $on_disk = qx(stat -c %.6Y \Q@{[artifact($id)]}\E);
	chomp $on_disk;
	is $on_disk =~ s/\.//r, $mtime, 'its mtime is the one in the catalogue';
	my ($source) = (stat $w->folder($id) . '/source.wav')[9];
	is int($mtime / 1e6), $source, 'the source\'s second';

	my $before = sha256_hex(Workshop::read_file(artifact($id)));
	$w->psql("select drift.regenerate('$id', null)");
	is $w->jobs($id), 'opus:queued remux:queued waveform:queued', 'regenerate queues all';
	$w->psql("select drift.track_update('$id', '{\"title\": \"Another\"}')");
	$w->transcoder('--once');
	is $w->jobs($id), 'opus:done remux:done waveform:done', 'and they are made again';
	is sha256_hex(Workshop::read_file(artifact($id))), $before, 'the bytes are the same';
	is $w->psql("select opus_bytes, opus_mtime_us from drift.track_get('$id')"), "$bytes|$mtime",
	  'so is what the ETag is made of';
};

subtest 'a source that is gone or another one' => sub {
	my $gone = $w->upload($short);
	my $other = $w->upload($short);
	my $good = $w->upload($short);
	unlink $w->folder($gone) . '/source.wav' or die;
	my $source = $w->folder($other) . '/source.wav';
	my $size = -s $source;
	unlink $source or die;
	open my $out, '>', $source or die;
	print $out substr("#EXTM3U\n/etc/passwd\n" x $size, 0, $size);
	close $out;
	chmod 0644, $source;
	is +($w->transcoder('--once'))[0], 0, 'the transcoder goes on';
	is $w->jobs($good), 'opus:done remux:done waveform:done', 'other jobs are done';
	like error_of($gone, 'opus'), qr/^The source is not in the store/, 'a sentence for what is gone';
	is $w->jobs($other), 'opus:failed remux:failed waveform:failed', 'what cannot be decoded is failed for good';
	like error_of($other, 'opus'), qr/^[A-Z].{10,}\.$/, 'with a sentence';
	is parts($other), 0, 'and leaves nothing behind';
	$w->psql("select drift.track_delete('$_')") for $gone, $other;
};

subtest 'a decoder that dies in the middle' => sub {
	my $id = $w->upload($long);
	my $after = $w->upload($short);
	my $pid = $w->start_transcoder('--once');
	ok $w->wait_for(running($id)), 'it is at work';
	my ($child) = split ' ', qx(pgrep -P $pid -x drift-decode);
	ok $child, 'by a child';
	kill 'KILL', $child if $child;
	is $w->end_transcoder($pid), 0, 'the transcoder ends well';
	is $w->jobs($id), 'opus:queued remux:done waveform:queued', 'what was being done is tried again, what was done is not';
	like error_of($id, 'opus'), qr/^[A-Z].{10,}\.$/, 'with a sentence';
	is $w->jobs($after), 'opus:done remux:done waveform:done', 'the next ones are done';
	is parts($id), 0, 'nothing is left behind';
	ok $w->psql("select drift.retry('$id')") > 0, 'retry has them done at once';
	$w->transcoder('--once');
	is $w->jobs($id), 'opus:done remux:done waveform:done', 'and they are done';
	$w->psql("select drift.track_delete('$id')");
};

subtest 'one a host' => sub {
	my $id = $w->upload($long);
	my $pid = $w->start_transcoder('--once');
	ok $w->wait_for(running($id)), 'one is at work';
	my ($code, $said) = $w->transcoder('--once');
	is "$code$said", '0', 'a second one ends at once and says nothing';
	my (undef, $status) = $w->transcoder('--status');
	like $status, qr/^transcoder\s+at work on this host, process \d+$/m, '--status sees the first';
	like $status, qr/^queue\s+opus\s+running\s+1$/m, 'and its job';

	kill 'TERM', $pid;
	my $start = time;
	is $w->end_transcoder($pid), 0, 'told to end it ends well';
	cmp_ok time - $start, '<=', 10, 'and soon';
	is $w->jobs($id), 'opus:queued remux:done waveform:queued', 'its jobs are free at once';
	is $w->psql("select max(attempts) from drift.job where track = '$id' and state = 'queued'"), 0,
	  'and have cost no attempt';
	is parts($id), 1, 'what is made so far is left to the next one';
	$w->psql("select drift.track_delete('$id')");
};

sub kill_at_work {
	my ($id, @when) = @_;
	my $pid = $w->start_transcoder('--once');
	ok $w->wait_for(running($id)), 'it is at work';
	select undef, undef, undef, rand;
	$w->end_transcoder($pid, 'KILL');
	ok $w->wait_for("select count(*) = 0 from pg_stat_activity where application_name = 'drift-transcoder'"),
	  'its connections go with it';
	$w->psql("update drift.job set attempts = 0 where state = 'running'");
}

subtest 'killed, again and again' => sub {
	my $vbr = $w->write_conf(name => 'vbr', opus_vbr => 'yes');
	my @digests = map {
		my ($kills, $conf) = @$_;
		my $id = $w->upload($long);
		local $w->{conf} = $conf if $conf;
		my $inode;
		for (1 .. $kills) {
			kill_at_work($id);
			my ($part) = grep { /\.part-/ } glob $w->folder($id) . '/.*';
			ok $part, 'it leaves an unfinished file';
			ok !-e artifact($id), 'which is not the artifact';
			is +(stat $part)[1], $inode, 'the one that there was' if $inode;
			$inode = (stat $part)[1];
		}
		is +($w->transcoder('--once'))[0], 0, 'the next start ends well';
		is $w->jobs($id), 'opus:done remux:done waveform:done', 'and has made it whole';
		is +(stat artifact($id))[1], $inode, 'of what there was' if $inode;
		is parts($id), 0, 'the unfinished file is gone';
		ok whole($id), 'the artifact is whole';
		# serial numbers and checksums are the track's own
		my $packets = Workshop::packets(artifact($id));
		$w->psql("select drift.track_delete('$id')");
		sha256_hex($packets);
	} [0], [3], [ 0, $vbr ], [ 3, $vbr ];
	is $digests[1], $digests[0], 'the packets are those of an undisturbed encode';
	is $digests[3], $digests[2], 'with VBR too';
};

subtest 'another encoder' => sub {
	my $id = $w->upload($long);
	kill_at_work($id);
	my ($before) = grep { /\.part-/ } glob $w->folder($id) . '/.*';
	local $w->{conf} = $w->write_conf(name => 'half', opus_kbits => 320, opus_vbr => 'yes');
	is +($w->transcoder('--once'))[0], 0, 'it ends well';
	is $w->jobs($id), 'opus:done remux:done waveform:done', 'the jobs are done';
	ok !-e $before, 'what was made with other parameters is gone';
	$w->psql("select drift.track_delete('$id')");
};

subtest 'several tracks at once' => sub {
	my @ids = map { $w->upload($long) } 1 .. 2;
	my $ids = join ',', map { "'$_'" } @ids;
	my $pid = $w->start_transcoder('--once');
	ok $w->wait_for("select count(*) = 2 from drift.job where kind = 'opus' and state = 'running'"
		  . " and track in ($ids)"), 'two are at work';
	my $short = $w->upload($short);
	is $w->end_transcoder($pid), 0, 'it ends well';
	is $w->jobs($_), 'opus:done remux:done waveform:done', 'a track is done' for @ids;
	is $w->jobs($short), 'opus:done remux:done waveform:done', 'so is one that came later';
	is $w->psql("select bool_and(w.changed <= o.changed) from drift.job o join drift.job w using (track, version)"
		  . " where o.kind = 'opus' and w.kind = 'waveform' and track in ($ids)"), 't',
	  'what is measured does not wait for the rendition';
	$w->psql("select drift.track_delete('$_')") for @ids;
};

subtest 'an upload overtakes a backfill' => sub {
	my $slow = $w->upload($long);
	$w->psql("update drift.job set priority = -1 where track = '$slow'");
	my $pid = $w->start_transcoder('--once');
	ok $w->wait_for(running($slow)), 'it is at work';
	my $quick = $w->upload($medium);
	is $w->end_transcoder($pid), 0, 'it ends well';
	is $w->psql("select quick.changed < slow.changed from drift.job quick, drift.job slow"
		  . " where quick.kind = 'opus' and slow.kind = 'opus' and quick.track = '$quick' and slow.track = '$slow'"),
	  't', 'what came later and is more urgent is done first';
	$w->psql("select drift.track_delete('$_')") for $slow, $quick;
};

subtest 'two hosts' => sub {
	my @ids = map { $w->upload($short) } 1 .. 12;
	my $ids = join ',', map { "'$_'" } @ids;
	$w->psql('create table public.claims (job bigint, worker text)');
	$w->psql(<<~'SQL');
		create function public.note_claim() returns trigger language plpgsql as $$
		begin
			insert into public.claims values (new.id, new.worker);
			return null;
		end $$;
		create trigger note_claim after update on drift.job for each row
		when (old.state = 'queued' and new.state = 'running') execute function public.note_claim();
		SQL
	my $second = $w->write_conf(name => 'second');
	my @pids = ($w->start_transcoder('--once'), $w->start_transcoder({ conf => $second }, '--once'));
	is $w->end_transcoder($_), 0, 'one ended well' for @pids;
	is $w->psql("select count(*) from drift.job where track in ($ids) and state = 'done'"), 36,
	  'every job is done';
	is $w->psql('select count(*), count(distinct job) from public.claims'), '36|36', 'each was claimed once';
	is $w->psql('select count(distinct worker) from public.claims'), 2, 'both worked';
	$w->psql('drop trigger note_claim on drift.job; drop table public.claims; drop function public.note_claim');
};

subtest 'the database goes away and comes back' => sub {
	my $id = $w->upload($long);
	my $pid = $w->start_transcoder('--once');
	ok $w->wait_for(running($id)), 'it is at work';
	$w->pg_stop;
	sleep 1;
	$w->pg_start;
	is $w->end_transcoder($pid), 0, 'it ends well';
	is $w->jobs($id), 'opus:done remux:done waveform:done', 'the work was not lost';
	is $w->psql("select max(attempts) from drift.job where track = '$id'"), 1, 'nor begun anew';
	ok whole($id), 'the artifact is whole';
	$w->pg_stop;
	is +($w->transcoder('--once'))[0], 1, 'without a database it is trouble';
	$w->pg_start;
	$w->psql("select drift.track_delete('$id')");
};

subtest 'replaced while it works' => sub {
	my $id = $w->upload($long);
	my $pid = $w->start_transcoder('--once');
	ok $w->wait_for(running($id)), 'it is at work on version 1';
	$w->upload($short, "/track/$id");
	is $w->end_transcoder($pid), 0, 'it ends well';
	is $w->psql("select version from drift.track_get('$id')"), 2, 'version 2 is there';
	is $w->psql("select string_agg(state, ' ') from drift.job where track = '$id' and version = 2"),
	  'done done done', 'its jobs are done';
	ok whole($id, 2), 'its artifact is whole';
	ok !-e artifact($id, 1), 'version 1 was not finished';
	is $w->psql("select count(*) from drift.job where track = '$id' and version = 1"), 0,
	  'and nothing of it is queued any more';
	is parts($id), 0, 'nor left behind';
};

subtest 'backfill' => sub {
	my $id = $w->upload($short);
	$w->transcoder('--once');
	$w->psql("delete from drift.artifact where track = '$id'; delete from drift.job where track = '$id'");
	my ($code, $out) = $w->transcoder('--backfill', 'opus');
	is $code, 0, 'it ends well';
	like $out, qr/^1 jobs queued$/m, 'and tells how many';
	is $w->jobs($id), 'opus:queued', 'what was asked for is queued';
	$w->transcoder('--backfill', 'all');
	$w->transcoder('--once');
	is $w->jobs($id), 'opus:done remux:done waveform:done', 'and made';
};

subtest 'new uploads are picked up at once' => sub {
	my $pid = $w->start_transcoder('--linger', 20);
	sleep 1;
	my $id = $w->upload($short);
	# it would look by itself after 15 s
	ok $w->wait_for(done($id), 8), 'it was told of the job';
	is $w->end_transcoder($pid, 'TERM'), 0, 'told to end it ends well';
};

subtest 'a full store' => sub {
	plan skip_all => 'needs root for a small file system' if $> != 0;
	my $id = $w->upload($long);
	my $folder = $w->folder($id);
	my $place = "$tmp/full";
	mkdir $place;
	my $size = (-s $long) + 10_000_000;
	system('mount', '-t', 'tmpfs', '-o', "size=$size,mode=777", 'tmpfs', $place) == 0
	  or plan skip_all => 'no tmpfs can be mounted';
	my $conf = $w->write_conf(name => 'full', store => $place);
	my $copy = "$place/" . substr($id, 0, 2) . "/$id";
	system("mkdir -p '$copy' && cp -a '$folder' '$copy/' && chown -R www-data '$place'");
	is +($w->transcoder({ conf => $conf }, '--once'))[0], 0, 'the transcoder does not fall over';
	like $w->psql("select error from drift.job where track = '$id' and kind = 'opus'"),
	  qr/^The store is full: \d+ MB are needed and \d+ MB are free\.$/, 'a sentence says why';
	is $w->psql("select state from drift.job where track = '$id' and kind = 'opus'"), 'queued',
	  'it will be tried again';
	ok $w->psql("select bool_and(due > now()) from drift.job where track = '$id' and kind = 'opus'") eq 't',
	  'later';
	is $w->psql("select state from drift.job where track = '$id' and kind = 'waveform'"), 'done',
	  'the waveform had room';
	system('umount', $place);
	$w->psql("select drift.track_delete('$id')");
};

subtest 'VBR' => sub {
	my $id = $w->upload($short);
	my $conf = $w->write_conf(name => 'vbr', opus_vbr => 'yes');
	is +($w->transcoder({ conf => $conf }, '--once'))[0], 0, 'it ends well';
	is $w->jobs($id), 'opus:done remux:done waveform:done', 'the jobs are done';
	my $file = Workshop::read_file(artifact($id));
	my $idx = Workshop::read_file($w->folder($id) . '/opus-320.seekidx');
	my ($setup, $entries) = unpack 'x40 V V', $idx;
	my @list = unpack 'Q<*', substr $idx, -16 * $entries;
	my @pages;
	push @pages, pos($file) - 4 while $file =~ /OggS/g;
	is_deeply [ @list[ map { 2 * $_ + 1 } 0 .. $entries - 1 ] ], [ @pages[ 2 .. $#pages ] ],
	  'the sidecar has the offset of every page';
	is_deeply [ @list[ map { 2 * $_ } 0 .. $entries - 1 ] ], [ map { 24000 * $_ } 0 .. $entries - 1 ],
	  'and their times';
	is length($file), unpack('x32 Q<', $idx), 'and the size of the file';
	my $packets = POSIX::ceil((POSIX::ceil(100_003 * 48000 / 44100) + 312) / 960);
	cmp_ok length($file), '!=', $setup + 20127 * int($packets / 25) + 27 + 804 * ($packets % 25),
	  'which is not the one of CBR';
	is qx(oggz-validate \Q@{[artifact($id)]}\E 2>&1) =~ /error/i ? 1 : 0, 0, 'oggz-validate is content';
};

done_testing;
