/* debian-installer runs in a terminal multiplexer (screen) on a serial line, whose bar has a clock:
 * "[ (1*installer)  2 shell  3 shell  4- log ][ Nov 26 11:45 ]" each minute, or, as it draws only
 * what has changed, "6". The same digits alone are all that a bar's "37%" becomes "38%" by, so they
 * count if they come more often than a clock of minutes goes. */
#include "config.h"

#include "src/deploy/heard.h"

#include <string.h>

#define LATELY      64 /* lines that are remembered: more than two screens */
#define LETTERS_MIN 3
#define CLOCK_USEC  (45 * G_USEC_PER_SEC)
/* A question is drawn with what stands around it, in any order. */
#define DRAWN_USEC (2 * G_USEC_PER_SEC)
#define BAR        "*installer"

struct _VdHeard {
    GRegex *clocks;
    char *text;           /* of the last line */
    guint lately[LATELY]; /* hashes, a ring */
    guint next;
    double part;   /* the last one that was told */
    gint64 digits; /* when a line without words came, 0: never */
    gint64 asked;  /* when a question came, 0: never */
};

VdHeard *vd_heard_new(void)
{
    VdHeard *heard = g_new0(VdHeard, 1);

    heard->clocks = g_regex_new("\\b\\d{1,2}:\\d\\d(:\\d\\d)?\\b|^\\[ *\\d+\\.\\d+\\]", 0, 0, NULL);
    heard->part = -1;
    return heard;
}

void vd_heard_free(VdHeard *heard)
{
    if (!heard)
        return;
    g_regex_unref(heard->clocks);
    g_free(heard->text);
    g_free(heard);
}

/* The last "44%" of a line as a fraction, or -1. */
static double percent_of(const char *line)
{
    const char *sign = strrchr(line, '%');
    const char *digits = sign;

    while (digits && digits > line && g_ascii_isdigit(digits[-1]) && sign - digits < 3)
        digits--;
    if (!sign || digits == sign)
        return -1;
    return MIN(1.0, (double)g_ascii_strtoull(digits, NULL, 10) / 100);
}

static gboolean has_words(const char *line)
{
    guint letters = 0;

    for (; *line; line = g_utf8_next_char(line))
        letters += g_unichar_isalpha(g_utf8_get_char(line)) ? 1 : 0;
    return letters >= LETTERS_MIN;
}

/* The line without the bar; TRUE if there was one. */
static gboolean cut_bar(char *line)
{
    char *bar = strstr(line, BAR);
    char *end = bar ? strrchr(bar, ']') : NULL;

    if (!bar)
        return FALSE;
    while (bar > line && *bar != '[')
        bar--;
    if (end)
        memmove(bar, end + 1, strlen(end + 1) + 1);
    else
        *bar = '\0';
    g_strstrip(line);
    return TRUE;
}

/* Of debconf's text and newt frontends, anaconda's text mode, subiquity, and others. */
static gboolean asks(const char *line)
{
    static const char *const words[] = {
        "press enter to continue", "<go back>", "<continue>", "<yes>", "<no>",    "<ok>",
        "please make a selection", "(yes|no)",  "(y/n)",      "[y/n]", "[yes/no]"};
    g_autofree char *lower = g_ascii_strdown(line, -1);

    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strstr(lower, words[i]))
            return TRUE;
    }
    return g_str_has_prefix(line, "Prompt:");
}

/* Whether the line, but for the times in it, was said lately; it is remembered. */
static gboolean was_said(VdHeard *heard, const char *line)
{
    g_autofree char *timeless = g_regex_replace_literal(heard->clocks, line, -1, 0, "", 0, NULL);
    guint hash = g_str_hash(timeless ? timeless : line);

    for (guint i = 0; i < LATELY; i++) {
        if (heard->lately[i] == hash)
            return TRUE;
    }
    heard->lately[heard->next++ % LATELY] = hash;
    return FALSE;
}

/* A part that differs from the last one, whatever else the line repeats. */
static gboolean is_further(VdHeard *heard, double part)
{
    gboolean further = part >= 0 && (part < heard->part || part > heard->part);

    if (part >= 0)
        heard->part = part;
    return further;
}

static VdHeardKind hear_digits(VdHeard *heard, gint64 now)
{
    gboolean often = heard->digits > 0 && now - heard->digits < CLOCK_USEC;

    heard->digits = now;
    return often ? VD_HEARD_LIFE : VD_HEARD_NOTHING;
}

VdHeardKind vd_heard_line(VdHeard *heard, const char *line, gint64 now, const char **ret_text,
                          double *ret_part)
{
    gboolean barred, worded, further, said;
    double part;

    g_free(heard->text);
    heard->text = g_strdup(line);
    barred = cut_bar(heard->text);
    part = percent_of(heard->text);
    further = is_further(heard, part);
    worded = has_words(heard->text);
    if (ret_text)
        *ret_text = worded ? heard->text : NULL;
    if (ret_part)
        *ret_part = part;
    if (!worded && !further)
        return barred || !*heard->text ? VD_HEARD_NOTHING : hear_digits(heard, now);
    if (asks(heard->text)) {
        heard->asked = now;
        return VD_HEARD_ASKS;
    }
    said = worded && was_said(heard, heard->text);
    if (said && !further)
        return VD_HEARD_NOTHING;
    return heard->asked > 0 && now - heard->asked < DRAWN_USEC ? VD_HEARD_LIFE : VD_HEARD_NEWS;
}
