/* Inside the deck: a row of the table of verbs with what clients need not see, and how it is run.
 */
#pragma once

#include "src/access/access.h"
#include "src/deck/deck.h"
#include "src/deploy/deploy.h"
#include "src/jobs/journal.h"
#include "src/virt/virt.h"

/* A request that runs on a worker thread of the deck: journal, images, files. */
typedef struct {
    VdJournal *journal; /* this worker's, or NULL with the reason in journal_error */
    const GError *journal_error;
    const VdConf *conf;      /* immutable */
    VdSystems *systems;      /* borrowed; may wait when first asked */
    const char *config_file; /* --config, or NULL */
    gboolean implicit;       /* no host was configured when the deck was made, and -c not given */
    const char *request, *person;
    const char *host, *uri;       /* of a host target; uri NULL: libvirt's default */
    char **host_ids, **host_uris; /* of all hosts, as they are now; "": libvirt's default */
    const char *id;               /* the target's id, or NULL */
    const char *name;             /* of a machine, for people, or NULL */
    const VdArgs *args;
    VdDoc *doc;          /* out */
    char *word;          /* out: a sentence for people that goes with it, or NULL; the deck frees */
    VdConf *renewed;     /* out: the configuration read anew after it was changed, or NULL */
    const char *renamed; /* out: the host in it that call->host became, or a new one; static or of
                            args */
} VdLocalCall;
typedef gboolean (*VdLocalFunc)(VdLocalCall *call, GError **error);

/* Answers from the fleet itself, on the loop. */
typedef VdDoc *(*VdFleetFunc)(const VdFleet *fleet, const VdArgs *args);

/* Something about the deck's own connections, on the loop: done is called once, now or later. */
typedef void (*VdDeckFunc)(VdDeck *deck, const char *host, const VdArgs *args, VdVirtDone done,
                           gpointer data);

typedef struct {
    VdVerb verb;
    VdRole role;
    VdVirtFunc virt; /* one of these four */
    VdLocalFunc local;
    VdFleetFunc fleet;
    VdDeckFunc deck;
} VdVerbRow;

/* The row of a verb of the table (not a copy of one). */
const VdVerbRow *vd_verb_row(const VdVerb *verb);

/* src/deck/local-*.c */
gboolean vd_local_job_list(VdLocalCall *call, GError **error);
gboolean vd_local_job_show(VdLocalCall *call, GError **error);
gboolean vd_local_job_cancel(VdLocalCall *call, GError **error);
gboolean vd_local_job_resume(VdLocalCall *call, GError **error);
gboolean vd_local_job_retry(VdLocalCall *call, GError **error);
gboolean vd_local_job_log(VdLocalCall *call, GError **error);
gboolean vd_local_trace(VdLocalCall *call, GError **error);
gboolean vd_local_image_list(VdLocalCall *call, GError **error);
gboolean vd_local_image_show(VdLocalCall *call, GError **error);
gboolean vd_local_image_add(VdLocalCall *call, GError **error);
gboolean vd_local_image_prepare(VdLocalCall *call, GError **error);
gboolean vd_local_image_remove(VdLocalCall *call, GError **error);
gboolean vd_local_image_sent(VdLocalCall *call, GError **error);
gboolean vd_local_image_recall(VdLocalCall *call, GError **error);
gboolean vd_local_image_search(VdLocalCall *call, GError **error);
gboolean vd_local_image_sources(VdLocalCall *call, GError **error);
gboolean vd_local_image_fetch(VdLocalCall *call, GError **error);
gboolean vd_local_image_refresh(VdLocalCall *call, GError **error);
gboolean vd_local_image_make(VdLocalCall *call, GError **error);
gboolean vd_local_image_export(VdLocalCall *call, GError **error);
gboolean vd_local_image_publish(VdLocalCall *call, GError **error);
gboolean vd_local_script_list(VdLocalCall *call, GError **error);
gboolean vd_local_script_show(VdLocalCall *call, GError **error);
gboolean vd_local_script_add(VdLocalCall *call, GError **error);
gboolean vd_local_script_edit(VdLocalCall *call, GError **error);
gboolean vd_local_script_remove(VdLocalCall *call, GError **error);
/* What a job's verb answers: its id, by which it is followed. TRUE. */
gboolean vd_local_answer_job(VdLocalCall *call);
gboolean vd_local_vm_whole(VdLocalCall *call, GError **error);
gboolean vd_local_deploy(VdLocalCall *call, GError **error);
gboolean vd_local_install(VdLocalCall *call, GError **error);
gboolean vd_local_template_list(VdLocalCall *call, GError **error);
gboolean vd_local_template_show(VdLocalCall *call, GError **error);
gboolean vd_local_template_add(VdLocalCall *call, GError **error);
gboolean vd_local_template_edit(VdLocalCall *call, GError **error);
gboolean vd_local_template_remove(VdLocalCall *call, GError **error);
gboolean vd_local_os_list(VdLocalCall *call, GError **error);
gboolean vd_local_doctor(VdLocalCall *call, GError **error);
gboolean vd_local_host_add(VdLocalCall *call, GError **error);
gboolean vd_local_host_edit(VdLocalCall *call, GError **error);
gboolean vd_local_host_remove(VdLocalCall *call, GError **error);
VdDoc *vd_fleet_doc_hosts(const VdFleet *fleet, const VdArgs *args);
VdDoc *vd_fleet_doc_vms(const VdFleet *fleet, const VdArgs *args);

/* hosts-edit.c: whether the field of host.add, host.edit or host.test is right; host: which one is
 * edited, or NULL. */
gboolean vd_host_check(const VdConf *conf, const char *host, const char *verb, const char *field,
                       const char *value, GError **error);

/* hosts.c */
void vd_deck_host_retry(VdDeck *deck, const char *host, const VdArgs *args, VdVirtDone done,
                        gpointer data);
void vd_deck_host_disconnect(VdDeck *deck, const char *host, const VdArgs *args, VdVirtDone done,
                             gpointer data);
void vd_deck_host_test(VdDeck *deck, const char *host, const VdArgs *args, VdVirtDone done,
                       gpointer data);
