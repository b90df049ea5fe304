/*
 * accept.h - what kind of answer a client would rather have.
 *
 * Pure. Source: RFC 9110 section 12.5.1.
 */
#ifndef DRIFT_HTTP_ACCEPT_H
#define DRIFT_HTTP_ACCEPT_H

/*
 * How much a type is wanted, in thousandths: 1000 without wish, 0 not at all.
 *
 * accept  the header's value; NULL when there is none: everything is welcome
 * type    "text/html", lower case; the most specific range that fits it counts
 */
int accept_quality(const char *accept, const char *type);

#endif
