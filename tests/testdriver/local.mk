# tier testdriver
EXTRA_DIST += tests/testdriver/fixture.xml
if HAVE_CMOCKA
check_PROGRAMS += tests/testdriver/test-ops
endif
tests_testdriver_test_ops_SOURCES = tests/testdriver/test-ops.c
tests_testdriver_test_ops_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE_DIR='"$(abs_top_srcdir)"'
tests_testdriver_test_ops_CFLAGS = $(TEST_CFLAGS) $(LIBVIRT_CFLAGS)
tests_testdriver_test_ops_LDADD = libvirtroom.a libmodel.a libbase.a $(LIBVIRT_LIBS) $(XML_LIBS) \
  $(CONFIG_LIBS) $(JSON_LIBS) $(GLIB_LIBS) $(TEST_LIBS)
# the engine on the test driver
if HAVE_CMOCKA
check_PROGRAMS += tests/testdriver/test-virt-list
endif
tests_testdriver_test_virt_list_SOURCES = tests/testdriver/test-virt-list.c \
  tests/engine/loop.c tests/engine/loop.h
tests_testdriver_test_virt_list_CFLAGS = $(TEST_CFLAGS) $(LIBVIRT_CFLAGS)
tests_testdriver_test_virt_list_LDADD = libvirtroom.a libmodel.a libbase.a $(LIBVIRT_LIBS) \
  $(XML_LIBS) $(CONFIG_LIBS) $(JSON_LIBS) $(GLIB_LIBS) $(TEST_LIBS)
