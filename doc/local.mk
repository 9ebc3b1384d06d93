EXTRA_DIST += doc/rooms.md
