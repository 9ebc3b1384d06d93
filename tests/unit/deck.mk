# The deck and the command line, as far as they need no host.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-verbs tests/unit/test-history tests/unit/test-worker tests/unit/test-print
check_PROGRAMS += tests/unit/test-twins
endif
DECK_TEST_LIBS = libcli.a libdeck.a libdeploy.a libguestpure.a libnode.a libjobs.a libvirtroom.a libaccess.a \
  libmodel.a libbase.a $(LIBVIRT_LIBS) $(XML_LIBS) $(SQLITE_LIBS) $(CONFIG_LIBS) $(CRYPT_LIBS) $(FETCH_LIBS) \
  $(JSON_LIBS) $(GLIB_LIBS) $(TEST_LIBS) -lm
tests_unit_test_verbs_SOURCES = tests/unit/test-verbs.c
tests_unit_test_verbs_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_verbs_LDADD = $(DECK_TEST_LIBS)
tests_unit_test_history_SOURCES = tests/unit/test-history.c
tests_unit_test_history_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_history_LDADD = $(DECK_TEST_LIBS)
tests_unit_test_worker_SOURCES = tests/unit/test-worker.c
tests_unit_test_worker_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_worker_LDADD = $(DECK_TEST_LIBS)
tests_unit_test_print_SOURCES = tests/unit/test-print.c
tests_unit_test_print_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_print_LDADD = $(DECK_TEST_LIBS)
tests_unit_test_twins_SOURCES = tests/unit/test-twins.c
tests_unit_test_twins_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_twins_LDADD = $(DECK_TEST_LIBS)
