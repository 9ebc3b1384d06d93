# what `./dev bench` runs
EXTRA_DIST += tests/bench/run tests/bench/table tests/bench/scale.bash tests/bench/deploy.bash \
  tests/bench/sick.bash
check_PROGRAMS += tests/bench/measure
tests_bench_measure_SOURCES = tests/bench/measure.c
tests_bench_measure_CFLAGS = $(TEST_CFLAGS) $(VTERM_CFLAGS)
tests_bench_measure_LDADD = libbase.a $(SCREEN_LIBS)
check_PROGRAMS += tests/bench/mover
tests_bench_mover_SOURCES = tests/bench/mover.c tests/unit/web.c tests/unit/web.h
tests_bench_mover_LDADD = libdeploy.a libjobs.a libvirtroom.a libmodel.a libbase.a \
  $(LIBVIRT_LIBS) $(XML_LIBS) $(SQLITE_LIBS) $(CONFIG_LIBS) $(CRYPT_LIBS) $(FETCH_LIBS) \
  $(JSON_LIBS) $(GLIB_LIBS) -lm
check_PROGRAMS += tests/bench/storm
tests_bench_storm_SOURCES = tests/bench/storm.c tests/engine/loop.h \
  tests/engine/fake-backend.c tests/engine/fake-backend.h tests/engine/fake-private.h \
  tests/engine/fake-script.c tests/engine/loop.c
tests_bench_storm_CFLAGS = $(TEST_CFLAGS) $(LIBVIRT_CFLAGS)
tests_bench_storm_LDADD = libui.a libdeck.a libvirtroom.a libmodel.a libbase.a $(LIBVIRT_LIBS) \
  $(XML_LIBS) $(CURSES_LIBS) $(CONFIG_LIBS) $(JSON_LIBS) $(GLIB_LIBS) -lm
