noinst_LIBRARIES += libjobs.a
libjobs_a_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
libjobs_a_SOURCES = \
  src/jobs/journal.h src/jobs/runner.h \
  src/jobs/db.h src/jobs/db.c src/jobs/job-lock.h src/jobs/job-lock.c \
  src/jobs/journal-impl.h src/jobs/journal.c src/jobs/journal-jobs.c \
  src/jobs/journal-schema.h src/jobs/journal-schema.c \
  src/jobs/journal-story.c src/jobs/journal-prune.c src/jobs/journal-salvage.c \
  src/jobs/run.h src/jobs/run.c src/jobs/run-undo.c src/jobs/run-resume.c src/jobs/run-child.c \
  src/jobs/run-wait.c src/jobs/run-setup.c src/jobs/runner.c src/jobs/job-start.h src/jobs/job-start.c
