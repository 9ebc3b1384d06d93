/* The door: everything a client may ask. One way in, vd_deck_submit(); one way out, snapshots and a
 * listener. All functions are for the loop thread (the owner of the context given to
 * vd_deck_new()), never wait, and call back only from that loop. */
#pragma once

#include <glib.h>

#include "src/base/conf.h"
#include "src/model/args.h"
#include "src/model/doc.h"
#include "src/model/fleet.h"
#include "src/model/image.h"
#include "src/model/job.h"
#include "src/model/meter.h"
#include "src/model/offer.h"
#include "src/model/question.h"
#include "src/model/script.h"

typedef struct _VdDeck VdDeck;

/* ---- the table of verbs ---- */

typedef enum {
    VD_TARGET_NONE,
    VD_TARGET_HOST,
    VD_TARGET_VM,
    VD_TARGET_IMAGE,
    VD_TARGET_OFFER,  /* of a catalogue */
    VD_TARGET_SCRIPT, /* of the library */
    VD_TARGET_JOB,
    VD_TARGET_REQUEST,
} VdTargetKind;

typedef enum {
    VD_VERB_QUERY, /* answers with a document, changes nothing, is not journalled */
    VD_VERB_QUICK, /* changes something, on a lane */
    VD_VERB_JOB,   /* handed to a runner */
} VdVerbKind;

/* In which states of a machine a verb makes sense (menus grey it out otherwise). */
enum {
    VD_WHEN_RUNNING = 1,
    VD_WHEN_PAUSED = 2,
    VD_WHEN_OFF = 4,
    VD_WHEN_SAVED = 8,
    VD_WHEN_ANY = 15
};

typedef struct {
    const char *id;      /* "vm.start": in the journal, in key tables */
    const char *command; /* "start", "image add": on the command line */
    const char *menu;    /* N_("Machine"): the menu it stands in, NULL: command line only */
    const char *label;   /* N_("Start") */
    const char *help;    /* N_("Start a machine that is off.") */
    VdTargetKind target;
    gboolean many; /* takes several targets */
    VdVerbKind kind;
    guint when;
    gboolean danger; /* asks first; --yes on the command line */
    const char
        *question;       /* N_("Power off %s? It loses what is not written.") one %s: the name(s) */
    const char *pending; /* N_("starting…") */
    const char *keys;    /* default keys, space-separated names: "s F5"; NULL: none */
    const VdArgSpec *args; /* ends with a NULL name; NULL: none */
    gboolean follows;      /* its job goes on: the command line follows one as if it had begun it */
    gboolean form;         /* the console opens its form, filled with what is (vd_deck_values()) */
    gboolean console;      /* of the console alone: the command line has no connections to keep */
    gboolean
        own_row; /* on the host's own row only: not from a machine's, where it would surprise */
} VdVerb;

/* All verbs in the order of menus and manual; *n gets their number. */
const VdVerb *const *vd_deck_verbs(guint *n);
const VdVerb *vd_deck_verb(const char *id); /* by id or command; NULL */
/* Whether it makes sense for this machine now. */
gboolean vd_verb_applies(const VdVerb *verb, const VdVm *vm);

typedef struct {
    VdTargetKind kind;
    const char *host; /* host id; HOST and VM */
    const char *id;   /* VM: uuid; IMAGE: name; JOB, REQUEST: id; HOST: NULL */
} VdTarget;

/* ---- life ---- */

typedef struct {
    const char *config_file; /* --config, or NULL */
    const char *const
        *uris;     /* -c, NULL-terminated, or NULL: configuration's hosts, else the default URI */
    gboolean live; /* sample, take events, watch jobs: the console. FALSE: the command line */
    gboolean connect; /* FALSE: no hosts are connected before one is needed */
    int timeout_ms;   /* how long connecting to a host may take; 0: the usual */
    /* What only a client can tell of the configuration (theme, keys, columns): adds a sentence
     * (char *) for each mistake to problems. May wait on a disk. NULL: nothing. */
    void (*check)(const VdConf *conf, GPtrArray *problems);
} VdDeckOptions;

/* Returns at once; reads the configuration (before the screen is up). */
VdDeck *vd_deck_new(GMainContext *context, const VdDeckOptions *options);
/* At once, whatever hangs. */
void vd_deck_free(VdDeck *deck);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdDeck, vd_deck_free)

/* ---- one way out ---- */

