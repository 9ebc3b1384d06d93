/* The help: every command with the keys it has now, by groups. */
#include "config.h"

#include "ui/choose.h"
#include "ui/console.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"

/* Narrower than this, three columns would be broken anywhere. */
enum { COLUMNS_LEAST = 60 };

/* Labels have as many cells as the widest of those that have keys, within these. */
enum { LABEL_LEAST = 14, LABEL_MOST = 22 };

static int label_width(VdApp *app)
{
    int width = LABEL_LEAST;
    for (guint i = 0; i < vd_keymap_count(app->keymap); i++) {
        const VdCommand *command = vd_keymap_at(app->keymap, i);
        g_autofree char *keys = vd_keymap_keys(app->keymap, command, 1);
        if (*keys)
            width = MAX(width, vd_text_width(_(command->label)));
    }
    return MIN(width, LABEL_MOST);
}

static void append_command(GString *out, VdApp *app, const VdCommand *command, int width)
{
    g_autofree char *keys = vd_keymap_keys(app->keymap, command, 0);
    if (!*keys)
        return;
    if (app->canvas && vd_canvas_width(app->canvas) < COLUMNS_LEAST) {
        g_string_append_printf(out, "  %s  %s\n    %s\n", keys, _(command->label),
                               _(command->help));
        return;
    }
    int keys_pad = MAX(0, 12 - vd_text_width(keys));
    int label_pad = MAX(0, width - vd_text_width(_(command->label)));
    g_string_append_printf(out, "  %s%*s  %s%*s  %s\n", keys, keys_pad, "", _(command->label),
                           label_pad, "", _(command->help));
}

/* The groups in the order of their first command. */
static GPtrArray *groups_of(const VdKeymap *keymap)
{
    GPtrArray *groups = g_ptr_array_new();
    for (guint i = 0; i < vd_keymap_count(keymap); i++) {
        const char *menu = vd_keymap_at(keymap, i)->menu;
        if (!g_ptr_array_find_with_equal_func(groups, menu, g_str_equal, NULL))
            g_ptr_array_add(groups, (gpointer)menu);
    }
    return groups;
}

char *vd_help_text(VdApp *app)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GPtrArray) groups = groups_of(app->keymap);
    int width = label_width(app);
    for (guint g = 0; g < groups->len; g++) {
        const char *group = g_ptr_array_index(groups, g);
        g_autoptr(GString) lines = g_string_new(NULL);
        for (guint i = 0; i < vd_keymap_count(app->keymap); i++) {
            const VdCommand *command = vd_keymap_at(app->keymap, i);
            if (strcmp(command->menu, group) == 0)
                append_command(lines, app, command, width);
        }
        /* Of some groups no command has a key. */
        if (lines->len > 0)
            g_string_append_printf(out, "%s%s\n%s", out->len > 0 ? "\n" : "", _(group), lines->str);
    }
    g_string_append_printf(out, "\n%s\n",
                           _("Esc closes one layer: a dialog, the marks, the filter, the zoom. "
                             "Esc and a digit is a function key."));
    return g_string_free(out, FALSE);
}
