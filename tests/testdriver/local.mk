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
check_PROGRAMS += tests/testdriver/test-virt-live
endif
virt_test_files = tests/engine/loop.c tests/engine/loop.h \
  tests/testdriver/node.c tests/testdriver/node.h
virt_test_libs = libvirtroom.a libmodel.a libbase.a $(LIBVIRT_LIBS) $(XML_LIBS) \
  $(CONFIG_LIBS) $(JSON_LIBS) $(GLIB_LIBS) $(TEST_LIBS)
tests_testdriver_test_virt_list_SOURCES = tests/testdriver/test-virt-list.c $(virt_test_files)
tests_testdriver_test_virt_list_CFLAGS = $(TEST_CFLAGS) $(LIBVIRT_CFLAGS)
tests_testdriver_test_virt_list_LDADD = $(virt_test_libs)
tests_testdriver_test_virt_live_SOURCES = tests/testdriver/test-virt-live.c $(virt_test_files)
tests_testdriver_test_virt_live_CFLAGS = $(TEST_CFLAGS) $(LIBVIRT_CFLAGS)
tests_testdriver_test_virt_live_LDADD = $(virt_test_libs)
# many first connections
if HAVE_CMOCKA
check_PROGRAMS += tests/testdriver/test-first
endif
tests_testdriver_test_first_SOURCES = tests/testdriver/test-first.c
tests_testdriver_test_first_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE_DIR='"$(abs_top_srcdir)"'
tests_testdriver_test_first_CFLAGS = $(TEST_CFLAGS) $(LIBVIRT_CFLAGS)
tests_testdriver_test_first_LDADD = $(virt_test_libs)
# provisioning for runners
if HAVE_CMOCKA
check_PROGRAMS += tests/testdriver/test-provision
endif
tests_testdriver_test_provision_SOURCES = tests/testdriver/test-provision.c
tests_testdriver_test_provision_CFLAGS = $(TEST_CFLAGS) $(LIBVIRT_CFLAGS) $(XML_CFLAGS)
tests_testdriver_test_provision_LDADD = libvirtroom.a libmodel.a libbase.a $(LIBVIRT_LIBS) \
  $(XML_LIBS) $(CONFIG_LIBS) $(JSON_LIBS) $(GLIB_LIBS) $(TEST_LIBS)
# the fields of the form for a deployment
if HAVE_CMOCKA
check_PROGRAMS += tests/testdriver/test-deploy-form
endif
tests_testdriver_test_deploy_form_SOURCES = tests/testdriver/test-deploy-form.c
tests_testdriver_test_deploy_form_CFLAGS = $(TEST_CFLAGS)
tests_testdriver_test_deploy_form_LDADD = $(DEPLOY_TEST_LIBS)
# a daemon that lies, by the lab's proxy
if HAVE_CMOCKA
check_PROGRAMS += tests/testdriver/test-fuzz
endif
tests_testdriver_test_fuzz_SOURCES = tests/testdriver/test-fuzz.c \
  tests/engine/loop.c tests/engine/loop.h $(SICK_FILES)
tests_testdriver_test_fuzz_CPPFLAGS = $(SICK_CPPFLAGS)
tests_testdriver_test_fuzz_CFLAGS = $(TEST_CFLAGS) $(LIBVIRT_CFLAGS) $(VTERM_CFLAGS)
tests_testdriver_test_fuzz_LDADD = libscreens.a $(virt_test_libs) $(VTERM_LIBS) $(CURSES_LIBS)
# the end of a first boot; a runner and a console of its own
if HAVE_CMOCKA
check_PROGRAMS += tests/testdriver/test-boot
endif
tests_testdriver_test_boot_SOURCES = tests/testdriver/test-boot.c tests/engine/runner-help.h \
  tests/engine/runner-help.c tests/engine/runner-kinds.h tests/unit/jobs-help.h \
  tests/unit/jobs-help.c
tests_testdriver_test_boot_CFLAGS = $(TEST_CFLAGS) $(LIBVIRT_CFLAGS) $(SQLITE_CFLAGS)
tests_testdriver_test_boot_LDFLAGS = -Wl,--wrap=vd_conn_vm_start -Wl,--wrap=vd_conn_is_alive
tests_testdriver_test_boot_LDADD = $(DEPLOY_TEST_LIBS)
