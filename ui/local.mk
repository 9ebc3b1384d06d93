noinst_LIBRARIES += libui.a
libui_a_CFLAGS = $(AM_CFLAGS) $(CURSES_CFLAGS) $(CONFIG_CFLAGS)
libui_a_SOURCES = \
  ui/ui.h ui/app.h ui/canvas.h ui/dialog.h ui/edit.h ui/forms.h ui/keys.h ui/targets.h
