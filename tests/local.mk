# The tiers: each has a fragment of its own. `make check` builds the programs; `./dev check` runs them.
TEST_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
TEST_LIBS = $(CMOCKA_LIBS)
include tests/unit/local.mk
include tests/unit/base.mk
include tests/unit/deck.mk
include tests/unit/guest.mk
include tests/unit/jobs.mk
include tests/unit/deploy.mk
include tests/unit/ui.mk
include tests/engine/local.mk
include tests/engine/jobs.mk
include tests/testdriver/local.mk
include tests/screens/local.mk
include tests/cli/local.mk
include tests/rooms/local.mk
include tests/lab/local.mk
include tests/bench/local.mk
