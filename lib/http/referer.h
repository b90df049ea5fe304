/*
 * referer.h - the page of this site from which a request came.
 *
 * Pure. Source: RFC 9110 section 10.1.3.
 */
#ifndef DRIFT_HTTP_REFERER_H
#define DRIFT_HTTP_REFERER_H

/*
 * Path and query of the page, to be sent back to: never a place on another site,
 * whatever a browser makes of slashes. A proxy may have changed the scheme, so
 * host and port alone tell whose page it is.
 *
 * referer  the header's value, or NULL
 * host     of the request ("music.example:8080"), or NULL
 *
 * Borrowed from referer; NULL when it is another site's, or none.
 */
const char *referer_path(const char *referer, const char *host);

#endif
