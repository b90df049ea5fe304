/*
 * drift-transcoder - makes what the queue asks for.
 *
 * Cron starts one every minute (see crontab). One works per host, held to
 * that by a lock on conf.lock; a second one ends at once. It takes jobs until
 * none is due, waits for new ones until just before cron starts the next, and
 * sweeps the store once an hour when it has nothing better to do.
 *
 * Exit codes
 *   0  all done, nothing to do, or another one is at work
 *   1  the database or the store is away, or the configuration is wrong
 *   2  wrong usage
 */
#include "base/conf.h"
#include "base/log.h"
#include "catalogue/db.h"
#include "catalogue/job.h"
#include "catalogue/sweep.h"
#include "make/crew.h"
#include "make/report.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SWEEP_EVERY_SECONDS 3600
#define RECONNECT_SECONDS 5
#define NICENESS 10 /* listeners come first */
#define LOOK_SECONDS 15 /* a notification may be lost with its connection */
#define UNTIL_NEXT_START (-1) /* linger: cron's default */

enum action { WORK, BACKFILL, STATUS, SWEEP, HELP, SHOW_VERSION, USAGE };

struct options {
	enum action action;
	int64_t linger_seconds; /* or UNTIL_NEXT_START */
	const char *kind; /* to backfill; NULL: all */
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static const char usage[] =
	"usage: drift-transcoder [--once | --linger SECONDS]\n"
	"       drift-transcoder --backfill KIND | --sweep | --status | --help | --version\n"
	"\n"
	"Without options, as cron starts it every minute: works until the queue is\n"
	"empty, then waits for new jobs until just before the next minute.\n"
	"\n"
	"  --once            work until the queue is empty, then end\n"
	"  --linger SECONDS  wait that long for new jobs after the last one\n"
	"  --backfill KIND   queue what any track lacks: opus, waveform, remux or all\n"
	"  --sweep           remove what nobody needs any more, now\n"
	"  --status          print queue, failures, walls, versions and room\n"
	"\n"
	"The configuration is $DRIFT_CONF, drift.conf beside the program, or\n"
	"/etc/drift/drift.conf. Exit code: 0 done, nothing to do, or another\n"
	"transcoder is at work on this host; 1 database, store or configuration\n"
	"trouble; 2 wrong usage.\n";

static bool parse_seconds(const char *text, int64_t *out)
{
	char *end;
	intmax_t v;

	errno = 0;
	v = strtoimax(text, &end, 10);
	if (errno || end == text || *end || v < 0 || v > INT32_MAX)
		return false;
	*out = v;
	return true;
}

static bool parse_kind(const char *text, const char **out)
{
	*out = NULL;
	if (strcmp(text, "all") == 0)
		return true;
	for (int kind = 0; kind < JOB_KINDS; kind++)
		if (strcmp(text, job_kind_text(kind)) == 0)
			*out = job_kind_text(kind);
	return *out != NULL;
}

static struct options parse_options(int argc, char **argv)
{
	static const struct option table[] = {
		{"once", no_argument, NULL, 'o'},    {"linger", required_argument, NULL, 'l'},
		{"status", no_argument, NULL, 's'},  {"backfill", required_argument, NULL, 'b'},
		{"sweep", no_argument, NULL, 'w'},   {"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'}, {0},
	};
	struct options o = {WORK, UNTIL_NEXT_START, NULL};
	const struct options wrong = {.action = USAGE};
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c == 'o')
			o.linger_seconds = 0;
		else if (c == 'l' && parse_seconds(optarg, &o.linger_seconds))
			o.action = WORK;
		else if (c == 'b' && parse_kind(optarg, &o.kind))
			o.action = BACKFILL;
		else if (c == 's')
			o.action = STATUS;
		else if (c == 'w')
			o.action = SWEEP;
		else if (c == 'h')
			o.action = HELP;
		else if (c == 'v')
			o.action = SHOW_VERSION;
		else
			return wrong;
	}
	return optind == argc ? o : wrong;
}

/* Takes the host's lock: its descriptor, or -1 and errno. EWOULDBLOCK:
   another one has it, whose number *holder is (0: not readable). */
static int take_lock(const char *path, long *holder)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	char text[32] = "";
	int saved;

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

		if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)len, 0) < 0)
			log_errno("transcoder: write %s", path); /* only --status reads it */
		return fd;
	}
	saved = errno;
	if (pread(fd, text, sizeof(text) - 1, 0) > 0)
		*holder = strtol(text, NULL, 10);
	close(fd);
	errno = saved;
	return -1;
}

/* The process that works on this host, 0 for none. */
static long find_holder(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[32] = "";
	long holder = 0;

	if (fd < 0)
		return 0;
	if (flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK &&
	    pread(fd, text, sizeof(text) - 1, 0) > 0)
		holder = strtol(text, NULL, 10);
	close(fd);
	return holder;
}

static enum drift_err sweep(const struct conf *conf, struct db *db)
{
	struct sweep_result r;
	enum drift_err err = sweep_run(conf, db, &stop, &r);

