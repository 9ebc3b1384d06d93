# The runner: the programs are their own runners, with kinds of jobs made for the tests.
if HAVE_CMOCKA
check_PROGRAMS += tests/engine/test-runner tests/engine/test-runner-kill \
  tests/engine/test-runner-resume
endif
RUNNER_TEST_HELP = tests/engine/runner-help.h tests/engine/runner-help.c \
  tests/engine/runner-kinds.h tests/engine/runner-kinds.c tests/unit/jobs-help.h \
  tests/unit/jobs-help.c
tests_engine_test_runner_SOURCES = tests/engine/test-runner.c $(RUNNER_TEST_HELP)
tests_engine_test_runner_CFLAGS = $(TEST_CFLAGS) $(SQLITE_CFLAGS)
tests_engine_test_runner_LDADD = $(JOBS_TEST_LIBS)
tests_engine_test_runner_kill_SOURCES = tests/engine/test-runner-kill.c $(RUNNER_TEST_HELP)
tests_engine_test_runner_kill_CFLAGS = $(TEST_CFLAGS) $(SQLITE_CFLAGS)
tests_engine_test_runner_kill_LDADD = $(JOBS_TEST_LIBS)
tests_engine_test_runner_resume_SOURCES = tests/engine/test-runner-resume.c $(RUNNER_TEST_HELP)
tests_engine_test_runner_resume_CFLAGS = $(TEST_CFLAGS) $(SQLITE_CFLAGS)
tests_engine_test_runner_resume_LDADD = $(JOBS_TEST_LIBS)
