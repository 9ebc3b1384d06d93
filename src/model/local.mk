noinst_LIBRARIES += libmodel.a
libmodel_a_SOURCES = \
  src/model/args.c \
  src/model/args.h \
  src/model/doc.c \
  src/model/doc.h \
  src/model/fleet.c \
  src/model/meter.h \
  src/model/roster.c \
  src/model/roster.h \
  src/model/fleet.h \
  src/model/image.h \
  src/model/job.c \
  src/model/job.h \
  src/model/names.c \
  src/model/names.h \
  src/model/offer.c \
  src/model/offer.h \
  src/model/question.c \
  src/model/question.h \
  src/model/script.c \
  src/model/script.h
