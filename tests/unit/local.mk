# tier unit
# the probe of KVM
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-kvm
endif
tests_unit_test_kvm_SOURCES = tests/unit/test-kvm.c
tests_unit_test_kvm_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_kvm_LDADD = libbase.a $(CONFIG_LIBS) $(JSON_LIBS) $(GLIB_LIBS) $(TEST_LIBS)
# the engine's timers
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-clock
endif
tests_unit_test_clock_SOURCES = tests/unit/test-clock.c
tests_unit_test_clock_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_clock_LDADD = libvirtroom.a libmodel.a libbase.a $(LIBVIRT_LIBS) $(XML_LIBS) \
  $(CONFIG_LIBS) $(JSON_LIBS) $(GLIB_LIBS) $(TEST_LIBS)
# the doctor
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-doctor
endif
tests_unit_test_doctor_SOURCES = tests/unit/test-doctor.c
tests_unit_test_doctor_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_doctor_LDADD = libnode.a libvirtroom.a libmodel.a libbase.a $(LIBVIRT_LIBS) \
  $(XML_LIBS) $(CONFIG_LIBS) $(JSON_LIBS) $(GLIB_LIBS) $(TEST_LIBS)
# domain XML
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-domxml
endif
tests_unit_test_domxml_SOURCES = tests/unit/test-domxml.c
tests_unit_test_domxml_CFLAGS = $(TEST_CFLAGS) $(XML_CFLAGS)
tests_unit_test_domxml_LDADD = libvirtroom.a libmodel.a libbase.a $(LIBVIRT_LIBS) $(XML_LIBS) \
  $(CONFIG_LIBS) $(JSON_LIBS) $(GLIB_LIBS) $(TEST_LIBS)
