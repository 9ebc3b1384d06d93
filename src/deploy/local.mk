noinst_LIBRARIES += libdeploy.a
libdeploy_a_CFLAGS = $(AM_CFLAGS) $(CRYPT_CFLAGS) $(FETCH_CFLAGS)
libdeploy_a_SOURCES = \
  src/deploy/boot.c src/deploy/boot.h \
  src/deploy/catalogue.c src/deploy/catalogue.h \
  src/deploy/catalogue-index.c \
  src/deploy/catalogue-json.c \
  src/deploy/catalogue-source.c \
  src/deploy/catalogue-store.c \
  src/deploy/check.c src/deploy/check.h \
  src/deploy/copy.c src/deploy/copy.h \
  src/deploy/deploy-args.c \
  src/deploy/deploy-private.h \
  src/deploy/deploy.c src/deploy/deploy.h \
  src/deploy/diskfile.c src/deploy/diskfile.h \
  src/deploy/fetch.c src/deploy/fetch.h \
  src/deploy/flow.c src/deploy/flow.h \
  src/deploy/form.c \
  src/deploy/guest.c src/deploy/guest.h \
  src/deploy/hash.c src/deploy/hash.h \
  src/deploy/heard.c src/deploy/heard.h \
  src/deploy/image-add.c \
  src/deploy/image-bring.c src/deploy/image-bring.h \
  src/deploy/image-fetch.c \
  src/deploy/image-form.c \
  src/deploy/image-make.c \
  src/deploy/image-steps.h \
  src/deploy/image-prepare.c \
  src/deploy/images.c \
  src/deploy/initrd.c src/deploy/initrd.h \
  src/deploy/kinds.c \
  src/deploy/layout.c \
  src/deploy/many.c src/deploy/many.h \
  src/deploy/medium.c src/deploy/medium.h \
  src/deploy/plan-json.c src/deploy/plan-pool.c \
  src/deploy/plan.c src/deploy/plan.h \
  src/deploy/publish.c src/deploy/publish.h src/deploy/publish-index.c \
  src/deploy/rbd.c src/deploy/rbd.h src/deploy/rbd-words.c \
  src/deploy/scripts.c \
  src/deploy/sent.c \
  src/deploy/signature.c src/deploy/signature.h \
  src/deploy/spec.c src/deploy/spec.h \
  src/deploy/spread.c src/deploy/spread.h \
  src/deploy/steps-boot.c \
  src/deploy/steps-disk.c \
  src/deploy/steps-guest.c \
  src/deploy/steps-seed.c \
  src/deploy/steps-send.c \
  src/deploy/steps.c src/deploy/steps.h \
  src/deploy/store.c src/deploy/store.h \
  src/deploy/steps-install.c \
  src/deploy/install.c src/deploy/install.h \
  src/deploy/system.c src/deploy/system.h \
  src/deploy/systems.c src/deploy/systems.h \
  src/deploy/install-fill.c \
  src/deploy/template.c src/deploy/template.h \
  src/deploy/there.c src/deploy/there.h \
  src/deploy/templates.c \
  src/deploy/transfer.c src/deploy/transfer.h \
  src/deploy/unpack.c src/deploy/unpack.h \
  src/deploy/whole.c \
  src/deploy/words.h

templatedir = $(pkgdatadir)/templates
dist_template_DATA = src/deploy/templates/debian src/deploy/templates/fedora \
  src/deploy/templates/ubuntu
