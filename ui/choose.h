/* Commands to choose from: the menu (F9), by groups, and the palette (`:`), by what is typed. Loop
 * thread only. Hand the dialogs to vd_app_push(). */
#pragma once

#include "ui/console.h"

VdDialog *vd_menu_new(VdApp *app);
VdDialog *vd_palette_new(VdApp *app);
/* How well what was typed fits a text: its characters must stand in it in this order, without case.
 * The larger the better, 0: not at all. Words that begin with them and runs count more. Pure. */
guint vd_fuzzy_score(const char *typed, const char *text);
/* The keys as they are now, as text for a page: made from the keymap. The caller frees. */
char *vd_help_text(VdApp *app);
