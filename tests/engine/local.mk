# tier engine
# the engine of src/virt on a scripted backend
if HAVE_CMOCKA
check_PROGRAMS += tests/engine/test-virt-calls
check_PROGRAMS += tests/engine/test-virt-hosts
check_PROGRAMS += tests/engine/test-virt-lanes
check_PROGRAMS += tests/engine/test-virt-sampler
check_PROGRAMS += tests/engine/test-virt-storm
check_PROGRAMS += tests/engine/test-virt-stuck
check_PROGRAMS += tests/engine/test-virt-uri
endif
fake_test_files = tests/engine/loop.c tests/engine/loop.h \
  tests/engine/fake-backend.c tests/engine/fake-backend.h tests/engine/fake-private.h \
  tests/engine/fake-script.c tests/engine/fake-waits.c tests/engine/fake-waits.h
fake_test_libs = libvirtroom.a libmodel.a libbase.a $(LIBVIRT_LIBS) $(XML_LIBS) \
  $(CONFIG_LIBS) $(JSON_LIBS) $(GLIB_LIBS) $(TEST_LIBS)
tests_engine_test_virt_calls_SOURCES = tests/engine/test-virt-calls.c $(fake_test_files)
tests_engine_test_virt_calls_CFLAGS = $(TEST_CFLAGS) $(LIBVIRT_CFLAGS)
tests_engine_test_virt_calls_LDADD = $(fake_test_libs)
tests_engine_test_virt_hosts_SOURCES = tests/engine/test-virt-hosts.c $(fake_test_files)
tests_engine_test_virt_hosts_CFLAGS = $(TEST_CFLAGS) $(LIBVIRT_CFLAGS)
tests_engine_test_virt_hosts_LDADD = $(fake_test_libs)
tests_engine_test_virt_lanes_SOURCES = tests/engine/test-virt-lanes.c $(fake_test_files)
tests_engine_test_virt_lanes_CFLAGS = $(TEST_CFLAGS) $(LIBVIRT_CFLAGS)
tests_engine_test_virt_lanes_LDADD = $(fake_test_libs)
sampling_test_files = tests/engine/sampling.c tests/engine/sampling.h $(fake_test_files)
tests_engine_test_virt_sampler_SOURCES = tests/engine/test-virt-sampler.c $(sampling_test_files)
tests_engine_test_virt_sampler_CFLAGS = $(TEST_CFLAGS) $(LIBVIRT_CFLAGS)
tests_engine_test_virt_sampler_LDADD = $(fake_test_libs)
tests_engine_test_virt_uri_SOURCES = tests/engine/test-virt-uri.c
tests_engine_test_virt_uri_CFLAGS = $(TEST_CFLAGS) $(LIBVIRT_CFLAGS)
tests_engine_test_virt_uri_LDADD = $(fake_test_libs)
tests_engine_test_virt_storm_SOURCES = tests/engine/test-virt-storm.c $(fake_test_files)
tests_engine_test_virt_storm_CFLAGS = $(TEST_CFLAGS) $(LIBVIRT_CFLAGS)
tests_engine_test_virt_storm_LDADD = $(fake_test_libs)
tests_engine_test_virt_stuck_SOURCES = tests/engine/test-virt-stuck.c $(sampling_test_files)
tests_engine_test_virt_stuck_CFLAGS = $(TEST_CFLAGS) $(LIBVIRT_CFLAGS)
tests_engine_test_virt_stuck_LDADD = $(fake_test_libs)