	if (err)
		return err;
	if (r.uploads || r.versions || r.parts || r.links || r.missing)
		log_info("sweep: removed %" PRId64 " uploads, %" PRId64 " versions, %" PRId64
			 " files, %" PRId64 " links; %" PRId64 " files are missing",
			 r.uploads, r.versions, r.parts, r.links, r.missing);
	return DRIFT_OK;
}

/* Once an hour per host: the time of the last one is a file's beside the lock. */
static void sweep_if_due(const struct conf *conf, struct db *db)
{
	char path[CONF_TEXT_MAX + 8];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s.swept", conf->lock);
	if (stat(path, &st) == 0 && time(NULL) - st.st_mtime < SWEEP_EVERY_SECONDS)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || futimens(fd, NULL) < 0) {
		log_errno("transcoder: %s", path);
	} else if (sweep(conf, db) != DRIFT_OK) {
		log_warning("transcoder: the sweep was not completed; the next is in an hour");
	}
	if (fd >= 0)
		close(fd);
}

/* When to end if nothing more comes, seconds since 1970. */
static int64_t end_of_linger(const struct options *o)
{
	int64_t now = time(NULL);

	if (o->linger_seconds == UNTIL_NEXT_START)
		return now / 60 * 60 + 59;
	return now + o->linger_seconds;
}

/* Sleeps until there may be a job, or until end: then false. */
static bool wait_for_job(const struct job_worker *worker, int64_t end)
{
	double due = (double)time(NULL) + job_wait_seconds(worker, LOOK_SECONDS);

	while (!stop && time(NULL) < end) {
		/* in short sleeps: a signal does not end them */
		if (db_wait_notify(worker->db, -1, 500) || (double)time(NULL) >= due)
			return true;
	}
	return false;
}

static int work(const struct conf *conf, const struct options *o, struct db *db)
{
	int64_t end = end_of_linger(o);
	struct job_worker worker;

	job_worker_init(&worker, conf, db, &stop);
	for (;;) {
		bool worked = false;
		enum drift_err err = db_listen(db, JOB_CHANNEL);

		if (!err)
			err = crew_drain(conf, &worker, &worked);
		if (worked)
			end = end_of_linger(o);
		if (stop)
			return EXIT_SUCCESS;
		if (err && time(NULL) + RECONNECT_SECONDS >= end)
			return EXIT_FAILURE;
		if (err) {
			sleep(RECONNECT_SECONDS);
			continue;
		}
		sweep_if_due(conf, db);
		if (!wait_for_job(&worker, end))
			return EXIT_SUCCESS;
	}
}

static int work_alone(const struct conf *conf, const struct options *o, struct db *db)
{
	long holder = 0;
	int lock = take_lock(conf->lock, &holder), code;

	if (lock < 0 && errno == EWOULDBLOCK)
		return EXIT_SUCCESS; /* every minute of a long job: not worth a line */
	if (lock < 0) {
		log_errno("transcoder: lock %s", conf->lock);
		return EXIT_FAILURE;
	}
	code = work(conf, o, db);
	close(lock);
	return code;
}

static int backfill(const struct options *o, struct db *db)
{
	struct db_rows rows = {0};

	if (db_call(db, "SELECT drift.backfill($1)", DB_ARGS(db_text(o->kind)), &rows) != DRIFT_OK)
		return EXIT_FAILURE;
	printf("%" PRId64 " jobs queued\n", db_get_int(&rows, 0, 0));
	db_rows_clear(&rows);
	return EXIT_SUCCESS;
}

static int run(const struct options *o, const struct conf *conf, struct db *db)
{
	switch (o->action) {
	case BACKFILL:
		return backfill(o, db);
	case SWEEP:
		return sweep(conf, db) == DRIFT_OK ? EXIT_SUCCESS : EXIT_FAILURE;
	case STATUS:
		return report_print(conf, db, find_holder(conf->lock), stdout) == DRIFT_OK
			       ? EXIT_SUCCESS
			       : EXIT_FAILURE;
	default:
		return work_alone(conf, o, db);
	}
}

static void catch_signals(void)
{
	struct sigaction act = {.sa_handler = on_signal};

	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Whoever started it may have been more modest: that it cannot take back. */
static void step_back(void)
{
	if (getpriority(PRIO_PROCESS, 0) < NICENESS && setpriority(PRIO_PROCESS, 0, NICENESS) < 0)
		log_errno("setpriority");
}

int main(int argc, char **argv)
{
	struct options o = parse_options(argc, argv);
	struct conf conf;
	struct db *db;
	int code;

	log_init("drift-transcoder");
	if (o.action == USAGE || o.action == HELP) {
		fputs(usage, o.action == HELP ? stdout : stderr);
		return o.action == HELP ? EXIT_SUCCESS : 2;
	}
	if (o.action == SHOW_VERSION) {
		printf("drift-transcoder %s\n", DRIFT_VERSION);
		return EXIT_SUCCESS;
	}
	if (conf_load(&conf) != DRIFT_OK)
		return EXIT_FAILURE;
	db = db_new(conf.worker_dsn, "drift-transcoder");
	if (!db)
		return EXIT_FAILURE;
	catch_signals();
	step_back();
	code = run(&o, &conf, db);
	db_free(db);
	return code;
}
