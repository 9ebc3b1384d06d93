# tier screens: real programs on a pty, read by libvterm.
EXTRA_DIST += tests/screens/golden

SCREEN_CPPFLAGS = $(AM_CPPFLAGS) \
  -DTEST_LOCALE_DIR='"$(abs_top_builddir)/locale"' \
  -DTEST_THEME_DIR='"$(abs_top_srcdir)/themes"' \
  -DTEST_GOLDEN_DIR='"$(abs_top_srcdir)/tests/screens/golden"' \
  -DTEST_BUILD_DIR='"$(abs_top_builddir)"'
SCREEN_LIBS = libscreens.a $(TEST_LIBS) $(VTERM_LIBS) $(CURSES_LIBS) $(JSON_LIBS) $(GLIB_LIBS)

check_LIBRARIES += libscreens.a
libscreens_a_CPPFLAGS = $(SCREEN_CPPFLAGS)
libscreens_a_CFLAGS = $(TEST_CFLAGS) $(VTERM_CFLAGS) $(CURSES_CFLAGS)
libscreens_a_SOURCES = \
  tests/screens/grid.c tests/screens/grid.h \
  tests/screens/pty.c tests/screens/pty.h \
  tests/screens/mend.c tests/screens/mend.h \
  tests/screens/sandbox.c tests/screens/sandbox.h \
  tests/screens/keys.c tests/screens/keys.h \
  tests/screens/cast.c tests/screens/cast.h \
  tests/screens/svg.c tests/screens/svg.h \
  tests/screens/fleet.c tests/screens/fleet.h

check_PROGRAMS += tests/screens/shot tests/screens/probe tests/screens/test-harness
tests_screens_shot_SOURCES = tests/screens/shot.c
tests_screens_shot_CFLAGS = $(TEST_CFLAGS) $(VTERM_CFLAGS)
tests_screens_shot_LDADD = $(SCREEN_LIBS)
tests_screens_probe_SOURCES = tests/screens/probe.c
tests_screens_probe_LDADD = $(GLIB_LIBS)
tests_screens_test_harness_SOURCES = tests/screens/test-harness.c
tests_screens_test_harness_CPPFLAGS = $(SCREEN_CPPFLAGS)
tests_screens_test_harness_CFLAGS = $(TEST_CFLAGS) $(VTERM_CFLAGS)
tests_screens_test_harness_LDADD = $(SCREEN_LIBS)

check_PROGRAMS += tests/screens/test-forms tests/screens/test-job-window tests/screens/test-hosts
FAKE_FORM = tests/screens/fake-app.c tests/screens/fake-app.h tests/screens/fake-form.c \
  tests/screens/fake-form.h
tests_screens_test_job_window_SOURCES = tests/screens/test-job-window.c $(FAKE_FORM)
tests_screens_test_job_window_CFLAGS = $(TEST_CFLAGS)
tests_screens_test_job_window_LDADD = libui.a libmodel.a libbase.a $(TEST_LIBS) $(JSON_LIBS) \
  $(CONFIG_LIBS) $(GLIB_LIBS) -lm
tests_screens_test_forms_SOURCES = tests/screens/test-forms.c $(FAKE_FORM)
tests_screens_test_forms_CFLAGS = $(TEST_CFLAGS)
tests_screens_test_forms_LDADD = libui.a libmodel.a libbase.a $(TEST_LIBS) $(JSON_LIBS) \
  $(CONFIG_LIBS) $(GLIB_LIBS) -lm
tests_screens_test_hosts_SOURCES = tests/screens/test-hosts.c \
  tests/screens/fake-app.c tests/screens/fake-app.h
tests_screens_test_hosts_CFLAGS = $(TEST_CFLAGS)
tests_screens_test_hosts_LDADD = libui.a libmodel.a libbase.a $(TEST_LIBS) $(JSON_LIBS) \
  $(CONFIG_LIBS) $(GLIB_LIBS) -lm

check_PROGRAMS += tests/screens/test-views
tests_screens_test_views_SOURCES = tests/screens/test-views.c \
  tests/screens/console.c tests/screens/console.h
tests_screens_test_views_CPPFLAGS = $(SCREEN_CPPFLAGS)
tests_screens_test_views_CFLAGS = $(TEST_CFLAGS) $(VTERM_CFLAGS)
tests_screens_test_views_LDADD = $(SCREEN_LIBS)

check_PROGRAMS += tests/screens/test-leaving
tests_screens_test_leaving_SOURCES = tests/screens/test-leaving.c \
  tests/screens/console.c tests/screens/console.h
tests_screens_test_leaving_CPPFLAGS = $(SCREEN_CPPFLAGS)
tests_screens_test_leaving_CFLAGS = $(TEST_CFLAGS) $(VTERM_CFLAGS)
tests_screens_test_leaving_LDADD = $(SCREEN_LIBS)

check_PROGRAMS += tests/screens/test-dialogs
tests_screens_test_dialogs_SOURCES = tests/screens/test-dialogs.c \
  tests/screens/console.c tests/screens/console.h \
  tests/screens/fixture.c tests/screens/fixture.h
tests_screens_test_dialogs_CPPFLAGS = $(SCREEN_CPPFLAGS)
tests_screens_test_dialogs_CFLAGS = $(TEST_CFLAGS) $(VTERM_CFLAGS)
tests_screens_test_dialogs_LDADD = $(SCREEN_LIBS) libdeploy.a libguestpure.a libjobs.a libvirtroom.a libmodel.a \
  libbase.a $(LIBVIRT_LIBS) $(XML_LIBS) $(SQLITE_LIBS) $(CONFIG_LIBS) $(CRYPT_LIBS) $(FETCH_LIBS) $(JSON_LIBS) \
  $(GLIB_LIBS) -lm
