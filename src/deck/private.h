/* Inside the deck: its state, all on the loop thread but where said. */
#pragma once

#include "src/deck/history.h"
#include "src/deck/row.h"
#include "src/deck/worker.h"

struct _VdDeck {
    GMainContext *context;
    gboolean live;
    char *config_file; /* --config, or NULL */
    VdConf *conf;
    GPtrArray *former_confs; /* VdConf*: read before, still borrowed */
    char *person;
    VdRole role;

    VdDeckListener listener;
    gpointer listener_data;
    guint changed; /* told at the end of this turn of the loop */
    GSource *tell; /* (owned) or NULL */

    VdFleet *fleet;
    GHashTable *faces; /* host id → VdHost*: as it was published (twins.c decides what is shown) */
    VdHistory *history;
    GPtrArray *jobs, *images, *offers, *scripts, *notices, *questions;
    GPtrArray *problems; /* char *: mistakes in the configuration */

    VdVirt *virt;
    gboolean connect;  /* FALSE: hosts are known, but not asked */
    gboolean implicit; /* no host is configured: libvirt's default stands in */
    GPtrArray *names;  /* host ids in their order */
    GHashTable *uris;  /* host id → uri or "" for libvirt's default */
    VdWorker *journal; /* short writes and the watching of jobs */
    VdWorker *work;    /* images, deployments, doctor */
    VdWorker *forms;   /* checks of fields, which may hang on a host */
    VdWorker *lookups; /* fields that ask libosinfo, whose first answer takes a second */
    VdSystems *systems;
    GSource *watch;    /* (owned) or NULL */
    gboolean watching; /* a look at the jobs is under way */
    gint64 jobs_version;
    char *unreadable; /* why the journal cannot be read, as it was told last; or NULL */
    guint looks;
    GHashTable *offered;  /* ids of interrupted jobs that people were told of */
    GHashTable *requests; /* id → Request */
};

void vd_deck_changed(VdDeck *deck, guint what);
/* Takes ownership of nothing; text must be a whole sentence. */
void vd_deck_notice(VdDeck *deck, gboolean bad, const char *request, const char *text,
                    const char *detail);
/* The URI of a host id: NULL is libvirt's default; *found FALSE: no such host. */
const char *vd_deck_uri(VdDeck *deck, const char *host, gboolean *found);
/* A copy of the fleet that may be changed, and the one that takes its place (takes ownership). */
VdFleet *vd_deck_next_fleet(VdDeck *deck);
void vd_deck_take_fleet(VdDeck *deck, VdFleet *fleet);

/* ---- hosts.c ---- */

#define VD_IMPLICIT_HOST "local"

/* The URIs of -c, or the configuration's hosts. */
void vd_deck_add_hosts(VdDeck *deck, const char *const *uris);
/* Where a host belongs among those of the fleet. */
gint vd_deck_place(VdDeck *deck, const VdFleet *fleet, const char *host);
/* The host `was` (NULL: none) was changed into `now` (NULL: removed): takes the configuration as it
 * is by now, and what the deck shows follows it. */
void vd_deck_hosts_renewed(VdDeck *deck, const char *was, const char *now, VdConf *conf);

/* ---- twins.c ---- */

/* The host as it is to be shown in next, where others that are the same one may change as well. The
 * caller owns a reference. */
VdHost *vd_deck_show_host(VdDeck *deck, VdFleet *next, VdHost *face);
void vd_deck_forget_face(VdDeck *deck, VdFleet *next, const char *host);

/* ---- submit.c ---- */

/* Frees what has not ended: only when no lane and no worker can still hold one. */
void vd_deck_requests_free(VdDeck *deck);
void vd_deck_watch_start(VdDeck *deck);
void vd_deck_images_read(VdDeck *deck);
