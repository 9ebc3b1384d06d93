# base and model: text, figures, checks, files, configuration, arguments, documents, jobs.
BASE_TESTS = tests/unit/test-text tests/unit/test-files tests/unit/test-conf tests/unit/test-conf-edit \
  tests/unit/test-model tests/unit/test-turn
BASE_TEST_LIBS = libmodel.a libbase.a $(CONFIG_LIBS) $(JSON_LIBS) $(GLIB_LIBS) $(TEST_LIBS) -lm
if HAVE_CMOCKA
check_PROGRAMS += $(BASE_TESTS)
endif
tests_unit_test_text_SOURCES = tests/unit/test-text.c
tests_unit_test_text_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_text_LDADD = $(BASE_TEST_LIBS)
tests_unit_test_turn_SOURCES = tests/unit/test-turn.c
tests_unit_test_turn_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_turn_LDADD = $(BASE_TEST_LIBS)
tests_unit_test_files_SOURCES = tests/unit/test-files.c
tests_unit_test_files_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_files_LDADD = $(BASE_TEST_LIBS)
tests_unit_test_conf_SOURCES = tests/unit/test-conf.c
tests_unit_test_conf_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_conf_LDADD = $(BASE_TEST_LIBS)
tests_unit_test_conf_edit_SOURCES = tests/unit/test-conf-edit.c
tests_unit_test_conf_edit_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_conf_edit_LDADD = $(BASE_TEST_LIBS)
tests_unit_test_model_SOURCES = tests/unit/test-model.c
tests_unit_test_model_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_model_LDADD = $(BASE_TEST_LIBS)
