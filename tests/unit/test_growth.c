/* catalogue/growth: one makes it, what the killed leave is gone, the whole has two names; and a
   playlist read from elsewhere */
#include "catalogue/growth.h"
#include "mp4/hls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct uuid track = {"ab0c1d2e-0000-4000-8000-000000000001"};
static struct conf conf;
static struct db *away; /* a catalogue that cannot be reached */

static int make_store(void **state)
{
	char root[] = "/tmp/drift-growth-XXXXXX";

	(void)state;
	away = db_new("host=/nowhere", "test");
	assert_non_null(away);
	assert_non_null(mkdtemp(root));
	snprintf(conf.store, sizeof(conf.store), "%s", root);
	return chdir(root);
}

static int remove_store(void **state)
{
	(void)state;
	db_free(away);
	return system("rm -r \"$PWD\"") ? -1 : 0;
}

static struct growth begin(void)
{
	struct growth g;

	assert_int_equal(growth_open(&conf, &track, 1, &growth_mp4, &g), DRIFT_OK);
	assert_int_equal(write(g.fd, "ftyp", 4), 4);
	return g;
}

/* Its number, 0: it is not there. */
static ino_t number_of(const char *name)
{
	struct stat st;

	return stat(store_file(&conf, &track, 1, name).text, &st) == 0 ? st.st_ino : 0;
}

static void it_is_made_by_one(void **state)
{
	struct growth g = begin(), other;

	(void)state;
	assert_int_equal(growth_open(&conf, &track, 1, &growth_mp4, &other), DRIFT_ELOCKED);
	growth_clean(&conf, &track, 1);
	assert_int_not_equal(number_of(growth_mp4.file), 0);
	growth_end(&g, NULL);
	assert_int_equal(number_of(growth_mp4.file), 0);
}

static void it_does_not_go_on_with_what_the_killed_leave(void **state)
{
	struct growth g = begin(), next;
	struct stat st;

	(void)state;
	close(g.fd);
	next = begin();
	assert_int_equal(fstat(next.fd, &st), 0);
	assert_int_equal(st.st_size, 4);
	assert_int_equal(st.st_ino, number_of(growth_mp4.file));
	close(next.fd);
	growth_clean(&conf, &track, 1);
	assert_int_equal(number_of(growth_mp4.file), 0);
}

static void it_gives_the_whole_its_final_name(void **state)
{
	struct growth g = begin();
	ino_t file = number_of(growth_mp4.file);
	struct stat st;

	(void)state;
	g.is_told = true; /* somebody is in the middle of it */
	assert_int_equal(growth_publish(&g, "remux.mp4", 1700000000000123), DRIFT_OK);
	assert_int_equal(number_of("remux.mp4"), file);
	assert_int_equal(number_of(growth_mp4.file), file);
	assert_int_equal(stat(store_file(&conf, &track, 1, "remux.mp4").text, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0444);
	assert_int_equal(st.st_mtim.tv_sec, 1700000000);
	close(g.fd);

	g = begin();
	assert_int_equal(growth_publish(&g, "remux.mp4", 1700000000000123), DRIFT_OK);
	assert_int_not_equal(number_of("remux.mp4"), 0);
	assert_int_equal(number_of(growth_mp4.file), 0);
	growth_end(&g, NULL);
	assert_int_not_equal(number_of("remux.mp4"), 0);
}

static enum drift_err tell(struct growth *g, const char *what)
{
	struct buf sidecar = {0};
	const struct growth_news news = {.sidecar = &sidecar, .codec = "opus"};
	enum drift_err err;

	buf_add_text(&sidecar, what);
	err = growth_tell(g, away, &news);
	buf_clear(&sidecar);
	return err;
}

static struct growth join(const char *part)
{
	struct growth g;

	growth_join(&conf, &track, 1, &growth_opus, part, &g);
	return g;
}

static void it_shows_what_grows_under_another_name(void **state)
{
	struct store_path part = store_file(&conf, &track, 1, ".x.opus.part-1");
	struct growth g = join(part.text), next;

	(void)state;
	assert_int_equal(system("echo page >$(ls -d */*/v1)/.x.opus.part-1"), 0);
	assert_int_equal(number_of(growth_opus.file), 0);
	assert_int_equal(tell(&g, "one"), DRIFT_OK);
	assert_int_equal(number_of(growth_opus.file), number_of(".x.opus.part-1"));
	/* it is killed, and another one goes on */
	next = join(part.text);
	assert_int_equal(tell(&next, "two"), DRIFT_OK);
	assert_int_equal(number_of(growth_opus.file), number_of(".x.opus.part-1"));
	growth_end(&g, away);
	assert_int_not_equal(number_of(growth_opus.file), 0);
	assert_int_equal(rename(part.text, store_file(&conf, &track, 1, "x.opus").text), 0);
	growth_keep(&next);
	growth_end(&next, away);
	assert_int_equal(number_of(growth_opus.file), number_of("x.opus"));
	assert_int_not_equal(number_of(growth_opus.sidecar), 0);
}

static void it_takes_away_what_failed(void **state)
{
	struct store_path part = store_file(&conf, &track, 1, ".x.opus.part-2");
	struct growth g = join(part.text);

	(void)state;
	assert_int_equal(system("echo page >$(ls -d */*/v1)/.x.opus.part-2"), 0);
	assert_int_equal(tell(&g, "one"), DRIFT_OK);
	assert_int_equal(unlink(part.text), 0);
	growth_end(&g, away);
	assert_int_equal(number_of(growth_opus.file), 0);
	assert_int_equal(number_of(growth_opus.sidecar), 0);
}

static void it_moves_a_playlist(void **state)
{
	const struct hls_segment segment = {.offset = 700, .bytes = 50, .samples = 44100};
	const struct hls_media media = {
		.state = HLS_GROWING,
		.file = "a.mp4",
		.init_bytes = 600,
		.rate = 44100,
		.target_seconds = 2,
		.segment = &segment,
		.segments = 1,
	};
	struct buf here = {0}, there = {0};

	(void)state;
	hls_add_media(&here, &media);
	hls_add_moved(&there, buf_text(&here), "a.mp4", "/m/");
	assert_string_equal(buf_text(&there),
			    "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n"
			    "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:EVENT\n"
			    "#EXT-X-INDEPENDENT-SEGMENTS\n"
			    "#EXT-X-MAP:URI=\"/m/a.mp4\",BYTERANGE=\"600@0\"\n"
			    "#EXTINF:1.000000000,\n#EXT-X-BYTERANGE:50@700\n/m/a.mp4\n");
	buf_clear(&here);
	buf_clear(&there);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_made_by_one),
		cmocka_unit_test(it_does_not_go_on_with_what_the_killed_leave),
		cmocka_unit_test(it_gives_the_whole_its_final_name),
		cmocka_unit_test(it_shows_what_grows_under_another_name),
		cmocka_unit_test(it_takes_away_what_failed),
		cmocka_unit_test(it_moves_a_playlist),
	};

	return cmocka_run_group_tests(tests, make_store, remove_store);
}
