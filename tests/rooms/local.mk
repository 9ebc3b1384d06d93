# tier rooms, and what runs all tiers
EXTRA_DIST += dev tests/run tests/rooms/po.sh tests/rooms/rooms.sh tests/rooms/format.sh \
  tests/lsan.supp tests/tsan.supp tests/demo/amber.xml tests/demo/basalt.xml tests/demo/cobalt.xml
