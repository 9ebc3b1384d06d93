exampledir = $(docdir)/examples
dist_example_DATA = doc/vmdeck.conf.example
EXTRA_DIST += doc/rooms.md doc/guest-protocol.md
