/* The index that is published, as text. Pure. */
#include "config.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "src/base/text.h"
#include "src/deploy/publish.h"

/* Where the section of that name begins and ends in text; FALSE if there is none. */
static gboolean find_section(const char *text, const char *name, gsize *ret_from, gsize *ret_to)
{
    g_autofree char *head = g_strdup_printf("[%s]", name);
    gboolean inside = FALSE;
    gsize at = 0;

    while (text[at]) {
        gsize length = strcspn(text + at, "\n");
        gboolean mine = length >= strlen(head) && strncmp(text + at, head, strlen(head)) == 0;

        if (inside && text[at] == '[') {
            *ret_to = at;
            return TRUE;
        }
        if (mine && !inside) {
            inside = TRUE;
            *ret_from = at;
        }
        at += length + (text[at + length] ? 1 : 0);
    }
    *ret_to = at;
    return inside;
}

char *vd_index_section(const char *text, const char *name)
{
    gsize from = 0, to = 0;

    return find_section(text, name, &from, &to) ? g_strndup(text + from, to - from) : NULL;
}

char *vd_index_replace(const char *text, const char *name, const char *section)
{
    gsize from = 0, to = 0;
    g_autofree char *head = NULL;

    if (!find_section(text, name, &from, &to))
        return g_strconcat(text, *text ? "\n" : "", section, NULL);
    head = g_strndup(text, from);
    return g_strconcat(head, section, text[to] ? "\n" : "", text + to, NULL);
}

/* A value on one line, as it was before any of its own line ends. */
static void field(GString *out, const char *key, const char *value)
{
    g_autofree char *clean = value ? vd_text_clean(value, 400, FALSE) : NULL;

    if (clean && *clean)
        g_string_append_printf(out, "%s=%s\n", key, clean);
}

static void add_growth(GString *out, JsonObject *layout)
{
    JsonNode *node = json_object_get_member(layout, "grow");
    JsonObject *grow = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    gint64 partition = grow ? json_object_get_int_member_with_default(grow, "partition", 0) : 0;
    const char *vg = grow ? json_object_get_string_member_with_default(grow, "vg", NULL) : NULL;
    const char *lv = grow ? json_object_get_string_member_with_default(grow, "lv", NULL) : NULL;

    if (partition > 0)
        g_string_append_printf(out, "expand=/dev/sda%" G_GINT64_FORMAT "\n", partition);
    if (vg && lv)
        g_string_append_printf(out, "lvexpand=/dev/%s/%s\n", vg, lv);
}

char *vd_index_entry(const VdImage *image, const char *file, const char *revision,
                     const char *sha512, guint64 compressed)
{
    g_autoptr(JsonNode) root = image->layout ? json_from_string(image->layout, NULL) : NULL;
    JsonObject *layout = root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
    JsonNode *os_node = layout ? json_object_get_member(layout, "os") : NULL;
    JsonObject *os =
        os_node && JSON_NODE_HOLDS_OBJECT(os_node) ? json_node_get_object(os_node) : NULL;
    g_autoptr(GString) out = g_string_new(NULL);

    g_string_append_printf(out, "[%s]\n", image->name);
    field(out, "name", image->notes ? image->notes : image->os ? image->os : image->name);
    if (os)
        field(out, "osinfo", json_object_get_string_member_with_default(os, "osinfo", NULL));
    field(out, "arch", image->arch ? image->arch : "x86_64");
    field(out, "file", file);
    field(out, "revision", revision);
    field(out, "checksum[sha512]", sha512);
    field(out, "format", image->format);
    g_string_append_printf(out, "size=%" G_GUINT64_FORMAT "\n", image->virtual_size);
    g_string_append_printf(out, "compressed_size=%" G_GUINT64_FORMAT "\n", compressed);
    if (layout)
        add_growth(out, layout);
    field(out, "notes", image->os && image->notes ? image->os : NULL);
    field(out, "aliases", image->tags);
    g_string_append_printf(out, VD_INDEX_REMARK "%s\n", image->sha256);
    return g_string_free(g_steal_pointer(&out), FALSE);
}
