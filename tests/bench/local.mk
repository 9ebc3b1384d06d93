# what `./dev bench` runs
EXTRA_DIST += tests/bench/run
check_PROGRAMS += tests/bench/measure
tests_bench_measure_SOURCES = tests/bench/measure.c
tests_bench_measure_CFLAGS = $(TEST_CFLAGS) $(VTERM_CFLAGS)
tests_bench_measure_LDADD = $(SCREEN_LIBS)
