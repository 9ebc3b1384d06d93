/* What the tests of the journal share: a state folder of their own, a sample job, processes. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>

#include "src/jobs/journal.h"

/* cmocka: makes the folder, sets VMDECK_STATE_DIR, and takes it down again. */
int jobs_setup(void **state);
int jobs_teardown(void **state);

/* The journal's path; valid until the teardown. */
const char *jobs_path(void);
/* Opens it; fails the test with the sentence if that does not work. */
VdJournal *jobs_open(void);
/* Opens it and expects this code; the sentence must name the file. */
void jobs_open_fails(int code);
/* Fails the test with the error's sentence. */
void jobs_ok(gboolean ok, GError *error);
/* A job of two steps, not in the journal yet. */
VdJob *jobs_sample(const char *id);
/* Runs func in a process of its own; its exit status is func's answer. jobs_wait() waits a minute
 * at most; -1: a signal ended it. */
typedef int (*JobsChild)(gpointer data);
pid_t jobs_fork(JobsChild func, gpointer data);
int jobs_wait(pid_t pid);
/* One statement by sqlite3, past all of our code. */
void jobs_sql(const char *sql);
/* The number of files in the state folder whose name begins with prefix; a database and its -wal
 * and -shm are one. */
int jobs_files(const char *prefix);
