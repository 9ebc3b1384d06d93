noinst_LIBRARIES += libaccess.a
libaccess_a_SOURCES = \
  src/access/access.c \
  src/access/access.h
