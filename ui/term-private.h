/* Between term.c and keys-in.c alone. */
#pragma once

#include <glib.h>

/* Tells curses which sequences and clicks are wanted. After the screen was taken. */
void vd_keys_in_start(gboolean mouse);
/* The terminal answered the question that tells how fast its line is. */
void vd_term_answered(void);
