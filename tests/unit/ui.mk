# The parts of ui/ that need no terminal.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-canvas tests/unit/test-console tests/unit/test-console-shown \
  tests/unit/test-theme tests/unit/test-tree tests/unit/test-link tests/unit/test-offscreen
endif
UI_TEST_LIBS = libui.a libmodel.a libbase.a $(CURSES_LIBS) $(CONFIG_LIBS) $(JSON_LIBS) $(GLIB_LIBS) \
  $(TEST_LIBS) -lm
tests_unit_test_offscreen_SOURCES = tests/unit/test-offscreen.c
tests_unit_test_offscreen_CFLAGS = $(TEST_CFLAGS) $(CURSES_CFLAGS)
tests_unit_test_offscreen_LDADD = $(UI_TEST_LIBS)
tests_unit_test_canvas_SOURCES = tests/unit/test-canvas.c
tests_unit_test_canvas_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_canvas_LDADD = $(UI_TEST_LIBS)
CONSOLE_RIG = tests/unit/console-rig.c tests/unit/console-rig.h tests/unit/fake-deck.c \
  tests/unit/fake-deck.h
tests_unit_test_console_SOURCES = tests/unit/test-console.c $(CONSOLE_RIG)
tests_unit_test_console_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_console_LDADD = $(UI_TEST_LIBS)
tests_unit_test_console_shown_SOURCES = tests/unit/test-console-shown.c $(CONSOLE_RIG)
tests_unit_test_console_shown_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_console_shown_LDADD = $(UI_TEST_LIBS)
tests_unit_test_theme_SOURCES = tests/unit/test-theme.c
tests_unit_test_theme_CFLAGS = $(TEST_CFLAGS) -DSOURCE_DIR='"$(abs_top_srcdir)"'
tests_unit_test_theme_LDADD = $(UI_TEST_LIBS)
tests_unit_test_tree_SOURCES = tests/unit/test-tree.c tests/unit/fake-deck.c tests/unit/fake-deck.h
tests_unit_test_tree_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_tree_LDADD = $(UI_TEST_LIBS)
tests_unit_test_link_SOURCES = tests/unit/test-link.c tests/unit/fake-deck.c tests/unit/fake-deck.h
tests_unit_test_link_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_link_LDADD = $(UI_TEST_LIBS)
