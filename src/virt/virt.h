/* The door of the virt room for a client with a loop: hosts, each with lanes (threads with a
 * connection of their own), events, inventory and figures. All functions here are for the loop
 * thread (the owner of the context given to vd_virt_new()) and never wait; all callbacks arrive
 * there. */
#pragma once

#include <glib.h>

#include "src/model/args.h"
#include "src/model/doc.h"
#include "src/model/fleet.h"
#include "src/model/meter.h"
#include "src/model/question.h"

typedef struct _VdVirt VdVirt;

/* host is a new snapshot of that host: take a reference to keep it. */
typedef void (*VdVirtHostFn)(VdHost *host, gpointer data);

/* A host asks the person (open TRUE; take a reference and answer with vd_question_give(), from any
 * thread), or no longer does. */
typedef void (*VdVirtAskFn)(VdQuestion *question, gboolean open, gpointer data);

typedef struct {
    VdVirtAskFn ask; /* NULL: nobody can be asked */
    int interval_ms; /* between samples: 1000 */
    gboolean sample; /* FALSE: no figures (command line) */
    gboolean events; /* FALSE: one listing and no events (command line) */
    /* deadlines in ms; 0: the usual ones (style.md section 7: connect 3000/20000, refresh
     * 3000/30000, action 5000/30000) */
    int connect_soft_ms, connect_hard_ms, call_soft_ms, call_hard_ms;
} VdVirtOptions;

VdVirt *vd_virt_new(GMainContext *context, const VdVirtOptions *options, VdVirtHostFn changed,
                    gpointer data);
/* Never waits: lanes that are stuck are left behind and free themselves. No callback comes after
 * it, not even that of a call which runs. */
void vd_virt_free(VdVirt *virt);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdVirt, vd_virt_free)

/* Begins to connect. uri NULL: libvirt's default. The id must be new. */
void vd_virt_add_host(VdVirt *virt, const char *id, const char *uri);
/* Its calls end: those that wait fail, those that run end as abandoned. */
void vd_virt_remove_host(VdVirt *virt, const char *id);
void vd_virt_reconnect(VdVirt *virt, const char *id);  /* retry now */
void vd_virt_disconnect(VdVirt *virt, const char *id); /* until told */
/* A full listing now. */
void vd_virt_refresh(VdVirt *virt, const char *id);

typedef struct {
    const char *host, *uuid;
} VdWantRow;

/* What the client shows: dear figures are sampled for these machines alone. Copied. */
void vd_virt_want(VdVirt *virt, const VdWantRow *rows, guint n_rows);
/* VD_GROUP_*: which figures of them are shown (at first all), and which are wanted of every
 * machine, because the list is sorted by them. */
void vd_virt_want_groups(VdVirt *virt, guint shown, guint all);

/* One operation on a machine or a host. The function runs on the host's action lane; what it may do
 * with the call is in src/virt/call.h, inside the room. It returns FALSE with an error set, or
 * TRUE; a document made with vd_call_answer() is handed to done. */
typedef struct _VdVirtCall VdVirtCall;
typedef gboolean (*VdVirtFunc)(VdVirtCall *call, GError **error);

/* error NULL: done. VD_ERR_UNKNOWN: abandoned at the hard deadline, nobody knows. */
typedef void (*VdVirtDone)(VdDoc *doc, const GError *error, gpointer data);

/* uuid NULL: an operation on the host. args are copied; request goes into the log lines. changes:
 * FALSE for a mere question (an abandoned one is a timeout, not an unknown outcome). pending:
 * N_("starting…") shown in the row until the end, or NULL. soft/hard deadlines as in the options.
 * done is called exactly once, later, on the loop. */
void vd_virt_call(VdVirt *virt, const char *host, const char *uuid, VdVirtFunc func,
                  const VdArgs *args, const char *request, gboolean changes, const char *pending,
                  VdVirtDone done, gpointer data);

/* Connects to an address within the deadlines of a connection, asks what is there, and lets go: a
 * document with one row of fields. uri NULL: libvirt's default. done is called exactly once, later,
 * on the loop; not at all when the room is freed before. */
void vd_virt_test(VdVirt *virt, const char *uri, VdVirtDone done, gpointer data);

/* Diagnostics for tests and the latency meter: lanes alive, abandoned ones, calls made. */
typedef struct {
    guint lanes, abandoned;
    guint64 calls;
} VdVirtMeter;
void vd_virt_meter(VdVirt *virt, VdVirtMeter *ret);
/* The same with the times of each host's calls and what runs now. Free the array with
 * g_array_unref().
 */
void vd_virt_read_meter(VdVirt *virt, VdMeterReading *ret);
