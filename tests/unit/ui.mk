# The parts of ui/ that need no terminal.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-canvas
endif
UI_TEST_LIBS = libui.a libmodel.a libbase.a $(CURSES_LIBS) $(CONFIG_LIBS) $(JSON_LIBS) $(GLIB_LIBS) \
  $(TEST_LIBS) -lm
tests_unit_test_canvas_SOURCES = tests/unit/test-canvas.c
tests_unit_test_canvas_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_canvas_LDADD = $(UI_TEST_LIBS)
