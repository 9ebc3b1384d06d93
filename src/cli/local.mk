noinst_LIBRARIES += libcli.a
libcli_a_SOURCES = \
  src/cli/args.c \
  src/cli/bench-ui.c \
  src/cli/ask.c \
  src/cli/cli.c \
  src/cli/cli.h \
  src/cli/edit.c \
  src/cli/follow.c \
  src/cli/help.c \
  src/cli/print.c \
  src/cli/private.h \
  src/cli/run.c \
  src/cli/run.h \
  src/cli/run-ask.c \
  src/cli/run-wait.c \
  src/cli/table.c

# The manual and the completion are made by the program itself, from its table of verbs.

nodist_man_MANS = vmdeck.1
nodist_bashcomp_DATA = completion/vmdeck
CLEANFILES += vmdeck.1 completion/vmdeck

vmdeck.1: vmdeck$(EXEEXT)
	$(AM_V_GEN)LC_ALL=C.UTF-8 ./vmdeck manual > $@.tmp && mv $@.tmp $@

completion/vmdeck: vmdeck$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) completion && LC_ALL=C.UTF-8 ./vmdeck completion bash > $@.tmp && mv $@.tmp $@
