noinst_LIBRARIES += libvirtroom.a
libvirtroom_a_CFLAGS = $(AM_CFLAGS) $(LIBVIRT_CFLAGS) $(XML_CFLAGS)
libvirtroom_a_SOURCES = \
  src/virt/virt.h src/virt/call.h src/virt/ops.h src/virt/provision.h
# the engine
libvirtroom_a_SOURCES += \
  src/virt/asker.c src/virt/asker.h \
  src/virt/backend-libvirt.c src/virt/backend.h \
  src/virt/backend-list.c src/virt/lv.h \
  src/virt/backend-stats.c \
  src/virt/calls.c \
  src/virt/clock.c src/virt/clock.h \
  src/virt/connect.c src/virt/connect.h \
  src/virt/detail.c \
  src/virt/gate.c src/virt/gate.h \
  src/virt/host.c src/virt/engine.h \
  src/virt/inventory.c \
  src/virt/lane.c src/virt/lane.h \
  src/virt/listing.c \
  src/virt/mailbox.c src/virt/mailbox.h \
  src/virt/meter.c \
  src/virt/memory.c src/virt/memory.h src/virt/rates.c src/virt/rates.h \
  src/virt/pace.c src/virt/pace.h \
  src/virt/reach.c src/virt/reach.h \
  src/virt/sampler.c src/virt/sampler.h src/virt/sampler-private.h src/virt/sampler-turns.c \
  src/virt/sampler-living.c \
  src/virt/ssh.c src/virt/ssh.h \
  src/virt/tap.c src/virt/tap.h \
  src/virt/trial.c \
  src/virt/uri-query.c \
  src/virt/uri.c src/virt/uri.h \
  src/virt/vevent.c src/virt/vevent.h \
  src/virt/virt.c
# operations on machines and hosts
libvirtroom_a_SOURCES += \
  src/virt/call.c \
  src/virt/domxml.c src/virt/domxml.h \
  src/virt/hardware.c src/virt/hardware.h \
  src/virt/ops-config.c \
  src/virt/ops-delete.c \
  src/virt/ops-host.c \
  src/virt/ops-power.c \
  src/virt/ops-show.c \
  src/virt/ops-util.c src/virt/ops-util.h \
  src/virt/survey.c src/virt/survey.h \
  src/virt/volumes.c src/virt/volumes.h \
  src/virt/xml.c src/virt/xml.h
# synchronous provisioning for job runners
libvirtroom_a_SOURCES += \
  src/virt/lines.h src/virt/lines.c \
  src/virt/provision-private.h src/virt/provision.c src/virt/provision-open.c \
  src/virt/provision-xml.c \
  src/virt/provision-address.c \
  src/virt/provision-limits.c \
  src/virt/provision-backup.c \
  src/virt/provision-download.c \
  src/virt/provision-storage.c \
  src/virt/provision-pull.c src/virt/provision-rbd.c \
  src/virt/provision-upload.c \
  src/virt/provision-vm.c \
  src/virt/provision-console.c
# what libvirt runs in place of ssh
pkglibexec_PROGRAMS += vmdeck-ssh
vmdeck_ssh_SOURCES = src/virt/ssh-main.c
