/* wall/thumbnail: pictures of strangers, made small behind walls, or refused in words */
#include "wall/thumbnail.h"

#include "strange.h"

#define DAMAGED "it is damaged, or has more than 32 million pixels"
#define MEMORY_MB 256

static char program[4096];

static int setup(void **state)
{
	return realpath("build/bin/drift-shrink", program) ? strange_setup(state) : -1;
}

static uint8_t picture[1 << 20];

/* The bytes of one that ffmpeg makes by a filter. */
static size_t draw(const char *name, const char *filter)
{
	strange_run("ffmpeg -v error -y -f lavfi -i %s -frames:v 1 %s", filter, name);
	return strange_bytes(name, picture, sizeof(picture));
}

/* "240x160" of a baseline JPEG; "" for anything else. */
static const char *size_of(const struct buf *jpeg)
{
	static char text[32];

	text[0] = '\0';
	for (size_t i = 0; i + 9 < jpeg->len; i++) {
		const uint8_t *at = (const uint8_t *)jpeg->data + i;

		if (at[0] == 0xff && at[1] == 0xc0 && at[4] == 8) {
			snprintf(text, sizeof(text), "%dx%d", at[7] << 8 | at[8],
				 at[5] << 8 | at[6]);
			break;
		}
	}
	return text;
}

static enum drift_err make(size_t len, struct buf *out, char *reason)
{
	return thumbnail_make(program, MEMORY_MB, picture, len, out, reason);
}

static void makes(const char *name, const char *filter, const char *size)
{
	char reason[THUMBNAIL_REASON_MAX] = "";
	struct buf out = {0};

	assert_int_equal(make(draw(name, filter), &out, reason), DRIFT_OK);
	assert_string_equal(size_of(&out), size);
	buf_clear(&out);
}

static void refuses(size_t len, const char *reason)
{
	char said[THUMBNAIL_REASON_MAX] = "";
	struct buf out = {0};

	assert_int_equal(make(len, &out, said), DRIFT_EMEDIA);
	assert_string_equal(said, reason);
	assert_int_equal(out.len, 0);
	buf_clear(&out);
}

static void it_makes_the_shorter_side_as_long_as_a_list_needs(void **state)
{
	(void)state;
	makes("a.jpg", "testsrc=s=640x480", "213x160");
	makes("b.png", "testsrc=s=300x1200", "160x640");
	makes("c.jpg", "testsrc=s=100x90", "100x90");
	makes("d.png", "color=c=red@0.5:s=400x400,format=rgba64be", "160x160");
	makes("e.png", "color=gray:s=1000x1,format=gray", "1000x1");
	makes("f.png", "testsrc=s=320x320,format=pal8", "160x160");
	makes("g.jpg", "testsrc=s=320x320,format=yuvj444p", "160x160");
}

static void it_refuses_what_is_no_picture(void **state)
{
	(void)state;
	refuses(0, "it is empty, or too large");
	memcpy(picture, "GIF89a, which is none of the two", 32);
	refuses(32, "it is neither JPEG nor PNG");
	memcpy(picture, "\xff\xd8\xff\xe0", 4);
	refuses(4, DAMAGED);
	refuses(draw("wide.png", "color=blue:s=8200x8"), "it measures 8200 x 8 pixels");
	refuses(draw("many.png", "color=blue:s=6000x6000"), DAMAGED);
}

/* Cut and flipped ones are pictures or refused; the child is never what breaks. */
static void it_survives_any_damage(void **state)
{
	static uint8_t whole[1 << 20];
	size_t len = draw("h.png", "testsrc=s=64x64");

	(void)state;
	memcpy(whole, picture, len);
	for (size_t i = 0; i < len; i += len / 40 + 1) {
		char reason[THUMBNAIL_REASON_MAX] = "";
		struct buf out = {0};
		enum drift_err err;

		memcpy(picture, whole, len);
		picture[i] ^= 0x55;
		err = make(i % 2 ? len : i + 9, &out, reason);
		assert_true(err == DRIFT_OK || err == DRIFT_EMEDIA);
		if (err)
			assert_true(strcmp(reason, DAMAGED) == 0 ||
				    strcmp(reason, "it is neither JPEG nor PNG") == 0 ||
				    strncmp(reason, "it measures", 11) == 0);
		buf_clear(&out);
	}
}

static void it_says_that_there_is_no_child(void **state)
{
	char reason[THUMBNAIL_REASON_MAX] = "";
	struct buf out = {0};

	(void)state;
	assert_int_equal(thumbnail_make("/nowhere/drift-shrink", MEMORY_MB, "x", 1, &out, reason),
			 DRIFT_EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_makes_the_shorter_side_as_long_as_a_list_needs),
		cmocka_unit_test(it_refuses_what_is_no_picture),
		cmocka_unit_test(it_survives_any_damage),
		cmocka_unit_test(it_says_that_there_is_no_child),
	};

	return cmocka_run_group_tests(tests, setup, strange_teardown);
}
