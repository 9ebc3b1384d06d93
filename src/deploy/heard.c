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

/* What installers call the parts of their work, and how much of all of it is done when each begins:
 * debian-installer's titles, of which each has a bar of its own that goes to 100%; what anaconda
 * prints in its text mode; what subiquity reports. Shares of a usual installation of a server. */
static const struct {
    const char *words;
    double from, to;
} stages[] = {
    {"Detecting network hardware", 0.01, 0.02},
    {"Configuring the network with DHCP", 0.02, 0.03},
    {"Checking the Debian archive mirror", 0.03, 0.04},
    {"Loading additional components", 0.04, 0.08},
    {"Detecting disks and all other hardware", 0.08, 0.09},
    {"Starting up the partitioner", 0.09, 0.10},
    {"Partitions formatting", 0.10, 0.12},
    {"Installing the base system", 0.12, 0.50},
    {"Configuring apt", 0.50, 0.54},
    {"Select and install software", 0.54, 0.90},
    {"Installing GRUB boot loader", 0.90, 0.95},
    {"Finishing the installation", 0.95, 0.99},
    {"Setting up the installation environment", 0.05, 0.06},
    {"Configuring storage", 0.06, 0.10},
    {"Starting package installation process", 0.12, 0.20},
    {"Installing boot loader", 0.85, 0.88},
    {"Performing post-installation setup tasks", 0.88, 0.94},
    {"Running post-installation scripts", 0.94, 0.98},
    {"executing curtin install partitioning step", 0.10, 0.15},
    {"executing curtin install extract step", 0.15, 0.45},
    {"executing curtin install curthooks step", 0.45, 0.70},
    {"final system configuration", 0.70, 0.85},
    {"downloading and installing security updates", 0.85, 0.96},
    {"subiquity/Late/run", 0.96, 0.98},
};
/* anaconda's "Installing glibc.x86_64 (12/400)", between those parts. */
#define COUNTED_FROM 0.20
#define COUNTED_TO   0.85

struct _VdHeard {
    GRegex *clocks;
    GRegex *counts;
    char *text;           /* of the last line */
    guint lately[LATELY]; /* hashes, a ring */
    guint next;
    double part;   /* the last one that was told */
    int stage;     /* the last known part of the work, or -1 */
    double done;   /* of all of it, by the stages: never less than before; or -1 */
    gint64 digits; /* when a line without words came, 0: never */
    gint64 asked;  /* when a question came, 0: never */
};

VdHeard *vd_heard_new(void)
{
    VdHeard *heard = g_new0(VdHeard, 1);

    heard->clocks = g_regex_new("\\b\\d{1,2}:\\d\\d(:\\d\\d)?\\b|^\\[ *\\d+\\.\\d+\\]", 0, 0, NULL);
    heard->counts = g_regex_new("^Installing\\b.*\\((\\d{1,5})/(\\d{1,5})\\)", 0, 0, NULL);
    heard->part = heard->done = -1;
    heard->stage = -1;
    return heard;
}

void vd_heard_free(VdHeard *heard)
{
    if (!heard)
        return;
    g_regex_unref(heard->clocks);
    g_regex_unref(heard->counts);
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

/* Of debconf's text and newt frontends, anaconda's text mode, subiquity, and others. A multiplexer
 * may draw a screen as one long line, with the prompt at its end. */
static gboolean asks(const char *line)
{
    static const char *const words[] = {"press enter to continue",
                                        "<go back>",
                                        "<continue>",
                                        "<yes>",
                                        "<no>",
                                        "<ok>",
                                        "please make a selection",
                                        "(yes|no)",
                                        "(y/n)",
                                        "[y/n]",
                                        "[yes/no]",
                                        "prompt: '?' for help"};
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

/* The share of "Installing glibc (12/400)", or -1. */
static double counted(const VdHeard *heard, const char *line)
{
    g_autoptr(GMatchInfo) match = NULL;
    g_autofree char *first = NULL, *second = NULL;
    double n, all;

    if (!g_regex_match(heard->counts, line, 0, &match))
        return -1;
    first = g_match_info_fetch(match, 1);
    second = g_match_info_fetch(match, 2);
    n = g_ascii_strtod(first, NULL);
    all = g_ascii_strtod(second, NULL);
    return all > 0 ? MIN(1.0, n / all) : -1;
}

/* Whether a line tells of a part, and is not a row of a menu: "  9: Select and install software".
 */
static gboolean begins(const char *line, const char *words)
{
    const char *found = strstr(line, words);

    while (found && found > line && found[-1] == ' ')
        found--;
    return found && !(found - line >= 2 && found[-1] == ':' && g_ascii_isdigit(found[-2]));
}

/* How much of all the work is done after a line. Of an installer whose parts are not known it is
 * what the line itself says. */
static double overall(VdHeard *heard, const char *line, double part)
{
    double count = counted(heard, line), done;

    for (guint i = 0; i < G_N_ELEMENTS(stages); i++) {
        if (begins(line, stages[i].words))
            heard->stage = (int)i;
    }
    if (count >= 0)
        done = COUNTED_FROM + (COUNTED_TO - COUNTED_FROM) * count;
    else if (heard->stage >= 0)
        done = stages[heard->stage].from +
               (stages[heard->stage].to - stages[heard->stage].from) * MAX(part, 0.0);
    else
        return part;
    heard->done = MAX(heard->done, done);
    return heard->done;
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
    double part, done;

    g_free(heard->text);
    heard->text = g_strdup(line);
    barred = cut_bar(heard->text);
    part = percent_of(heard->text);
    further = is_further(heard, part);
    worded = has_words(heard->text);
    done = overall(heard, heard->text, part);
    if (ret_text)
        *ret_text = worded                           ? heard->text
                    : part >= 0 && heard->stage >= 0 ? stages[heard->stage].words
                                                     : NULL;
    if (ret_part)
        *ret_part = done;
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
