/* A serial console speaks to a terminal: lines end in CR LF, are coloured, redrawn and
 * interrupted by cursor movements. A state machine of five states drops escape sequences (ECMA-48:
 * CSI up to its final byte, OSC/DCS/APC strings up to BEL or ST) and keeps the rest; a redraw or a
 * bare CR in the middle of a line begins the line anew only at its end, so nothing that was printed
 * is missed by somebody who looks for a word. Memory is bounded whatever the guest prints. */
#include "config.h"

#include "src/virt/lines.h"

#include "src/base/text.h"

#define LINE_BYTES 4096
#define LINE_CHARS 1024

typedef enum { PLAIN, ESCAPE, CSI, STRING, STRING_ESCAPE } State;

struct _VdLines {
    State state;
    GString *line;
};

VdLines *vd_lines_new(void)
{
    VdLines *lines = g_new0(VdLines, 1);

    lines->line = g_string_sized_new(256);
    return lines;
}

void vd_lines_free(VdLines *lines)
{
    if (!lines)
        return;
    g_string_free(lines->line, TRUE);
    g_free(lines);
}

static gboolean hand_on(VdLines *lines, VdLinesFn line, gpointer data)
{
    g_autofree char *clean = NULL;

    /* systemd cuts a unit's name with the escape byte of what follows it (252). */
    g_string_replace(lines->line, "…[0m", "…", 0);
    clean = vd_text_clean(lines->line->str, LINE_CHARS, FALSE);
    g_string_truncate(lines->line, 0);
    return line(clean, data);
}

/* What follows ESC: the beginning of a sequence, or a sequence of two or three bytes. */
static State after_escape(char c)
{
    if (c == '[')
        return CSI;
    if (c == ']' || c == 'P' || c == '_' || c == '^' || c == 'X')
        return STRING;
    if (c >= 0x20 && c <= 0x2f) /* ESC ( B and the like: one more byte comes */
        return ESCAPE;
    return PLAIN;
}

/* Moves the machine on by one byte; TRUE if the byte belongs to the text. */
static gboolean is_text(VdLines *lines, char c)
{
    switch (lines->state) {
    case PLAIN:
        if (c == 0x1b) {
            lines->state = ESCAPE;
            return FALSE;
        }
        return TRUE;
    case ESCAPE:
        lines->state = after_escape(c);
        return FALSE;
    case CSI:
        if (c >= 0x40 && c <= 0x7e)
            lines->state = PLAIN;
        else if (c == 0x1b)
            lines->state = ESCAPE;
        return FALSE;
    case STRING:
        if (c == 0x07)
            lines->state = PLAIN;
        else if (c == 0x1b)
            lines->state = STRING_ESCAPE;
        return FALSE;
    case STRING_ESCAPE:
        lines->state = c == '\\' ? PLAIN : STRING;
        return FALSE;
    }
    return TRUE;
}

gboolean vd_lines_feed(VdLines *lines, const char *bytes, gsize length, VdLinesFn line,
                       gpointer data)
{
    for (gsize i = 0; i < length; i++) {
        char c = bytes[i];

        /* A line's end ends an unfinished sequence too: a broken one must not eat the rest. */
        if (c == '\n') {
            lines->state = PLAIN;
            if (!hand_on(lines, line, data))
                return FALSE;
            continue;
        }
        if (!is_text(lines, c) || c == '\r' || c == '\0')
            continue;
        g_string_append_c(lines->line, c);
        if (lines->line->len >= LINE_BYTES && !hand_on(lines, line, data))
            return FALSE;
    }
    return TRUE;
}

gboolean vd_lines_flush(VdLines *lines, VdLinesFn line, gpointer data)
{
    return lines->line->len == 0 || hand_on(lines, line, data);
}
