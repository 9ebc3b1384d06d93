noinst_LIBRARIES += libjobs.a
libjobs_a_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
libjobs_a_SOURCES = \
  src/jobs/journal.h src/jobs/runner.h
