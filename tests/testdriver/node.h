/* A host of libvirt's test driver for one test case: a file of machines of its own, since the
 * driver keeps its state in the connection, and a client on it. The host's id is "lab". */
#pragma once

#include "tests/engine/loop.h"

typedef struct {
    char *dir, *uri;
    Client *client;
} Node;

extern const VdVirtOptions node_console; /* events, figures five times a second */
extern const VdVirtOptions node_once;    /* one listing, as the command line does */

/* names, NULL-terminated; or count machines called vm0 …, every second one running. tuning NULL:
 * the usual one. */
void node_open(Node *node, const VdVirtOptions *options, const VdTuning *tuning,
               const char *const *names, guint count);
void node_close(Node *node);
