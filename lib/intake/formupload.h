/*
 * formupload.h - files that come in a form: multipart/form-data, answered.
 *
 * Fields, each before the files that it is for: "key" where no header has one, "track" (the track
 * whose audio the next file is), "name" (of the next file, instead of its own). Every part with a
 * file's name is a file, whatever its field is called; an empty choice of a browser is none.
 * A file goes to the disk as it arrives.
 *
 * Source: RFC 7578.
 */
#ifndef DRIFT_INTAKE_FORMUPLOAD_H
#define DRIFT_INTAKE_FORMUPLOAD_H

#include "intake/intake.h"

#include <stdbool.h>

#define FORMUPLOAD_FILES_MAX 100
#define FORMUPLOAD_OTHER_MAX ((int64_t)1 << 20) /* bytes of the form that are of no file */

bool formupload_is_form(const struct intake *in);

/*
 * Answers 201 (200 where a track's audio was replaced) with the track's state as after PUT; of
 * several files with {"tracks": […], "refused": […]}; with a page to who prefers HTML. A file that
 * is no audio does not keep the others out; where none is taken the answer is 415. The key is
 * looked for here.
 */
void formupload_create(const struct intake *in);

#endif
