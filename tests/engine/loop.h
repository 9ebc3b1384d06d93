/* For tests of the engine: a client with a loop of its own, and waiting for a condition. */
#pragma once

#include "src/virt/engine.h"

typedef struct {
    GMainContext *context;
    VdVirt *virt;
    GHashTable *hosts; /* id → VdHost, the newest of each */
    guint published;
    /* of the last call that ended */
    guint ended;
    VdDoc *doc;
    GError *error;
} Client;

/* backend NULL: libvirt; tuning NULL: the usual one. */
Client *client_new(const VdVirtOptions *options, const VdBackend *backend, const VdTuning *tuning);
/* Returns how many milliseconds vd_virt_free() took. What waits for a call that hangs never ends;
 * CLIENT_QUIT_MS leaves room for a sanitizer that takes 16,384 machines down beside other loads
 * (the console's own 0.3 s are a figure of the bench). */
#define CLIENT_QUIT_MS 5000
gint64 client_free(Client *client);
/* Waits until no lane lives any more: closing a connection goes on after client_free(), and must
 * not when main() returns, which takes down the libraries that it needs. 0, or -1 after a minute.
 * For a group's end: state is not used. */
int lanes_end(void **state);
/* The newest snapshot, or NULL. Borrowed. */
VdHost *client_host(Client *client, const char *id);
/* By name; NULL if it is not there. Borrowed. */
VdVm *client_vm(Client *client, const char *host, const char *name);
void client_call(Client *client, const char *host, const char *uuid, VdVirtFunc func,
                 gboolean changes, const char *pending);

typedef gboolean (*Condition)(Client *client, gconstpointer data);
/* Turns the loop until the condition holds; FALSE after `seconds`. */
gboolean client_wait(Client *client, Condition condition, gconstpointer data, int seconds);
/* Turns the loop for the rest of what is ready, without waiting. */
void client_turn(Client *client);

/* Conditions; data is the host's id. */
gboolean is_up(Client *client, gconstpointer host);
gboolean is_slow(Client *client, gconstpointer host);
gboolean is_down(Client *client, gconstpointer host);
/* data: a guint *: so many calls have ended. */
gboolean has_ended(Client *client, gconstpointer count);
