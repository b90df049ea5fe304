#include "request/service.h"

#include "base/log.h"
#include "catalogue/secret.h"

#include <stdlib.h>
#include <unistd.h>

static bool open_service(const char *program, struct service *s)
{
	log_init(program);
	s->program = program;
	s->pid = getpid();
	if (conf_load(&s->conf) != DRIFT_OK)
		return false;
	s->h = http_new();
	s->db = db_new(s->conf.web_dsn, program);
	if (!s->h || !s->db)
		log_error("there is no memory to begin with");
	return s->h && s->db;
}

int service_run(const char *program, service_answer_fn *answer)
{
	struct service s = {0};
	bool works = open_service(program, &s);

	while (works && http_accept(s.h) == DRIFT_OK) {
		answer(&s);
		http_finish(s.h);
	}
	db_free(s.db);
	http_free(s.h);
	return works ? EXIT_SUCCESS : EXIT_FAILURE;
}

bool service_split(struct service *s)
{
	if (!http_split(s->h))
		return false;
	if (s->pid == getpid())
		return true;
	/* the old one is the parent's, who still talks over it */
	s->pid = getpid();
	s->db = db_new(s->conf.web_dsn, s->program);
	return s->db != NULL;
}

enum drift_err service_find_secret(struct service *s)
{
	enum drift_err err = s->has_secret ? DRIFT_OK : secret_get(s->db, s->secret);

	s->has_secret = !err;
	return err;
}
