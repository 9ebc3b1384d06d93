# The runner: the program is its own runner, with kinds of jobs made for the tests.
if HAVE_CMOCKA
check_PROGRAMS += tests/engine/test-runner
endif
tests_engine_test_runner_SOURCES = tests/engine/test-runner.c tests/engine/runner-kinds.h \
  tests/engine/runner-kinds.c tests/unit/jobs-help.h tests/unit/jobs-help.c
tests_engine_test_runner_CFLAGS = $(TEST_CFLAGS) $(SQLITE_CFLAGS)
tests_engine_test_runner_LDADD = $(JOBS_TEST_LIBS)
