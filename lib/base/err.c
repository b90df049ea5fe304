#include "base/err.h"

const char *drift_err_text(enum drift_err err)
{
	switch (err) {
	case DRIFT_OK:
		return "no error";
	case DRIFT_EMORE:
		return "unexpected end of data";
	case DRIFT_EFORMAT:
		return "malformed data";
	case DRIFT_EINVAL:
		return "bad parameter";
	case DRIFT_EAUTH:
		return "missing or wrong key";
	case DRIFT_EFORBIDDEN:
		return "key without that scope";
	case DRIFT_ENOENT:
		return "not found";
	case DRIFT_EMETHOD:
		return "method not allowed";
	case DRIFT_ECONFLICT:
		return "conflict with the present state";
	case DRIFT_EGONE:
		return "expired";
	case DRIFT_EPRECONDITION:
		return "precondition failed";
	case DRIFT_ELARGE:
		return "too large";
	case DRIFT_EMEDIA:
		return "unsupported media";
	case DRIFT_ERANGE:
		return "range not satisfiable";
	case DRIFT_ELOCKED:
		return "locked by another writer";
	case DRIFT_ECHECKSUM:
		return "checksum mismatch";
	case DRIFT_ECLOSED:
		return "peer has left";
	case DRIFT_EBUSY:
		return "busy";
	case DRIFT_EDB:
		return "database away";
	case DRIFT_ENOSPC:
		return "store full";
	case DRIFT_ENOMEM:
		return "out of memory";
	case DRIFT_EIO:
		return "input/output error";
	}
	return "unknown error";
}
