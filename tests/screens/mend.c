/* A sequence may be cut between two reads: what could become one of those is held back until it is
 * clear. ncurses repeats single-byte characters alone. */
#include "config.h"

#include "tests/screens/mend.h"

#include <string.h>

enum { REPEAT_MAX = 4096, SEQUENCE_MAX = 40 };

void vd_mend_init(VdMend *mend)
{
    *mend = (VdMend){.held = g_string_new(NULL)};
}

void vd_mend_clear(VdMend *mend)
{
    g_string_free(mend->held, TRUE);
}

/* ESC, ESC [, ESC [ ? digits ; digits: more may follow. */
static gboolean may_follow(const GString *held, char c)
{
    if (held->len == 1)
        return c == '[';
    return held->len < SEQUENCE_MAX &&
           (g_ascii_isdigit(c) || c == ';' || (c == '?' && held->len == 2));
}

static void give_repeated(const VdMend *mend, GString *out)
{
    guint64 count = g_ascii_strtoull(mend->held->str + 2, NULL, 10);
    for (guint64 i = 0; i < MIN(count, REPEAT_MAX); i++)
        g_string_append_c(out, mend->last);
}

static void give_modes(const VdMend *mend, char c, GString *out)
{
    g_auto(GStrv) modes = g_strsplit(mend->held->str + 3, ";", -1);
    for (char **mode = modes; *mode; mode++)
        g_string_append_printf(out, "\033[?%s%c", *mode, c);
}

/* c ends the sequence that is held. */
static void held_end(VdMend *mend, char c, GString *out)
{
    const char *held = mend->held->str;
    if (c == 'b' && mend->held->len > 2 && held[2] != '?' && mend->last) {
        give_repeated(mend, out);
    } else if ((c == 'h' || c == 'l') && g_str_has_prefix(held, "\033[?")) {
        give_modes(mend, c, out);
    } else {
        g_string_append(out, held);
        g_string_append_c(out, c);
    }
    g_string_truncate(mend->held, 0);
}

void vd_mend(VdMend *mend, const char *bytes, gsize length, GString *out)
{
    for (gsize i = 0; i < length; i++) {
        char c = bytes[i];
        if (mend->held->len && may_follow(mend->held, c)) {
            g_string_append_c(mend->held, c);
        } else if (c == '\033') { /* cuts short what is held */
            g_string_append(out, mend->held->str);
            g_string_assign(mend->held, "\033");
        } else if (mend->held->len) {
            held_end(mend, c, out);
        } else {
            if ((guchar)c >= 0x20)
                mend->last = c;
            g_string_append_c(out, c);
        }
    }
}
