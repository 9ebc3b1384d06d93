/* The engine's own: what its files share. Everything here belongs to the loop thread, unless it
 * says something else. */
#pragma once

#include "src/virt/lane.h"
#include "src/virt/sampler.h"

/* Times in ms; the tests of the engine shorten them. */
typedef struct {
    guint backoff_ms;                 /* the unit of the waits 1, 2, 5, 15, 60 before a retry */
    guint merge_ms;                   /* hints of events run together this long */
    guint refresh_min_ms;             /* a full listing comes no more often */
    guint refresh_max_ms;             /* and no more rarely */
    guint rest_max_ms;                /* the longest rest after a look that hints asked for */
    guint max_stuck;                  /* abandoned lanes a host may have before it is given up */
    guint dear_soft_ms, dear_hard_ms; /* deadlines of a shard of dear figures */
    guint shard;                      /* machines in a shard */
    guint quarantine_ms;              /* first wait before a stuck machine is tried again */
    guint ssh_at_once, ssh_hold_ms;   /* who open a connection over ssh, see gate.h */
    guint hold_ms;                    /* listings wait so long for a machine's end */
    guint farewell_ms;                /* after a call that broke, for the connection to say why */
} VdTuning;

extern const VdTuning vd_tuning_usual;

/* Where the tests come in; vd_virt_new() is this with libvirt and the usual tuning, both static. */
VdVirt *vd_virt_new_on(GMainContext *context, const VdVirtOptions *options,
                       const VdBackend *backend, const VdTuning *tuning, VdVirtHostFn changed,
                       gpointer data);

struct _VdVirt {
    VdVirtOptions options; /* deadlines filled in */
    int action_soft_ms;
    const VdTuning *tuning;
    guint shown, all; /* VD_GROUP_*, see vd_virt_want_groups() */
    VdYard *yard;
    VdVirtHostFn changed;
    gpointer data;
    GPtrArray *keepers; /* VdKeeper*, owned */
    /* looks after events, of all hosts: in the window that began then, and in the one before */
    gint64 looks_since;
    guint looks, looks_before;
    GPtrArray *trials; /* tests of addresses that run (trial.c), owned */
};

/* A machine as the engine keeps it. */
typedef struct {
    VdVm *vm;          /* the one reference that is published next; never changed in place */
    guint place;       /* in the keeper's order */
    guint listing;     /* the last listing that had it */
    guint requests;    /* that run on it and are shown as pending */
    guint forced;      /* of these: that force it off */
    gint64 requested;  /* when the first of these was asked for, monotonic; or to be forced off */
    gboolean settling; /* they ended; pending is shown until it has been looked at */
    VdSampled sampled;
} VdCell;

/* One host. */
struct _VdKeeper {
    VdVirt *virt;
    char *uri;         /* as it is opened */
    VdHost *face;      /* the host without machines: changed in place, published as a copy */
    VdHost *published; /* the last one given out */
    GError *why;       /* of being down, or NULL */
    gboolean hopeless; /* no retry before it is told */
    gboolean full;     /* so many calls hang that no retry is made before one of them returns */
    gboolean lost;     /* a retry by itself changes nothing that is shown before it has succeeded */
    guint attempt;     /* failures in a row */
    guint lists;       /* listings since it was connected */

    VdLane *monitor;
    GPtrArray *stuck; /* VdLane*: abandoned monitor lanes whose call has not come back */
    GPtrArray *left;  /* VdLane*: those that were let go of while a call ran */
    VdTap *tap;
    VdAsker *asker;        /* of the connection that is being opened, or NULL */
    VdBackendConn *shared; /* a connection that all lanes share, or NULL: it is private, or the
                            * person was asked for it */
    gboolean in_process;   /* it is private: a call costs next to nothing */
    gboolean events;       /* the driver has events */

    VdTimer *publish, *retry, *merge, *refresh;
    VdTimer *farewell; /* a listing broke off, with this; why is about to be told */
    GError *broke;
    GHashTable *hints; /* set of uuids that changed */
    gboolean list_wanted;

    gint64 rest_until; /* hints wait until then: their looks cost enough */
    gboolean stormy;   /* this listing is made because of many hints */

    GHashTable *cells;   /* uuid (the cell's own) → VdCell, owned */
    GPtrArray *order;    /* VdCell*, sorted by name */
    GByteArray *changed; /* chunks of the order (see roster.h) that are not as published */
    gboolean reordered;  /* places were given anew since then */
    guint listing;       /* the number of the last full listing */

    GQueue calls;             /* VdCallTask* that wait (calls.c) */
    guint settling;           /* cells that are */
    GPtrArray *actions;       /* VdLane*: action lanes in use */
    GPtrArray *stuck_actions; /* VdLane*: abandoned ones whose call has not come back */
    VdSampler *sampler;       /* NULL: nothing is sampled */
    VdHistogram times;        /* of all calls */
    gint64 details_after;     /* monotonic: on a slow link details leave time for the figures */
    gint64 details_took;      /* microseconds, the last time, each */
};

