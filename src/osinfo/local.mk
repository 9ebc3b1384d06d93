# The only program with libosinfo; without it nobody misses it but those who ask for a system by name.
if HAVE_OSINFO
pkglibexec_PROGRAMS += vmdeck-osinfo
endif
vmdeck_osinfo_CFLAGS = $(AM_CFLAGS) $(OSINFO_CFLAGS)
vmdeck_osinfo_SOURCES = src/osinfo/main.c
vmdeck_osinfo_LDADD = $(OSINFO_LIBS) $(JSON_LIBS) $(GLIB_LIBS)
