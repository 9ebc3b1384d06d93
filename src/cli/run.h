/* A command that runs: shared by run.c and run-ask.c alone. */
#pragma once

#include "src/base/error.h"
#include "src/cli/private.h"

typedef struct {
    const VdCommand *command;
    GMainContext *context;
    VdDeck *deck;
    GPtrArray *targets; /* VdRunTarget */
    guint waiting;
    int status;
    VdErrorCode down; /* why hosts are down: denied if they all are */
    GPtrArray *docs;  /* VdDoc */
    char *job;
    VdTableForm form; /* of a list that was begun before all hosts had answered */
    GHashTable *told; /* char *: the hosts whose part of it is printed */
} VdRun;

typedef struct {
    VdRun *run;
    char *host, *id, *name;
    char *exact; /* the name as libvirt has it, or NULL: it is the same */
    char *request;
    char *outcome, *error; /* NULL error: done */
    char *result;          /* what "done" does not say: "on"; NULL: nothing */
} VdRunTarget;

/* run-wait.c: `hosts` and `list`, which are answered from all hosts. */
gboolean vd_run_lists_fleet(const VdVerb *verb);
/* Waits until each host (with --host: that one) is up or given up. A list is begun with those that
 * are there when another one lets people wait. */
void vd_run_wait_settled(VdRun *run);
/* Which hosts do not answer: says so if aloud; how many. What it comes to is in run->down. */
guint vd_run_count_down(VdRun *run, gboolean aloud);
/* In a list of hosts, the rows of those that were given up get the reason. */
void vd_run_tell_late(VdRun *run, VdDoc *doc);
/* What of a list is not printed yet. */
void vd_run_print_rest(VdRun *run, VdDoc *doc);

/* "vmdeck: WHAT: why", with the library's words below. what: NULL where there is no other, and left
 * out where the sentence names it. */
void vd_run_complain(const char *what, const GError *error);
/* Whether a dangerous command may go on: what it goes to is there, and somebody has said yes. */
gboolean vd_run_confirmed(VdRun *run, GError **error);
/* `script edit NAME` or `template edit NAME` alone: the text is asked for, edited, and given back
 * as a file; *ret_path is to be removed. FALSE: nothing to go on with. */
gboolean vd_run_edit_text(VdRun *run, char **ret_path, GError **error);