/* ---- virt.c ---- */

/* Of the asker of a lane's owner: holds the lane's deadlines and hands the question on. */
void vd_virt_ask(VdVirt *virt, VdLane *lane, VdQuestion *question, gboolean begun);
VdKeeper *vd_virt_keeper(const VdVirt *virt, const char *id); /* borrowed, or NULL */

/* ---- host.c ---- */

VdKeeper *vd_keeper_new(VdVirt *virt, const char *id, const char *uri);
void vd_keeper_free(VdKeeper *keeper);
void vd_keeper_connect(VdKeeper *keeper);    /* now, whatever the state */
void vd_keeper_disconnect(VdKeeper *keeper); /* until told */
/* A new snapshot goes out in the next turn of the loop. */
void vd_keeper_touch(VdKeeper *keeper);
/* It is connected and has been listed. */
gboolean vd_keeper_up(const VdKeeper *keeper);
/* A lane other than the monitor became slow, or is no more. */
void vd_keeper_slow(VdKeeper *keeper);
/* The host is lost: takes why. It is tried again unless that is hopeless. */
void vd_keeper_down(VdKeeper *keeper, GError *why, gboolean hopeless);

/* The same because somebody asks for it, who sees that it was heard: what went wrong before is not
 * told of this attempt. */
void vd_keeper_connect_anew(VdKeeper *keeper);
/* The attempt under way, if any, has said nothing for a while: another one may fare better, as the
 * way to the host may have been mended since. Few are begun so, as each may hang for ever. */
gboolean vd_keeper_tries_in_vain(const VdKeeper *keeper);
/* The first listing has come: it is up. */
void vd_keeper_arrived(VdKeeper *keeper);
/* Milliseconds from `ms` on to the next beat, which is the same for all hosts: with a hundred of
 * them what is due at about the same time is done in one turn of the loop. */
guint vd_on_beat(guint ms);

/* ---- listing.c ---- */

/* The machine changed, by an event or by ourselves. */
void vd_keeper_hint(VdKeeper *keeper, const char *uuid);
void vd_keeper_list(VdKeeper *keeper); /* a full listing as soon as may be */
/* Starts what is wanted if the monitor lane is free; called again when it becomes so. */
void vd_keeper_pump(VdKeeper *keeper);

/* What the inventory reports. took: microseconds; complete: every machine was asked for its
 * processors. list_failed takes the error. */
void vd_keeper_listed(VdKeeper *keeper, gint64 took, gboolean complete);
void vd_keeper_looked(VdKeeper *keeper, gint64 took, GPtrArray *uuids);
void vd_keeper_list_failed(VdKeeper *keeper, GError *error);

/* ---- inventory.c ---- */

VdCell *vd_keeper_cell(const VdKeeper *keeper, const char *uuid); /* borrowed, or NULL */
void vd_cell_free(gpointer cell);
/* It is being forced off, or hangs and a request runs on it: if it is one that hangs, found out or
 * not, a call for it waits until that is over. */
gboolean vd_cell_condemned(const VdCell *cell);
/* The lane waits for such a machine: its host is not slow for that. */
gboolean vd_keeper_excuses(const VdKeeper *keeper, const VdLane *lane);
/* Replaces the machine that is published next: takes vm. */
void vd_cell_take(VdKeeper *keeper, VdCell *cell, VdVm *vm);
/* What is published next; all of what did not change is shared with the last one. */
VdRoster *vd_keeper_roster(VdKeeper *keeper);
void vd_keeper_push_list(VdKeeper *keeper);
void vd_keeper_push_look(VdKeeper *keeper, GHashTable *uuids);

/* ---- trial.c ---- */

void vd_attempt_free(gpointer attempt);

/* ---- calls.c ---- */

/* Hands waiting calls to action lanes. */
void vd_keeper_run_calls(VdKeeper *keeper);
/* Ends all that wait with the host's reason, and lets idle action lanes go. */
void vd_keeper_fail_calls(VdKeeper *keeper);
/* Ends those that run as abandoned. */
void vd_keeper_give_up_calls(VdKeeper *keeper);
void vd_keeper_close_calls(VdKeeper *keeper); /* before it is freed: no callbacks */
/* The machine was looked at: it is no longer pending if its requests have ended. */
void vd_cell_settle(VdKeeper *keeper, VdCell *cell);

/* ---- detail.c ---- */

/* Asks for what the rows on the screen still lack, a few at a time: titles, addresses. */
void vd_details_push(VdKeeper *keeper, VdLane *lane, GHashTable *wanted);
