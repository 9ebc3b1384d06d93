EXTRA_DIST += doc/rooms.md doc/guest-protocol.md
