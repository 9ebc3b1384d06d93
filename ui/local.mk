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
