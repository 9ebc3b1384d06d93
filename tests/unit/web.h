/* A small web server on loopback for tests: it serves the files of a folder, and misbehaves when it
 * is told to. */
#pragma once

#include <glib.h>

typedef struct _Web Web;

typedef struct {
    guint64 cut_after;  /* ends the connection after so many bytes of a body; 0: never */
    guint cuts;         /* how many times it does */
    gboolean no_ranges; /* answers 200 and all of it to whoever asks for a part */
    gboolean loops;     /* leads from each place to itself */
    guint64 claims;     /* announces bodies of so many bytes, whatever it sends; 0: the truth */
    guint64 endless;    /* answers with so many bytes of 'x', whatever is asked for */
} WebManners;

Web *web_new(const char *folder);
void web_free(Web *web);
/* "http://127.0.0.1:PORT". Borrowed. */
const char *web_url(const Web *web);
/* From now on. Counts begin anew. */
void web_manners(Web *web, const WebManners *manners);
/* How many requests it has answered, and how many of them were for a part. */
guint web_requests(Web *web, guint *ret_parts);
