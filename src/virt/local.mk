noinst_LIBRARIES += libvirtroom.a
libvirtroom_a_CFLAGS = $(AM_CFLAGS) $(LIBVIRT_CFLAGS) $(XML_CFLAGS)
libvirtroom_a_SOURCES = \
  src/virt/virt.h src/virt/call.h src/virt/ops.h src/virt/provision.h
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
  src/virt/volumes.c src/virt/volumes.h \
  src/virt/xml.c src/virt/xml.h
