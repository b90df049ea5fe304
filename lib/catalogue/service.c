#include "catalogue/service.h"

#include "base/log.h"

bool service_open(const char *program, struct service *out)
{
	log_init(program);
	if (conf_load(&out->conf) != DRIFT_OK)
		return false;
	out->h = http_new();
	out->db = db_new(out->conf.web_dsn, program);
	if (out->h && out->db)
		return true;
	log_error("there is no memory to begin with");
	service_close(out);
	return false;
}

void service_close(struct service *s)
{
	db_free(s->db);
	http_free(s->h);
}
