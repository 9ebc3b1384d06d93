/* The terminal. term.c and keys-in.c are the only files that know curses. There is one terminal, so
 * its state is global. Loop thread only. */
#pragma once

#include "ui/keys.h"
#include "ui/theme.h"

typedef struct {
    gboolean ascii; /* wanted by the user; a locale or terminal without UTF-8 decides so as well */
    gboolean mouse;
    int escape_ms; /* how long a lone Esc waits for the rest of a sequence */
    const VdTheme *theme;
} VdTermOptions;

/* Takes over the terminal; standard error goes to the log (nowhere if there is none) until
 * vd_term_stop(). FALSE with a sentence that names the way out if this is no terminal that a screen
 * can be drawn on; nothing is changed then. */
gboolean vd_term_start(const VdTermOptions *options, GError **error);
/* Gives the terminal back as it was, without waiting for one that takes no output. Nothing if it
 * was not taken. */
void vd_term_stop(void);
/* Whether locale or terminal rule out all but 7-bit characters; before vd_term_start() as well. */
gboolean vd_term_needs_ascii(void);
/* Gives back the terminal's modes, and its screen if it has room for what says so; for a signal
 * handler that ends the program. Never waits. */
void vd_term_abandon(void);
/* Whether only 7-bit characters are shown. */
gboolean vd_term_ascii(void);
/* Whether this is the Linux console, with its few glyphs. */
gboolean vd_term_console(void);
void vd_term_size(int *ret_width, int *ret_height);
/* Asks the terminal for its size (after SIGWINCH); TRUE if it is another one now. */
gboolean vd_term_resized(void);
/* Shows the canvas: only cells that changed since the last time are handed to curses, and there is
 * one update. The canvas should be of the terminal's size; what is outside is left. key: the frame
 * answers a key. Never waits. */
void vd_term_draw(const VdCanvas *canvas, gboolean key);
/* How long a frame has to wait, in microseconds, lest frames queue behind a slow line; 0: draw now;
 * -1: the terminal takes no output (stopped by Ctrl-S, a line that hangs, the rest of the last
 * frame): until vd_term_poll_fd() has room. last: when the last frame was drawn, monotonic. */
gint64 vd_term_wait(gboolean key, gint64 last);
int vd_term_poll_fd(void);
/* Hands over the rest of the last frame. */
void vd_term_push(void);

typedef struct {
    guint64 bytes;   /* written since it was taken */
    double rate;     /* of the line, bytes a second; 0: not known, or faster than matters */
    gint64 latency;  /* of the line, microseconds; 0: not known */
    gint64 interval; /* between two frames for new figures, microseconds */
    gboolean thin;   /* and that is longer than on a usual line, by much */
} VdTermLine;
void vd_term_line(VdTermLine *ret_line);
/* Whatever is on the screen is thought to be garbage: all is drawn anew next time (Ctrl-L). */
void vd_term_repaint(void);
/* Stops this process as Ctrl-Z does, the terminal given back meanwhile; returns after it was
 * continued, with the screen taken again. */
void vd_term_suspend(void);
/* The next event, without waiting; FALSE: there is none. *ret_gone: the terminal was closed. */
gboolean vd_term_read(VdEvent *event, gboolean *ret_gone);
