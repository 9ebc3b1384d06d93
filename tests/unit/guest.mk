# The guest helper's pure parts.
GUEST_TESTS = tests/unit/test-guest-accounts tests/unit/test-guest-files \
  tests/unit/test-guest-parts tests/unit/test-guest-request \
  tests/unit/test-guest-seed
if HAVE_CMOCKA
check_PROGRAMS += $(GUEST_TESTS)
endif
GUEST_TEST_LIBS = libguestpure.a libbase.a $(ISOFS_LIBS) $(CONFIG_LIBS) $(JSON_LIBS) $(GLIB_LIBS) $(TEST_LIBS)
tests_unit_test_guest_accounts_SOURCES = tests/unit/test-guest-accounts.c
tests_unit_test_guest_accounts_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_guest_accounts_LDADD = $(GUEST_TEST_LIBS)
tests_unit_test_guest_files_SOURCES = tests/unit/test-guest-files.c
tests_unit_test_guest_files_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_guest_files_LDADD = $(GUEST_TEST_LIBS)
tests_unit_test_guest_parts_SOURCES = tests/unit/test-guest-parts.c
tests_unit_test_guest_parts_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_guest_parts_LDADD = $(GUEST_TEST_LIBS)
tests_unit_test_guest_request_SOURCES = tests/unit/test-guest-request.c
tests_unit_test_guest_request_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_guest_request_LDADD = $(GUEST_TEST_LIBS)
tests_unit_test_guest_seed_SOURCES = tests/unit/test-guest-seed.c
tests_unit_test_guest_seed_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_guest_seed_LDADD = $(GUEST_TEST_LIBS)
