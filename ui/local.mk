noinst_LIBRARIES += libui.a
libui_a_CFLAGS = $(AM_CFLAGS) $(CURSES_CFLAGS) $(CONFIG_CFLAGS)
libui_a_SOURCES = \
  ui/ui.h ui/forms.h \
  ui/app.c ui/app.h \
  ui/ask.c ui/ask.h \
  ui/canvas.c ui/canvas.h \
  ui/choose.c ui/choose.h \
  ui/credentials.c ui/credentials.h \
  ui/console.h \
  ui/dialog.c ui/dialog.h \
  ui/dispatch.c \
  ui/edit.c ui/edit.h \
  ui/figures.c ui/figures.h \
  ui/filter.c ui/filter.h \
  ui/frame.c \
  ui/grid.c ui/grid.h \
  ui/help.c \
  ui/input.c \
  ui/keymap.c ui/keymap.h \
  ui/keys-in.c \
  ui/keys.c ui/keys.h \
  ui/layout.c ui/layout.h \
  ui/link.c ui/link.h \
  ui/list.c \
  ui/loop.c \
  ui/meter.c ui/meter.h ui/meter-page.c ui/meter-page.h \
  ui/order.c ui/order.h \
  ui/out.c ui/out.h \
  ui/page-text.c ui/page.c ui/page.h \
  ui/pane-fleet.c ui/pane-images.c ui/pane-jobs.c ui/pane-live.c ui/pane-log.c ui/pane.h \
  ui/question.c \
  ui/shapes.c \
  ui/targets.c ui/targets.h \
  ui/tree.c ui/tree.h \
  ui/term.c ui/term.h ui/term-private.h \
  ui/theme.c ui/theme.h
# forms and the job window
libui_a_SOURCES += \
  ui/form.c ui/form.h ui/form-args.c ui/form-command.c ui/form-deploy.c ui/form-draw.c ui/form-host.c \
  ui/form-values.c \
  ui/form-events.c ui/form-list.c \
  ui/job-log.c ui/job-window.c ui/job-window.h
