/* A state of the program made beforehand: images in its store and jobs in its journal, by the same
 * functions that the program uses. The folder is for VdConsoleOptions.folder. One at a time: the
 * paths of this process point there as well. */
#pragma once

#include <glib.h>

#include "src/jobs/journal.h"

typedef struct {
    char *folder;
    VdJournal *journal;
    int lock; /* of the running job, held as its runner would; -1: none */
} VdFixture;

VdFixture *vd_fixture_new(void);
/* Lets go of the lock and removes the folder. NULL is fine. */
void vd_fixture_free(VdFixture *fixture);
/* An image that can be grown, or one that cannot be, with the reason. */
void vd_fixture_image(VdFixture *fixture, const char *name, gboolean growable);
/* A deployment "deploy NAME" that runs its third step, with three lines of log. */
void vd_fixture_job(VdFixture *fixture, const char *id, const char *name);
/* Its third step goes on, with these words. */
void vd_fixture_progress(VdFixture *fixture, const char *id, double fraction, const char *text);
/* Its third step fails. */
void vd_fixture_fail(VdFixture *fixture, const char *id);
