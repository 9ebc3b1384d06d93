# The journal.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-journal tests/unit/test-journal-damage
endif
JOBS_TEST_LIBS = libjobs.a libmodel.a libbase.a $(SQLITE_LIBS) $(CONFIG_LIBS) $(JSON_LIBS) \
  $(GLIB_LIBS) $(TEST_LIBS) -lm
tests_unit_test_journal_SOURCES = tests/unit/test-journal.c tests/unit/jobs-help.h \
  tests/unit/jobs-help.c
tests_unit_test_journal_CFLAGS = $(TEST_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_test_journal_LDADD = $(JOBS_TEST_LIBS)
tests_unit_test_journal_damage_SOURCES = tests/unit/test-journal-damage.c tests/unit/jobs-help.h \
  tests/unit/jobs-help.c
tests_unit_test_journal_damage_CFLAGS = $(TEST_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_test_journal_damage_LDADD = $(JOBS_TEST_LIBS)
