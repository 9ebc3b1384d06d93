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

char *vd_help_text(VdApp *app)
{
    GString *out = g_string_new(NULL);
    guint n = vd_keymap_count(app->keymap);
    const char *group = NULL;
    int width = label_width(app);
    for (guint i = 0; i < n; i++) {
        const VdCommand *command = vd_keymap_at(app->keymap, i);
        if (!group || strcmp(group, command->menu) != 0)
            g_string_append_printf(out, "%s%s\n", group ? "\n" : "", _(command->menu));
        group = command->menu;
        append_command(out, app, command, width);
    }
    g_string_append_printf(out, "\n%s\n",
                           _("Esc closes one layer: a dialog, the marks, the filter, the zoom. "
                             "Esc and a digit is a function key."));
    return g_string_free(out, FALSE);
}
