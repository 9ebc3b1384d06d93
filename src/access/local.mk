noinst_LIBRARIES += libaccess.a
libaccess_a_SOURCES =
