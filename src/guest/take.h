/* Reading members of a JSON object that somebody else wrote: types and bounds are checked, the
 * first mistake sticks and names the member, and everything after it gives nothing. So a reader
 * takes all it needs and asks once, at the end, whether it was right. Pure. */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

#include "src/guest/fail.h"

typedef struct {
    JsonObject *object; /* borrowed; NULL: every member is missing */
    VdGuestCode code;   /* of the error that a mistake makes */
    GError **error;     /* borrowed */
    gboolean failed;
} VdTake;

/* Parses text as one JSON object, which the caller unrefs; NULL and an error with this code if it
 * is none. */
JsonObject *vd_take_parse(const char *text, gssize length, VdGuestCode code, GError **error);

/* A string of at most max bytes without NUL, valid UTF-8; NULL if missing or null. The caller
 * frees. */
char *vd_take_string(VdTake *take, const char *key, gsize max);
/* The same, and without control characters; missing is a mistake. */
char *vd_take_word(VdTake *take, const char *key, gsize max);
/* A boolean, FALSE if missing or null. */
gboolean vd_take_bool(VdTake *take, const char *key);
/* A whole number from min to max, min if missing or null. */
gint64 vd_take_int(VdTake *take, const char *key, gint64 min, gint64 max);
/* An object, borrowed, or NULL if missing or null. */
JsonObject *vd_take_object(VdTake *take, const char *key);
/* An array of at most max elements, borrowed, or NULL if missing or null. */
JsonArray *vd_take_array(VdTake *take, const char *key, guint max);
/* An array of at most max lines of text, each of at most bytes bytes and without control
 * characters; an empty array if missing. The caller unrefs. */
GPtrArray *vd_take_lines(VdTake *take, const char *key, guint max, gsize bytes);
/* The object at an index of an array taken before, borrowed; NULL and a mistake if it is none. */
JsonObject *vd_take_element(VdTake *take, JsonArray *array, guint i, const char *key);
/* Notes a mistake: the member key is not "expected". */
void vd_take_mistake(VdTake *take, const char *key, const char *expected);
/* TRUE if text has a byte below space or DEL. */
gboolean vd_has_control(const char *text);
