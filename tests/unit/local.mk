# tier unit
# the probe of KVM
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-kvm
endif
tests_unit_test_kvm_SOURCES = tests/unit/test-kvm.c
tests_unit_test_kvm_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_kvm_LDADD = libbase.a $(CONFIG_LIBS) $(JSON_LIBS) $(GLIB_LIBS) $(TEST_LIBS)
