/* Kinds of jobs for the tests. Their spec is {"work": FOLDER}; what they do and undo shows as files
 * in that folder. */
#pragma once

#include "src/jobs/runner.h"

/* "quick": three steps with secrets, values, a covered step and a skipped one.
 * "gate": three entries to undo, then a step with progress that waits for the file `go`.
 * "fails": two entries to undo, then an error.
 * "child": a child and a grandchild that ignore SIGTERM; the step waits for them.
 * "talks": says something just before it fails.
 * "hang": a step that takes no notice of anything.
 * While the file `mute` is there, undoing takes no notice of anything either; nor that of one
 * file, `two`, while `mute-two` is. */
extern const VdJobKind runner_kinds[];

/* The other mains of the program: a child of the steps above. */
int runner_child_main(int argc, char **argv);

#define RUNNER_SECRET "Zq9!hunter-two"
