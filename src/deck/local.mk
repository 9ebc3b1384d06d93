noinst_LIBRARIES += libdeck.a
libdeck_a_SOURCES =
