# The guest helper: the only program with libguestfs. Its pure parts are a library of their own, so
# that unit tests link them without it.
noinst_LIBRARIES += libguestpure.a
libguestpure_a_CFLAGS = $(AM_CFLAGS) $(ISOFS_CFLAGS)
libguestpure_a_SOURCES = \
  src/guest/accounts.c \
  src/guest/accounts.h \
  src/guest/agent.c \
  src/guest/agent.h \
  src/guest/cloud.c \
  src/guest/nuage.c \
  src/guest/cloud.h \
  src/guest/fail.c \
  src/guest/fail.h \
  src/guest/firstboot.c \
  src/guest/firstboot.h \
  src/guest/generalise-words.c \
  src/guest/generalise-words.h \
  src/guest/hosts.c \
  src/guest/hosts.h \
  src/guest/iso.c \
  src/guest/iso.h \
  src/guest/layout.c \
  src/guest/layout.h \
  src/guest/netclean.c \
  src/guest/netclean.h \
  src/guest/netfiles.c \
  src/guest/netfiles.h \
  src/guest/out.c \
  src/guest/out.h \
  src/guest/parts-write.c \
  src/guest/parts-write.h \
  src/guest/parts.c \
  src/guest/parts.h \
  src/guest/request.c \
  src/guest/request.h \
  src/guest/seed.c \
  src/guest/seed.h \
  src/guest/selinux.c \
  src/guest/selinux.h \
  src/guest/sysv.c \
  src/guest/sysv.h \
  src/guest/take.c \
  src/guest/take.h

pkglibexec_PROGRAMS += vmdeck-guest
vmdeck_guest_CFLAGS = $(AM_CFLAGS) $(GUESTFS_CFLAGS)
vmdeck_guest_SOURCES = \
  src/guest/customise-accounts.c \
  src/guest/customise-agent.c \
  src/guest/customise-boot.c \
  src/guest/customise-system.c \
  src/guest/customise-sysv.c \
  src/guest/customise.c \
  src/guest/customise.h \
  src/guest/disk.c \
  src/guest/disk.h \
  src/guest/files.c \
  src/guest/files.h \
  src/guest/generalise-network.c \
  src/guest/generalise-network.h \
  src/guest/generalise.c \
  src/guest/generalise.h \
  src/guest/grow.c \
  src/guest/grow.h \
  src/guest/inspect-grow.c \
  src/guest/inspect-grow.h \
  src/guest/inspect.c \
  src/guest/inspect.h \
  src/guest/appliance.c \
  src/guest/appliance.h \
  src/guest/launch.c \
  src/guest/launch.h \
  src/guest/leash.c \
  src/guest/leash.h \
  src/guest/main.c
vmdeck_guest_LDADD = libguestpure.a libbase.a $(GUESTFS_LIBS) $(ISOFS_LIBS) $(JSON_LIBS) $(GLIB_LIBS)

# The agent is a shell program of its own, kept as such; here it becomes a string.
EXTRA_DIST += src/guest/agent.sh
BUILT_SOURCES += src/guest/agent-text.h
CLEANFILES += src/guest/agent-text.h
src/guest/agent-text.h: $(srcdir)/src/guest/agent.sh
	$(AM_V_GEN)$(MKDIR_P) src/guest && \
	  sed 's/[\\"]/\\&/g; s/^/"/; s/$$/\\n"/' $(srcdir)/src/guest/agent.sh >$@
