/* base/conf: the table and etc/drift.conf say the same; faults are refused */
#include "base/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SAMPLE "etc/drift.conf"
#define LINES_MAX 200
#define LINE_MAX_BYTES 256

static char lines[LINES_MAX][LINE_MAX_BYTES];
static int line_count;

static int read_sample(void **state)
{
	FILE *in = fopen(SAMPLE, "r");

	(void)state;
	if (!in)
		return -1;
	while (line_count < LINES_MAX && fgets(lines[line_count], LINE_MAX_BYTES, in))
		line_count++;
	return fclose(in);
}

/* The line "key = ..." or "#key = ...", or -1. */
static int find_line(const char *key, bool commented)
{
	char start[LINE_MAX_BYTES];

	snprintf(start, sizeof(start), "%s%s = ", commented ? "#" : "", key);
	for (int i = 0; i < line_count; i++)
		if (strncmp(lines[i], start, strlen(start)) == 0)
			return i;
	return -1;
}

static void expect_row(const char *key, const char *fallback, const char *unit)
{
	bool has_default = *fallback != '\0';
	int at = find_line(key, has_default);
	char brackets[LINE_MAX_BYTES], setting[LINE_MAX_BYTES];

	if (at < 1)
		fail_msg("%s has no line of its own kind in %s", key, SAMPLE);
	snprintf(setting, sizeof(setting), "#%s = %s\n", key, fallback);
	if (has_default)
		assert_string_equal(lines[at], setting);
	snprintf(brackets, sizeof(brackets), "[%s]\n", unit);
	if (!strstr(lines[at - 1], brackets))
		fail_msg("above %s there is no %s", key, brackets);
}

static void it_documents_each_setting_with_default_and_unit(void **state)
{
	const char *key, *fallback, *unit;
	int rows = 0;

	(void)state;
	while (conf_row(rows, &key, &fallback, &unit)) {
		expect_row(key, fallback, unit);
		rows++;
	}
	assert_true(rows > 10);
}

/* Writes text to a new file, reads it as a configuration, and removes it. */
static enum drift_err read_text(const char *text, struct conf *out)
{
	char path[] = "/tmp/drift-conf-XXXXXX";
	int fd = mkstemp(path);
	enum drift_err err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	err = conf_read(path, out);
	unlink(path);
	return err;
}

/* The sample with every default taken out of its comment. */
static void it_documents_nothing_that_is_no_setting(void **state)
{
	char text[LINES_MAX * 64] = "";
	size_t len = 0;
	struct conf conf;

	(void)state;
	for (int i = 0; i < line_count; i++) {
		bool is_default = lines[i][0] == '#' && lines[i][1] != ' ' && lines[i][1] != '\n';

		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s",
					lines[i] + (is_default ? 1 : 0));
		assert_true(len < sizeof(text));
	}
	assert_int_equal(read_text(text, &conf), DRIFT_OK);
	assert_int_equal(conf.opus_kbits, 320);
	assert_string_equal(conf.store, "/var/lib/drift/store");
}

#define NEEDED "web_dsn = a\nworker_dsn = b\nstore = /s\nmedia = /m\n"

static void it_takes_what_is_given_over_the_defaults(void **state)
{
	struct conf conf;

	(void)state;
	assert_int_equal(
		read_text(NEEDED "opus_vbr = yes\nhandover = copy\nlease_seconds = 5\n", &conf),
		DRIFT_OK);
	assert_true(conf.opus_vbr);
	assert_int_equal(conf.handover, CONF_HANDOVER_COPY);
	assert_int_equal(conf.lease_seconds, 5);
	assert_int_equal(conf.job_attempts, 3);
}

static void it_takes_values_as_they_stand(void **state)
{
	static const char dsn[] =
		"host=db1.example.org,db2.example.org port=5432,5432 dbname=drift "
		"user=drift_web password='a ;b #c = d' sslmode=verify-full "
		"sslrootcert=/home/somebody/drift/certificates/of-the-database.pem "
		"target_session_attrs=read-write";
	char text[1024];
	struct conf conf;

	(void)state;
	assert_true(strlen(dsn) > 200);
	snprintf(text, sizeof(text),
		 "; comment\n\t# another\n\n web_dsn=%s \r\nworker_dsn\t=\tb\nstore = /a b\nmedia "
		 "= /m",
		 dsn);
	assert_int_equal(read_text(text, &conf), DRIFT_OK);
	assert_string_equal(conf.web_dsn, dsn);
	assert_string_equal(conf.worker_dsn, "b");
	assert_string_equal(conf.store, "/a b");
	assert_string_equal(conf.media, "/m");
}

static void it_refuses_what_it_does_not_understand(void **state)
{
	static const char *const wrong[] = {
		NEEDED "opus_kbit = 320\n",
		NEEDED "opus_kbits = 511\n",
		NEEDED "opus_kbits = 320k\n",
		NEEDED "opus_kbits =\n",
		NEEDED "opus_vbr = true\n",
		NEEDED "handover = Auto\n",
		NEEDED "[section]\nx = y\n",
		NEEDED "no pair\n",
		"web_dsn = a\nstore = /s\nmedia = /m\n",
		"",
	};
	struct conf conf = {.opus_kbits = 7};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (read_text(wrong[i], &conf) != DRIFT_EINVAL)
			fail_msg("taken: %s", wrong[i]);
		assert_int_equal(conf.opus_kbits, 7);
	}
	assert_int_equal(conf_read("/nonexistent/drift.conf", &conf), DRIFT_ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_documents_each_setting_with_default_and_unit),
		cmocka_unit_test(it_documents_nothing_that_is_no_setting),
		cmocka_unit_test(it_takes_what_is_given_over_the_defaults),
		cmocka_unit_test(it_takes_values_as_they_stand),
		cmocka_unit_test(it_refuses_what_it_does_not_understand),
	};

	return cmocka_run_group_tests_name("conf", tests, read_sample, NULL);
}
