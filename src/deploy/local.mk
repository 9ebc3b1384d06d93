noinst_LIBRARIES += libdeploy.a
libdeploy_a_SOURCES =
