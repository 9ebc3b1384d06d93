noinst_LIBRARIES += libvirtroom.a
libvirtroom_a_CFLAGS = $(AM_CFLAGS) $(LIBVIRT_CFLAGS) $(XML_CFLAGS)
libvirtroom_a_SOURCES = \
  src/virt/virt.h src/virt/call.h src/virt/ops.h src/virt/provision.h
