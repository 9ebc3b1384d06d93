/* What the fake's two files share: the backend as lanes use it, and the script of a test. */
#pragma once

#include <pthread.h>

#include "tests/engine/fake-backend.h"

typedef struct {
    guint number;
    VdVmState state;
    gboolean stuck, held; /* held: a call hangs in its monitor */
    gboolean locked;      /* it is being forced off */
    guint64 counter, cpu;
    guint asked[VD_GROUPS_ALL + 1]; /* by group */
    char *name;                     /* NULL: "vmN" */
} Machine;

typedef struct {
    Fake *fake;
    char *uri;
    GPtrArray *machines; /* Machine*, by number */
    int hang[FAKE_OPS];
    guint epoch[FAKE_OPS]; /* raised by a release */
    guint calls[FAKE_OPS], hanging[FAKE_OPS], delay_ms[FAKE_OPS];
    VdErrorCode code[FAKE_OPS];
    char *message[FAKE_OPS];
    gboolean one_by_one, is_private, asks;
    guint looked, watchers, breaks;
    VdTap *tap;
} Site;

struct _Fake {
    VdBackend backend;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    GHashTable *sites; /* uri → Site */
    guint conns, opening, most_opening;
};

struct _VdBackendConn {
    gint refs;
    Site *site;
    guint breaks; /* the site's when it was opened */
    VdTap *tap;
};

extern const VdBackend fake_table; /* self is the Fake of a copy */

void fake_make_uuid(guint number, char uuid[37]);
/* Under the lock: the site, made when it is new; a machine of it, or NULL. */
Site *fake_site(Fake *fake, const char *uri);
Machine *fake_machine(Site *site, const char *uuid);
