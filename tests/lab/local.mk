# tier lab: real hosts in namespaces
EXTRA_DIST += tests/lab/lab tests/lab/image tests/lab/guest-console tests/lab/lib.bash \
  tests/lab/network.xml tests/lab/lab-ground.sh tests/lab/lab-debian.sh tests/lab/lab-layouts.sh \
  tests/lab/lab-trouble.sh tests/lab/lab-resume.sh tests/lab/lab-firmware.sh tests/lab/lab-shelf.sh \
  tests/lab/tiny-image tests/lab/fake-guest tests/lab/guest.sh tests/lab/appliance \
  tests/lab/appliance-first
EXTRA_DIST += tests/lab/lab-hosts.sh
EXTRA_DIST += tests/lab/lab-machines.sh tests/lab/tiny-init.c tests/lab/tiny.h \
  tests/lab/lab-doctor.sh
EXTRA_DIST += tests/lab/lab-seed.sh tests/lab/uml tests/lab/lab-lvm.sh
EXTRA_DIST += tests/lab/lab-rbd.sh tests/lab/ceph

# Sick hosts: a proxy whose links fall ill, and the console beside them.
SICK_CPPFLAGS = $(SCREEN_CPPFLAGS) -DSICK_SOURCE_DIR='"$(abs_top_srcdir)"' \
  -DSICK_BUILD_DIR='"$(abs_top_builddir)"'
SICK_FILES = tests/lab/sick.c tests/lab/sick.h
check_PROGRAMS += tests/lab/proxy tests/lab/dead-fs
tests_lab_proxy_SOURCES = tests/lab/proxy.c
tests_lab_proxy_LDADD = $(GLIB_LIBS)
tests_lab_dead_fs_SOURCES = tests/lab/dead-fs.c
tests_lab_dead_fs_LDADD =
if HAVE_CMOCKA
check_PROGRAMS += tests/lab/test-sick-hosts tests/lab/test-sick-guests tests/lab/test-sick-soak tests/lab/record
endif
tests_lab_test_sick_hosts_SOURCES = tests/lab/test-sick-hosts.c $(SICK_FILES)
tests_lab_test_sick_hosts_CPPFLAGS = $(SICK_CPPFLAGS)
tests_lab_test_sick_hosts_CFLAGS = $(TEST_CFLAGS) $(VTERM_CFLAGS)
tests_lab_test_sick_hosts_LDADD = $(SCREEN_LIBS)
tests_lab_test_sick_guests_SOURCES = tests/lab/test-sick-guests.c $(SICK_FILES)
tests_lab_test_sick_guests_CPPFLAGS = $(SICK_CPPFLAGS)
tests_lab_test_sick_guests_CFLAGS = $(TEST_CFLAGS) $(VTERM_CFLAGS)
tests_lab_test_sick_guests_LDADD = $(SCREEN_LIBS)
tests_lab_test_sick_soak_SOURCES = tests/lab/test-sick-soak.c $(SICK_FILES)
tests_lab_test_sick_soak_CPPFLAGS = $(SICK_CPPFLAGS)
tests_lab_test_sick_soak_CFLAGS = $(TEST_CFLAGS) $(VTERM_CFLAGS)
tests_lab_test_sick_soak_LDADD = $(SCREEN_LIBS)
tests_lab_record_SOURCES = tests/lab/record.c $(SICK_FILES)
tests_lab_record_CPPFLAGS = $(SICK_CPPFLAGS)
tests_lab_record_CFLAGS = $(TEST_CFLAGS) $(VTERM_CFLAGS)
tests_lab_record_LDADD = $(SCREEN_LIBS)
EXTRA_DIST += tests/lab/lab-install.sh tests/lab/tiny-installer.c \
  tests/lab/installer.bash
