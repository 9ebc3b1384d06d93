/* What a job was asked for, to ask for it again. Inside the deck. */
#pragma once

#include "src/deck/row.h"

typedef struct {
    const VdVerb *verb; /* of the table; NULL: nothing was read */
    char *host, *id;    /* the target's, as far as its kind has them */
    char *uri;          /* of the host as the job knew it, or NULL */
    VdArgs *args;       /* without the secrets */
    char **secrets;     /* the names of those that were given */
} VdRetry;

/* FALSE with a sentence: it has not ended, or nobody knows it any more. */
gboolean vd_retry_read(VdJournal *journal, const char *id, VdRetry *ret, GError **error);
void vd_retry_clear(VdRetry *retry);
/* Paths from the present directory become paths from the root, in args: tried again from another
 * directory the words mean the same files. It looks at files; for a worker. */
void vd_retry_keep_paths(VdArgs *args, const VdArgSpec *specs);
