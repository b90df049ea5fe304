/* wall/decoder: what becomes of the child, and of what it says */
#include "strange.h"

#include "wall/child.h"
#include "wall/wire.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

/* The one child of this process that runs. */
static pid_t child_pid(void)
{
	FILE *f = fopen("/proc/thread-self/children", "r");
	int pid = 0;

	assert_non_null(f);
	(void)!fscanf(f, "%d", &pid);
	fclose(f);
	return pid;
}

static void expect_reason(int sig, enum drift_err err, const char *reason)
{
	struct decoder *d = strange_open("a.wav");
	const float *pcm;

	assert_true(child_pid() > 0);
	/* stopped, so that it has work and cannot be done before the signal */
	kill(child_pid(), SIGSTOP);
	assert_int_equal(decoder_ask(d, 0, 0, 1000), DRIFT_OK);
	kill(child_pid(), sig);
	kill(child_pid(), SIGCONT);
	assert_int_equal(decoder_wait(d, 0, &pcm), err);
	assert_string_equal(decoder_get_reason(d), reason);
	assert_int_equal(decoder_ask(d, 1, 0, 1), err);
	decoder_free(d);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void it_blames_a_source_for_what_it_does_to_a_child(void **state)
{
	(void)state;
	strange_wav("a.wav", 44100, 2, 16);
	expect_reason(SIGSEGV, DRIFT_EMEDIA, CHILD_BROKEN);
	expect_reason(SIGXCPU, DRIFT_EMEDIA, CHILD_SLOW);
}

static void it_does_not_blame_a_source_for_what_the_host_does_to_a_child(void **state)
{
	(void)state;
	strange_wav("a.wav", 44100, 2, 16);
	expect_reason(SIGKILL, DRIFT_EIO,
		      "the server was made to stop reading the file (signal 9); the fault is the "
		      "server's and not the file's");
	expect_reason(SIGTERM, DRIFT_EIO,
		      "the server was made to stop reading the file (signal 15); the fault is the "
		      "server's and not the file's");
	expect_reason(SIGSYS, DRIFT_EIO,
		      "the server stopped reading the file at a step that it does not allow "
		      "(unknown); the fault is the server's and not the file's");
}

/* A library loaded ahead of the decoder does what the walls forbid, as the time zone once did. */
static void it_names_the_call_that_the_walls_forbid(void **state)
{
	struct decoder *d = NULL;
	char reason[256] = "", script[4096];
	int fd = open("a.wav", O_RDONLY | O_CLOEXEC);

	(void)state;
	strange_text("opens.c",
		     "#include <fcntl.h>\n"
		     "int avformat_open_input(void) { return open(\"/etc/localtime\", 0); }\n");
	strange_run("cc -shared -fPIC -o opens.so opens.c");
	snprintf(script, sizeof(script), "#!/bin/sh\nLD_PRELOAD='%s/opens.so' exec '%s'\n",
		 strange_folder, strange_program());
	strange_text("opens", script);
	assert_int_equal(chmod("opens", 0700), 0);
	assert_int_equal(decoder_new("./opens", &strange_limits, fd, &d, reason, sizeof(reason)),
			 DRIFT_EIO);
	assert_non_null(strstr(reason, "(openat)"));
	close(fd);
}

static void it_ends_a_child_that_says_nothing(void **state)
{
	struct child c = CHILD_NONE;
	int64_t patience_ms = 100;
	char reason[WIRE_TEXT_MAX];
	struct wire w;
	size_t got;

	(void)state;
	assert_int_equal(child_start(&c, strange_program()), DRIFT_OK);
	assert_int_equal(child_hear(&c, &w, sizeof(w), &got, &patience_ms), DRIFT_EMORE);
	assert_true(patience_ms <= 0);
	assert_int_equal(child_end(&c, true, reason, sizeof(reason)), DRIFT_EMEDIA);
	assert_string_equal(reason, CHILD_SLOW);
	child_clear(&c);
}

static void it_leaves_no_child_and_no_descriptor_behind(void **state)
{
	int before = dup(0), after;

	(void)state;
	close(before);
	strange_wav("a.wav", 44100, 2, 16);
	strange_text("text.wav", "text");
	for (int i = 0; i < 3; i++) {
		decoder_free(strange_open("a.wav"));
		strange_refused("text.wav", "a text");
	}
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
	assert_int_equal(child_pid(), 0);
}

/* A script in the decoder's place tells what it was given. */
static void it_gives_the_child_nothing_but_two_descriptors(void **state)
{
	struct child c = CHILD_NONE;
	char script[256], told[4096] = "";
	int64_t patience_ms = 10000;
	struct wire w;
	size_t got;
	int extra = open("/etc/passwd", O_RDONLY); /* not closed on exec */

	(void)state;
	snprintf(script, sizeof(script),
		 "#!/bin/sh\n(readlink /proc/$$/fd/[0-9]; env) > '%s/told'\n", strange_folder);
	strange_text("spy", script);
	assert_int_equal(chmod("spy", 0700), 0);
	assert_int_equal(setenv("DRIFT_SECRET", "in the environment", 1), 0);
	assert_int_equal(child_start(&c, "./spy"), DRIFT_OK);
	assert_int_equal(child_hear(&c, &w, sizeof(w), &got, &patience_ms), DRIFT_ECLOSED);
	child_clear(&c);
	close(extra);
	(void)strange_bytes("told", (uint8_t *)told, sizeof(told) - 1);
	assert_non_null(strstr(told, "socket:"));
	assert_non_null(strstr(told, "memfd:drift-decode"));
	assert_null(strstr(told, "passwd"));
	assert_null(strstr(told, "in the environment"));
}

static void it_says_when_memory_was_not_enough(void **state)
{
	struct decoder_limits few = strange_limits;
	struct decoder *d = NULL;
	const float *pcm;

	(void)state;
	strange_wav("a.wav", 44100, 2, 16);
	few.memory_mb = 64;
	/* half a minute of eight float channels, sparse; 98 MB are asked for at once */
	strange_run("ffmpeg -v error -f lavfi -i anullsrc=r=384000:cl=7.1 -t 0.01 -c:a pcm_f32le "
		    "-f wav - > wide.wav && truncate -s 400M wide.wav");
	assert_int_equal(strange_open_with(&few, "wide.wav", &d), DRIFT_OK);
	assert_int_equal(decoder_ask(d, 0, 0, DECODER_READ_MAX), DRIFT_OK);
	assert_int_equal(decoder_wait(d, 0, &pcm), DRIFT_EMEDIA);
	assert_string_equal(decoder_get_reason(d),
			    "it takes more memory to read than this site allows");
	decoder_free(d);
	d = strange_open("wide.wav");
	free(strange_read(d, 0, DECODER_READ_MAX));
	decoder_free(d);
	unlink("wide.wav");
	few.memory_mb = 4;
	assert_int_equal(strange_open_with(&few, "a.wav", &d), DRIFT_EMEDIA);
	assert_string_equal(strange_reason, "it takes more memory to read than this site allows");
}

static void it_says_which_walls_hold(void **state)
{
	struct decoder *d = strange_open("a.wav");

	(void)state;
	assert_non_null(strstr(decoder_get_walls(d), "seccomp"));
	assert_non_null(strstr(decoder_get_walls(d), "landlock"));
	decoder_free(d);
}

/* What is started ahead is taken by the next one; if it has died, nobody minds. */
static void it_takes_a_child_that_was_started_ahead(void **state)
{
	struct decoder *d;
	pid_t ahead;

	(void)state;
	decoder_prepare(strange_program());
	ahead = child_pid();
	assert_true(ahead > 0);
	d = strange_open("a.wav");
	assert_int_equal(child_pid(), ahead);
	decoder_free(d);
	decoder_prepare(strange_program());
	ahead = child_pid();
	kill(ahead, SIGKILL);
	assert_int_equal(waitpid(ahead, NULL, 0), ahead);
	d = strange_open("a.wav");
	assert_int_not_equal(child_pid(), ahead);
	decoder_free(d);
}

static void it_fails_without_a_program(void **state)
{
	struct decoder *d = NULL;
	char reason[256] = "";
	int fd = open("a.wav", O_RDONLY);

	(void)state;
	assert_int_equal(decoder_new("/nowhere/drift-decode", &strange_limits, fd, &d, reason,
				     sizeof(reason)),
			 DRIFT_EIO);
	assert_null(d);
	close(fd);
}

static void it_keeps_only_clean_text(void **state)
{
	char text[64] = "a\tb\x01"
			"c\xc3\xa4\xff\xc0\x80\xed\xa0\x80\xc2\x85"
			"d\xe2\x82";
	char full[4] = {'a', 'b', 'c', 'd'}, lines[16] = "\none\r\n two";

	(void)state;
	wire_clean(text, sizeof(text));
	assert_string_equal(text, "a b c\xc3\xa4 d");
	wire_clean(lines, sizeof(lines));
	assert_string_equal(lines, "one  two");
	wire_clean(full, sizeof(full));
	assert_string_equal(full, "abc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_blames_a_source_for_what_it_does_to_a_child),
		cmocka_unit_test(it_does_not_blame_a_source_for_what_the_host_does_to_a_child),
		cmocka_unit_test(it_names_the_call_that_the_walls_forbid),
		cmocka_unit_test(it_ends_a_child_that_says_nothing),
		cmocka_unit_test(it_leaves_no_child_and_no_descriptor_behind),
		cmocka_unit_test(it_gives_the_child_nothing_but_two_descriptors),
		cmocka_unit_test(it_says_when_memory_was_not_enough),
		cmocka_unit_test(it_says_which_walls_hold),
		cmocka_unit_test(it_takes_a_child_that_was_started_ahead),
		cmocka_unit_test(it_fails_without_a_program),
		cmocka_unit_test(it_keeps_only_clean_text),
	};

	(void)strange_program(); /* while the working folder is still the caller's */
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, strange_setup, strange_teardown);
}
