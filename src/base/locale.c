/* See locale.h. Nothing is remembered: what is missing can be asked at any time. */
#include "config.h"

#include "src/base/locale.h"

#include <locale.h>
#include <string.h>

static const struct {
    const char *name;
    int category, mask;
} categories[] = {
    {"LC_CTYPE", LC_CTYPE, LC_CTYPE_MASK},       {"LC_MESSAGES", LC_MESSAGES, LC_MESSAGES_MASK},
    {"LC_COLLATE", LC_COLLATE, LC_COLLATE_MASK}, {"LC_TIME", LC_TIME, LC_TIME_MASK},
    {"LC_NUMERIC", LC_NUMERIC, LC_NUMERIC_MASK},
};

/* What locale(7) says the environment asks for; NULL: nothing. */
static const char *asked(const char *category)
{
    const char *const names[] = {"LC_ALL", category, "LANG"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *value = g_getenv(names[i]);
        if (value && *value)
            return value;
    }
    return NULL;
}

static gboolean says_utf8(const char *name)
{
    const char *codeset = name ? strchr(name, '.') : NULL;
    if (!codeset)
        return FALSE;
    g_autofree char *word = g_strndup(codeset + 1, strcspn(codeset + 1, "@"));
    return g_ascii_strcasecmp(word, "UTF-8") == 0 || g_ascii_strcasecmp(word, "UTF8") == 0;
}

void vd_locale_start(void)
{
    if (setlocale(LC_ALL, ""))
        return;
    for (guint i = 0; i < G_N_ELEMENTS(categories); i++)
        (void)setlocale(categories[i].category, "");
    if (says_utf8(asked("LC_CTYPE")) && !setlocale(LC_CTYPE, ""))
        (void)setlocale(LC_CTYPE, "C.UTF-8");
}

const char *vd_locale_missing(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(categories); i++) {
        const char *name = asked(categories[i].name);
        locale_t there = name ? newlocale(categories[i].mask, name, (locale_t)0) : (locale_t)0;
        if (name && there == (locale_t)0)
            return name;
        if (there != (locale_t)0)
            freelocale(there);
    }
    return NULL;
}
