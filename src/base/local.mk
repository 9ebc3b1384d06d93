noinst_LIBRARIES += libbase.a
libbase_a_CFLAGS = $(AM_CFLAGS) $(CONFIG_CFLAGS)
libbase_a_SOURCES = \
  src/base/child.c \
  src/base/child.h \
  src/base/conf-edit.c \
  src/base/conf-edit.h \
  src/base/conf-scan.c \
  src/base/conf-scan.h \
  src/base/conf.c \
  src/base/conf.h \
  src/base/conf-source.c \
  src/base/error.c \
  src/base/error.h \
  src/base/files.c \
  src/base/files.h \
  src/base/histogram.c \
  src/base/histogram.h \
  src/base/conf-text.c \
  src/base/conf-text.h \
  src/base/hush.c \
  src/base/hush.h \
  src/base/locale.c \
  src/base/locale.h \
  src/base/i18n.h \
  src/base/group.c src/base/group.h \
  src/base/kvm.c \
  src/base/kvm.h \
  src/base/log.c \
  src/base/log.h \
  src/base/paths.c \
  src/base/said.c \
  src/base/said.h \
  src/base/paths.h \
  src/base/patience.c \
  src/base/patience.h \
  src/base/text.c \
  src/base/text.h \
  src/base/traces.c \
  src/base/traces.h \
  src/base/turn.c \
  src/base/turn.h \
  src/base/units.c
