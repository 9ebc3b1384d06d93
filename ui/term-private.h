/* Between term.c and keys-in.c alone. */
#pragma once

#include <glib.h>

/* Tells curses which sequences and clicks are wanted. After the screen was taken. */
void vd_keys_in_start(gboolean mouse);
