noinst_LIBRARIES += libdeck.a
libdeck_a_SOURCES = \
  src/deck/deck.c \
  src/deck/deck.h \
  src/deck/docs.c src/deck/docs-templates.c \
  src/deck/docs-catalogues.c \
  src/deck/docs-make.c \
  src/deck/docs-scripts.c \
  src/deck/docs-sent.c \
  src/deck/forms.c \
  src/deck/history.c \
  src/deck/hosts-edit.c \
  src/deck/hosts.c \
  src/deck/history.h \
  src/deck/private.h \
  src/deck/retry.c \
  src/deck/retry.h \
  src/deck/row.h \
  src/deck/submit.c \
  src/deck/twins.c \
  src/deck/verb-rows.h \
  src/deck/verbs.c \
  src/deck/verbs-host.c \
  src/deck/verbs-image.c \
  src/deck/verbs-job.c \
  src/deck/verbs-script.c \
  src/deck/verbs-vm.c \
  src/deck/watch.c \
  src/deck/worker.c \
  src/deck/worker.h