enum {
    VD_CHANGED_FLEET = 1,     /* vd_deck_fleet() is new */
    VD_CHANGED_JOBS = 2,      /* vd_deck_jobs() */
    VD_CHANGED_IMAGES = 4,    /* vd_deck_images() */
    VD_CHANGED_NOTICE = 8,    /* vd_deck_notices() */
    VD_CHANGED_QUESTION = 16, /* vd_deck_questions() */
};
typedef void (*VdDeckListener)(VdDeck *deck, guint changed, gpointer data);
void vd_deck_listen(VdDeck *deck, VdDeckListener listener, gpointer data);

const VdConf *vd_deck_conf(VdDeck *deck);
/* The mistakes in the configuration (char *): file, line, what was expected. Each is a notice as
 * well. Borrowed. */
GPtrArray *vd_deck_problems(VdDeck *deck);
VdFleet *vd_deck_fleet(VdDeck *deck);     /* borrowed until the next change; ref it to keep it */
GPtrArray *vd_deck_jobs(VdDeck *deck);    /* VdJob*, newest first; borrowed */
GPtrArray *vd_deck_images(VdDeck *deck);  /* VdImage*; borrowed */
GPtrArray *vd_deck_offers(VdDeck *deck);  /* VdOffer* of all catalogues; changes with the images */
GPtrArray *vd_deck_scripts(VdDeck *deck); /* VdScript*; changes with the images */
/* The person and the role, for the header: "root". Borrowed. */
const char *vd_deck_person(VdDeck *deck);

typedef struct {
    gint64 time;   /* g_get_real_time() */
    gboolean bad;  /* an error, not a mere word */
    char *request; /* id, or NULL */
    char *text;    /* one clean, translated sentence */
    char *detail;  /* library's words, or NULL */
} VdNotice;
/* The last 200 notices, oldest first: outcomes of requests, hosts lost and found, mistakes in the
 * configuration. Borrowed. */
GPtrArray *vd_deck_notices(VdDeck *deck);

/* What hosts that are being connected to ask the person (VdQuestion*), oldest first: to be answered
 * with vd_question_give(). Borrowed. */
GPtrArray *vd_deck_questions(VdDeck *deck);

/* What is shown: dear figures are sampled for these machines alone. Copied. */
typedef struct {
    const char *host, *uuid;
} VdDeckRow;
void vd_deck_want(VdDeck *deck, const VdDeckRow *rows, guint n_rows);
/* VD_GROUP_*: which figures of them are shown (at first all), and which are wanted of every
 * machine, because the list is sorted or filtered by them. */
void vd_deck_want_groups(VdDeck *deck, guint shown, guint all);

typedef enum {
    VD_SERIES_CPU,       /* percent */
    VD_SERIES_MEM,       /* percent of mem_total */
    VD_SERIES_DISK_READ, /* bytes/s */
    VD_SERIES_DISK_WRITE,
    VD_SERIES_NET_RX,
    VD_SERIES_NET_TX,
    VD_SERIES_COUNT
} VdSeries;
/* The last ten minutes in buckets of 5 s: fills out[0..n-1] with the newest n of up to 120 buckets,
 * oldest first, VD_NONE where nothing was measured; uuid NULL: the host's. Returns how many hold a
 * figure. */
#define VD_HISTORY_BUCKETS 120
guint vd_deck_history(VdDeck *deck, const char *host, const char *uuid, VdSeries series, float *out,
                      guint n);

/* The times of the calls to hosts, for the latency meter. Free the array with g_array_unref(). */
void vd_deck_read_meter(VdDeck *deck, VdMeterReading *ret);

/* ---- one way in ---- */

/* Whether the person's role is enough for it: to be asked before a form is filled or a question is
 * answered in vain; a request is checked by itself. FALSE with a sentence (VD_ERR_DENIED) in error.
 */
gboolean vd_deck_may(VdDeck *deck, const VdVerb *verb, GError **error);

typedef struct {
    const char *request; /* "r-7K2M9Q" */
    const VdVerb *verb;
    VdDoc *doc;          /* the answer, or NULL; borrowed */
    const GError *error; /* NULL: done (a job: started) */
    const char *word;    /* a sentence that goes with what was done, or NULL; borrowed */
} VdOutcome;
typedef void (*VdDeckDone)(VdDeck *deck, const VdOutcome *outcome, gpointer data);

