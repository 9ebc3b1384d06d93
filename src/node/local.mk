noinst_LIBRARIES += libnode.a
libnode_a_SOURCES = \
  src/node/checks-files.c \
  src/node/checks-host.c \
  src/node/checks-tools.c \
  src/node/checks.h \
  src/node/doctor.c \
  src/node/doctor.h
