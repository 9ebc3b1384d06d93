/* The filter is parsed once into terms, so that ten thousand machines can be asked within a few
 * milliseconds, at every key. Letters are compared without case: ASCII by the C library, others
 * folded. */
#include "config.h"

#include "ui/filter.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"

typedef enum { ANY, NAME, STATE, HOST, ADDRESS, CPU, MEM, DISK, NET } Field;

typedef struct {
    Field field;
    gboolean inverted, above; /* above: `>` */
    double number;
    char *text;   /* of the fields that hold text */
    char *folded; /* case-folded, if text is more than ASCII, else NULL */
} Term;

struct _VdFilter {
    GArray *terms;
    char *problem; /* or NULL */
};

static const struct {
    const char *name;
    Field field;
    char operator; /* ':' or '>' for both < and > */
} fields[] = {
    {"name", NAME, ':'}, {"state", STATE, ':'}, {"host", HOST, ':'}, {"ip", ADDRESS, ':'},
    {"cpu", CPU, '>'},   {"mem", MEM, '>'},     {"disk", DISK, '>'}, {"net", NET, '>'},
};

/* In the order in which they are told. */
static const char *const states[] = {N_("running"), N_("off"),    N_("paused"), N_("saved"),
                                     N_("crashed"), N_("asleep"), N_("stuck"),  N_("unknown")};

static void term_clear(gpointer data)
{
    Term *term = data;
    g_free(term->text);
    g_free(term->folded);
}

static gboolean parse_number(Term *term, const char *text)
{
    char *end = NULL;
    if (term->field == CPU || term->field == MEM) {
        term->number = g_ascii_strtod(text, &end);
        return end != text && (*end == '\0' || strcmp(end, "%") == 0);
    }
    guint64 bytes = 0;
    if (!vd_parse_size(text, &bytes, NULL))
        return FALSE;
    term->number = (double)bytes;
    return TRUE;
}

static void complain(VdFilter *filter, char *text)
{
    if (filter->problem) /* one at a time */
        g_free(text);
    else
        filter->problem = text;
}

/* A word such as "cpu:50" or "sate:off", which is no field's, is looked for as it stands. */
static void complain_of_word(VdFilter *filter, const char *word)
{
    gsize length = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    g_autofree char *name = g_ascii_strdown(word, (gssize)length);
    if (length == 0 || !word[length] || !strchr(":<>", word[length]) || !word[length + 1])
        return;
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (strcmp(fields[i].name, name) != 0)
            continue;
        if (fields[i].operator== ':')
            /* TRANSLATORS: a field of the filter, twice: "state takes a colon: state:…" */
            complain(filter, g_strdup_printf(_("%s takes a colon: %s:…"), name, name));
        else
            /* TRANSLATORS: a field of the filter, three times: "cpu takes > or <: cpu>…" */
            complain(filter, g_strdup_printf(_("%s takes > or <: %s>… %s<…"), name, name, name));
        return;
    }
    complain(filter, g_strdup_printf(_("no field is called %s: there are name, state, host, ip, "
                                       "cpu, mem, disk and net"),
                                     name));
}

static void complain_of_number(VdFilter *filter, const Term *term, const char *name)
{
    if (term->field == CPU || term->field == MEM)
        complain(filter, g_strdup_printf(_("%s needs a number of per cent: %s>50"), name, name));
    else
        complain(filter,
                 g_strdup_printf(_("%s needs bytes a second: %s>10M or %s>0"), name, name, name));
}

/* FALSE: no such field, so the word is a plain one. *ret_skip: a field whose value is not typed
 * yet, or makes no sense. */
static gboolean parse_field(VdFilter *filter, Term *term, const char *word, gboolean *ret_skip)
{
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
        gsize length = strlen(fields[i].name);
        if (g_ascii_strncasecmp(word, fields[i].name, length) != 0)
            continue;
        char sign = word[length];
        const char *value = word + length + (sign ? 1 : 0);
        gboolean compares = sign == '>' || sign == '<';
        if (fields[i].operator== ':' ? sign != ':' : !compares)
            continue;
        term->field = fields[i].field;
        term->above = sign == '>';
        *ret_skip = *value == '\0';
        if (!compares) {
            term->text = g_strdup(value);
        } else if (!*ret_skip && !parse_number(term, value)) {
            *ret_skip = TRUE;
            complain_of_number(filter, term, fields[i].name);
        }
        return TRUE;
    }
    complain_of_word(filter, word);
    return FALSE;
}

static gboolean begins(const Term *term, const char *text);

/* What a machine's state is called, and while something is done with it. */
static gboolean is_state(const Term *term)
{
    static const char *const passing[] = {N_("starting…"),  N_("stopping…"),  N_("powering off…"),
                                          N_("rebooting…"), N_("resetting…"), N_("suspending…"),
                                          N_("resuming…"),  N_("saving…"),    N_("restoring…"),
                                          N_("renaming…"),  N_("deleting…")};
    for (guint i = 0; i < G_N_ELEMENTS(states); i++)
        if (begins(term, states[i]) || begins(term, _(states[i])))
            return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(passing); i++)
        if (begins(term, passing[i]) || begins(term, _(passing[i])))
            return TRUE;
    return FALSE;
}

