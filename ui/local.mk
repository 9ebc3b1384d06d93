noinst_LIBRARIES += libui.a
libui_a_CFLAGS = $(AM_CFLAGS) $(CURSES_CFLAGS) $(CONFIG_CFLAGS)
libui_a_SOURCES = \
  ui/ui.h ui/app.h ui/forms.h \
  ui/canvas.c ui/canvas.h \
  ui/dialog.c ui/dialog.h \
  ui/edit.c ui/edit.h \
  ui/keys.c ui/keys.h \
  ui/shapes.c \
  ui/targets.c ui/targets.h
# forms and the job window
libui_a_SOURCES += \
  ui/form.c ui/form.h ui/form-args.c ui/form-command.c ui/form-deploy.c ui/form-draw.c \
  ui/form-events.c ui/form-list.c \
  ui/job-log.c ui/job-window.c ui/job-window.h