/* Makes a request: id, person, time; checks arguments and rights; journals it; runs it on a lane or
 * hands it to a runner; journals the outcome. done (may be NULL) is called exactly once, later. The
 * outcome of a change is also a notice. target and args are copied; args may be NULL. Returns the
 * request's id, owned by the deck until done was called. */
const char *vd_deck_submit(VdDeck *deck, const VdVerb *verb, const VdTarget *target,
                           const VdArgs *args, VdDeckDone done, gpointer data);

/* List everything anew (F5). */
void vd_deck_refresh(VdDeck *deck);
/* The hosts' ids, in order, whether they were asked or not. The caller frees with g_strfreev(). */
char **vd_deck_hosts(VdDeck *deck);
/* From now on vd_deck_jobs() follows the journal; a live deck does so by itself. */
void vd_deck_watch_jobs(VdDeck *deck);
/* Reads them anew soon, though nothing seems to have changed. */
void vd_deck_watch_now(VdDeck *deck);
/* Every host has been listed or is down: what a command that ends can know, it knows now. */
gboolean vd_deck_settled(VdDeck *deck);
/* And every machine that they have was asked for its processors and memory, which a first list does
 * not wait for. */
gboolean vd_deck_sized(VdDeck *deck);
/* Every journal write that was begun has ended: a command may exit. */
gboolean vd_deck_flushed(VdDeck *deck);

/* ---- forms ---- */

/* Checks one field of a form as it is left: ok and a hint (may be NULL), or not ok and a sentence.
 * Called later. */
typedef void (*VdDeckChecked)(VdDeck *deck, gboolean ok, const char *text, gpointer data);
void vd_deck_check(VdDeck *deck, const VdVerb *verb, const VdTarget *target, const VdArgs *args,
                   const char *field, VdDeckChecked done, gpointer data);
/* What a field may be: names of images, hosts, pools, networks, time zones, public keys of the
 * user. Called later with a NULL-terminated array, borrowed. */
typedef void (*VdDeckChoices)(VdDeck *deck, const char *const *choices, gpointer data);
void vd_deck_choices(VdDeck *deck, const VdVerb *verb, const VdTarget *target, const VdArgs *args,
                     const char *field, VdDeckChoices done, gpointer data);
/* What follows for other fields from one that was chosen, such as a system to install. Called later
 * with values of arguments, borrowed; NULL: nothing. */
typedef void (*VdDeckFollowed)(VdDeck *deck, const VdArgs *values, gpointer data);
void vd_deck_follow(VdDeck *deck, const VdVerb *verb, const VdTarget *target, const VdArgs *args,
                    const char *field, VdDeckFollowed done, gpointer data);
/* What the arguments of a verb are now, to begin a form with: a host's name and URI, what is
 * said of a script. Empty when nothing is known. The caller frees. */
VdArgs *vd_deck_values(VdDeck *deck, const VdVerb *verb, const VdTarget *target);
/* What a job that failed or was cancelled was asked for, to be asked for again: the verb, its
 * target, its words but for the secrets, and the names of those that were given. Called later, all
 * borrowed; verb NULL: text says why not. */
typedef void (*VdDeckRetry)(VdDeck *deck, const VdVerb *verb, const VdTarget *target,
                            const VdArgs *args, const char *const *secrets, const char *text,
                            gpointer data);
void vd_deck_retry(VdDeck *deck, const char *job, VdDeckRetry done, gpointer data);
/* The same request, to all n targets, as a command line to paste into a shell, quoted where it must
 * be; secrets as --NAME-file FILE. The caller frees. */
char *vd_deck_as_command(VdDeck *deck, const VdVerb *verb, const VdTarget *targets, guint n,
                         const VdArgs *args);
/* One line on what a deployment with these values will do, called later as a hint (ok) or as a
 * sentence that says why it cannot (not ok); nothing (NULL) for other verbs. */
void vd_deck_summary(VdDeck *deck, const VdVerb *verb, const VdTarget *target, const VdArgs *args,
                     VdDeckChecked done, gpointer data);
/* The log of a job from *offset on, called later with text (borrowed) and the new offset. */
typedef void (*VdDeckLog)(VdDeck *deck, const char *text, gint64 offset, gpointer data);
void vd_deck_job_log(VdDeck *deck, const char *job, gint64 offset, VdDeckLog done, gpointer data);
