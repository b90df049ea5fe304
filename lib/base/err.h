/*
 * err.h - the one list of things that can go wrong.
 *
 * A code exists only if some caller acts on it. An error is logged once, where
 * it is found, by the code that knows the names; http/problem turns codes into
 * statuses in one table. Outputs of a function are untouched when it fails.
 */
#ifndef DRIFT_BASE_ERR_H
#define DRIFT_BASE_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))

enum drift_err {
	DRIFT_OK = 0,
	DRIFT_EMORE, /* the input ends before the thing does */
	DRIFT_EFORMAT, /* the bytes are not what they claim to be */
	DRIFT_EINVAL, /* a parameter of the request is wrong: 400 */
	DRIFT_EAUTH, /* no key or a wrong one: 401 */
	DRIFT_EFORBIDDEN, /* a good key without that scope: 403 */
	DRIFT_ENOENT, /* no such track, upload, job, file: 404 */
	DRIFT_EMETHOD, /* method not known here: 405 */
	DRIFT_ECONFLICT, /* not in this state; wrong upload offset: 409 */
	DRIFT_EGONE, /* was here, expired: 410 */
	DRIFT_EPRECONDITION, /* If-Match or a protocol version failed: 412 */
	DRIFT_ELARGE, /* body over the limit: 413 */
	DRIFT_EMEDIA, /* not media that Drift takes: 415 */
	DRIFT_ERANGE, /* Range cannot be satisfied: 416 */
	DRIFT_ELOCKED, /* somebody else is writing: 423 */
	DRIFT_ECHECKSUM, /* bytes differ from the checksum sent: 460 (tus) */
	DRIFT_ECLOSED, /* the peer left; nobody reads an answer */
	DRIFT_EBUSY, /* too much at once, try later: 503 */
	DRIFT_EDB, /* the database is away, try later: 503 */
	DRIFT_ENOSPC, /* the store is full: 507 */
	DRIFT_ENOMEM, /* 500 */
	DRIFT_EIO, /* a file or a program of ours failed: 500 */
};

/* A short English phrase for logs, static storage. */
const char *drift_err_text(enum drift_err err);

#endif
