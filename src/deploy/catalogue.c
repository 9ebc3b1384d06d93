/* What the readers of all three formats share. */
#include "config.h"

#include "src/deploy/catalogue.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"

#define LEFT_OUT_TOLD 20
#define JSON_DEEPEST  32
#define JSON_VALUES   1000000

VdCatalogue *vd_catalogue_new(const char *source)
{
    VdCatalogue *catalogue = g_new0(VdCatalogue, 1);

    catalogue->source = g_strdup(source);
    catalogue->offers = g_ptr_array_new_with_free_func((GDestroyNotify)vd_offer_unref);
    catalogue->highest = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    catalogue->left_out = g_ptr_array_new_with_free_func(g_free);
    return catalogue;
}

void vd_catalogue_free(VdCatalogue *catalogue)
{
    if (!catalogue)
        return;
    g_free(catalogue->source);
    g_free(catalogue->signer);
    g_ptr_array_unref(catalogue->offers);
    g_hash_table_unref(catalogue->highest);
    g_ptr_array_unref(catalogue->left_out);
    g_free(catalogue);
}

void vd_catalogue_leave_out(VdCatalogue *catalogue, const char *name, const char *why)
{
    g_autofree char *clean = vd_text_clean(name, 64, FALSE);

    catalogue->n_left_out++;
    if (catalogue->left_out->len < LEFT_OUT_TOLD)
        g_ptr_array_add(catalogue->left_out, g_strdup_printf("%s: %s", clean, why));
}

void vd_catalogue_add(VdCatalogue *catalogue, VdOffer *offer)
{
    g_autoptr(VdOffer) mine = offer;

    g_free(mine->source);
    mine->source = g_strdup(catalogue->source);
    if (!mine->name || !vd_check_vm_name(mine->name, NULL)) {
        vd_catalogue_leave_out(catalogue, mine->name ? mine->name : "?",
                               _("this cannot be an image's name"));
        return;
    }
    if (catalogue->offers->len >= VD_INDEX_OFFERS) {
        vd_catalogue_leave_out(catalogue, mine->name, _("there are too many entries"));
        return;
    }
    if (g_hash_table_contains(catalogue->highest, mine->name)) {
        vd_catalogue_leave_out(catalogue, mine->name, _("the name is there twice"));
        return;
    }
    g_hash_table_insert(catalogue->highest, g_strdup(mine->name),
                        g_strdup(mine->revision ? mine->revision : ""));
    g_ptr_array_add(catalogue->offers, g_steal_pointer(&mine));
}

/* No `%`, `?` or `#`: what the server makes of them is not known here. */
char *vd_catalogue_url(const char *base, const char *path)
{
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                               "-._~+=@,:/";
    g_auto(GStrv) parts = NULL;
    gsize length = strlen(path);

    if (length == 0 || length > 1024 || strspn(path, safe) != length || *path == '/')
        return NULL;
    parts = g_strsplit(path, "/", -1);
    /* A colon in the first part would make it a URL of its own. */
    if (strchr(parts[0], ':') && strstr(path, "//"))
        return NULL;
    for (char **part = parts; *part; part++) {
        if (!**part || g_str_equal(*part, ".") || g_str_equal(*part, ".."))
            return NULL;
    }
    return g_strconcat(base, g_str_has_suffix(base, "/") ? "" : "/", path, NULL);
}

char *vd_catalogue_digest(const char *kind, const char *text)
{
    gsize wanted = g_strcmp0(kind, "sha512") == 0 ? 128 : g_strcmp0(kind, "sha256") == 0 ? 64 : 0;
    g_autofree char *lower = text ? g_ascii_strdown(text, -1) : NULL;

    if (!lower || wanted == 0 || strlen(lower) != wanted ||
        strspn(lower, "0123456789abcdef") != wanted)
        return NULL;
    return g_steal_pointer(&lower);
}

/* The parser of JSON calls itself for each level, and makes an object of some hundred bytes of each
 * value: neither is for a stranger to decide. */
gboolean vd_json_is_tame(const char *text, gsize length)
{
    gsize depth = 0, values = 0;
    gboolean quoted = FALSE;

    for (gsize i = 0; i < length; i++) {
        char c = text[i];

        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = FALSE;
            continue;
        }
        if (c == '"')
            quoted = TRUE;
        else if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && depth > 0)
            depth--;
        if (c == '{' || c == '[' || c == ',')
            values++;
        /* Comments and other quotes, which no JSON has, could hide brackets from us. */
        if (depth > JSON_DEEPEST || values > JSON_VALUES || memchr("/#'", c, 4))
            return FALSE;
    }
    return TRUE;
}

int vd_revision_compare(const char *a, const char *b)
{
    return strverscmp(a ? a : "", b ? b : "");
}

char *vd_catalogue_name(const char *text)
{
    g_autofree char *name = g_strndup(text, 64);

    for (char *c = name; *c; c++) {
        if (!g_ascii_isalnum(*c) && !strchr("_-.+", *c))
            *c = '-';
    }
    while (*name == '-' || *name == '.')
        memmove(name, name + 1, strlen(name));
    return g_steal_pointer(&name);
}