static void complain_of_state(VdFilter *filter, const Term *term)
{
    g_autoptr(GString) all = g_string_new(NULL);
    g_autofree char *clean = vd_text_clean(term->text, 20, FALSE);
    for (guint i = 0; i < G_N_ELEMENTS(states); i++)
        g_string_append_printf(all, "%s%s", i ? ", " : "", _(states[i]));
    complain(filter, g_strdup_printf(_("no state “%s”: %s"), clean, all->str));
}

VdFilter *vd_filter_new(const char *text)
{
    VdFilter *filter = g_new0(VdFilter, 1);
    filter->terms = g_array_new(FALSE, FALSE, sizeof(Term));
    g_array_set_clear_func(filter->terms, term_clear);
    g_auto(GStrv) words = g_strsplit_set(text ? text : "", " \t", -1);
    for (guint i = 0; words[i]; i++) {
        Term term = {.inverted = words[i][0] == '!'};
        const char *word = words[i] + (term.inverted ? 1 : 0);
        gboolean skip = *word == '\0';
        if (!skip && !parse_field(filter, &term, word, &skip))
            term.text = g_strdup(word);
        if (skip) {
            term_clear(&term);
            continue;
        }
        if (term.text && !g_str_is_ascii(term.text))
            term.folded = g_utf8_casefold(term.text, -1);
        if (term.field == STATE && !is_state(&term))
            complain_of_state(filter, &term);
        g_array_append_val(filter->terms, term);
    }
    return filter;
}

void vd_filter_free(VdFilter *filter)
{
    if (!filter)
        return;
    g_array_unref(filter->terms);
    g_free(filter->problem);
    g_free(filter);
}

const char *vd_filter_problem(const VdFilter *filter)
{
    return filter->problem;
}

gboolean vd_filter_empty(const VdFilter *filter)
{
    return filter->terms->len == 0;
}

static gboolean contains(const Term *term, const char *text)
{
    if (!text)
        return FALSE;
    if (!term->folded)
        return strcasestr(text, term->text) != NULL;
    g_autofree char *folded = g_utf8_casefold(text, -1);
    return strstr(folded, term->folded) != NULL;
}

static gboolean begins(const Term *term, const char *text)
{
    if (!text)
        return FALSE;
    if (!term->folded)
        return g_ascii_strncasecmp(text, term->text, strlen(term->text)) == 0;
    g_autofree char *folded = g_utf8_casefold(text, -1);
    return g_str_has_prefix(folded, term->folded);
}

/* The words of the field, and what the screen says in the user's language. */
static gboolean state_fits(const Term *term, const VdVm *vm)
{
    const char *word = vd_vm_word(vm);
    const char *state = vd_vm_state_word(vm->state);
    return begins(term, word) || begins(term, _(word)) || begins(term, state);
}

static gboolean compare(const Term *term, double value)
{
    if (value < 0)
        return FALSE;
    return term->above ? value > term->number : value < term->number;
}

static double sum(double a, double b)
{
    return a < 0 && b < 0 ? VD_NONE : MAX(a, 0.0) + MAX(b, 0.0);
}

static gboolean term_fits(const Term *term, const VdHost *host, const VdVm *vm)
{
    const VdFigures *now = &vm->now;
    switch (term->field) {
    case ANY:
        return contains(term, vm->name) || contains(term, vm->title) || contains(term, vm->address);
    case NAME:
        return contains(term, vm->name);
    case STATE:
        return state_fits(term, vm);
    case HOST:
        return contains(term, host->id);
    case ADDRESS:
        return contains(term, vm->address);
    case CPU:
        return compare(term, now->cpu);
    case MEM:
        return compare(term, now->mem_total > 0 ? now->mem_used * 100.0 / now->mem_total : VD_NONE);
    case DISK:
        return compare(term, sum(now->disk_read, now->disk_write));
    case NET:
    default:
        return compare(term, sum(now->net_rx, now->net_tx));
    }
}

guint vd_filter_groups(const VdFilter *filter)
{
    static const guint groups[] = {
        [CPU] = VD_GROUP_CPU, [MEM] = VD_GROUP_MEM, [DISK] = VD_GROUP_DISK, [NET] = VD_GROUP_NET};
    guint all = 0;
    for (guint i = 0; i < filter->terms->len; i++)
        all |= groups[g_array_index(filter->terms, Term, i).field];
    return all;
}

gboolean vd_filter_fits(const VdFilter *filter, const VdHost *host, const VdVm *vm)
{
    for (guint i = 0; i < filter->terms->len; i++) {
        const Term *term = &g_array_index(filter->terms, Term, i);
        if (term_fits(term, host, vm) == term->inverted)
            return FALSE;
    }
    return TRUE;
}

gboolean vd_filter_fits_host(const VdFilter *filter, const VdHost *host)
{
    for (guint i = 0; i < filter->terms->len; i++) {
        const Term *term = &g_array_index(filter->terms, Term, i);
        if ((term->field != ANY && term->field != HOST) ||
            contains(term, host->id) == term->inverted)
            return FALSE;
    }
    return TRUE;
}
