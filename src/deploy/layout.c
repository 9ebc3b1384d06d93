/* What the deployment wants to know of an inspection. The layout itself belongs to the guest helper
 * (doc/guest-protocol.md) and goes back to it as it came; only a few of its members are read. */
#include "config.h"

#include <json-glib/json-glib.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deploy/store.h"

/* The member of an object that is itself an object, or NULL. */
static JsonObject *object_member(JsonObject *object, const char *member)
{
    JsonNode *node = object ? json_object_get_member(object, member) : NULL;

    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

/* A member's text as it may be shown, NULL if it is missing or empty. */
static char *clean_member(JsonObject *object, const char *member)
{
    const char *text =
        object ? json_object_get_string_member_with_default(object, member, NULL) : NULL;

    return text && *text ? vd_text_clean(text, 500, FALSE) : NULL;
}

/* The texts of a list, NULL if there is no such list. The caller frees. */
static char **texts_of(JsonObject *object, const char *member)
{
    JsonNode *list = object ? json_object_get_member(object, member) : NULL;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    JsonArray *array;

    if (!list || !JSON_NODE_HOLDS_ARRAY(list))
        return NULL;
    array = json_node_get_array(list);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *text = json_array_get_element(array, i);

        if (JSON_NODE_HOLDS_VALUE(text) && json_node_get_value_type(text) == G_TYPE_STRING)
            g_strv_builder_add(builder, json_node_get_string(text));
    }
    return g_strv_builder_end(builder);
}

/* Some distributions' product is a mere number: "12.15" becomes "Debian 12.15". */
static char *name_of_system(const char *product, const char *distro)
{
    gboolean words = FALSE;

    for (const char *c = product; c && *c; c++)
        words = words || g_ascii_isalpha(*c) || (*c & 0x80);
    if (words || !distro)
        return g_strdup(product ? product : _("unknown system"));
    return g_strstrip(
        g_strdup_printf("%c%s %s", g_ascii_toupper(*distro), distro + 1, product ? product : ""));
}

static void read_system(VdImage *image, JsonObject *root, JsonObject *os)
{
    JsonObject *grow = object_member(root, "grow");
    JsonObject *customise = object_member(root, "customise");

    g_autofree char *product = clean_member(os, "product");

    image->distro = clean_member(os, "distro");
    image->os = name_of_system(product, image->distro);
    image->arch = clean_member(os, "arch");
    image->root = clean_member(root, "text");
    image->growable = grow && json_object_get_boolean_member_with_default(grow, "possible", FALSE);
    if (!image->growable)
        image->why_not = clean_member(grow, "why");
    if (!image->why_not)
        image->why_not = clean_member(customise, "why");
}

gboolean vd_image_read_layout(VdImage *image, const char *layout, const char *file, GError **error)
{
    g_autoptr(JsonNode) node = layout ? json_from_string(layout, NULL) : NULL;
    JsonObject *root = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    JsonObject *os = object_member(root, "os");
    JsonObject *reason = object_member(root, "reason");
    g_autofree char *code = clean_member(reason, "code");
    g_autofree char *message = clean_member(reason, "message");

    if (!root)
        return vd_fail(error, VD_ERR_DAMAGED, layout, _("The inspection of %s cannot be read."),
                       file);
    if (g_strcmp0(code, "truncated") == 0)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("The image is cut short: %s Copy or download it again."),
                       message ? message : "");
    if (os) {
        read_system(image, root, os);
        return TRUE;
    }
    image->growable = FALSE;
    image->why_not =
        message ? g_steal_pointer(&message) : g_strdup(_("No operating system was found in it."));
    return TRUE;
}

static JsonNode *parse(const VdImage *image)
{
    JsonNode *node = image->layout ? json_from_string(image->layout, NULL) : NULL;

    if (node && !JSON_NODE_HOLDS_OBJECT(node))
        g_clear_pointer(&node, json_node_unref);
    return node;
}

gboolean vd_image_customisable(const VdImage *image, char **ret_why)
{
    g_autoptr(JsonNode) layout = parse(image);
    JsonObject *root = layout ? json_node_get_object(layout) : NULL;
    JsonObject *customise = object_member(root, "customise");
    const char *why = NULL;

    if (customise && json_object_get_boolean_member_with_default(customise, "possible", FALSE))
        return TRUE;
    if (customise)
        why = json_object_get_string_member_with_default(customise, "why", NULL);
    if (!why)
        why = image->why_not;
    if (ret_why)
        *ret_why = g_strdup(why ? why : _("No operating system was found in it."));
    return FALSE;
}

static gboolean says(const VdImage *image, const char *word)
{
    const char *const texts[] = {image->name, image->offer, image->source};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *lower = g_ascii_strdown(texts[i] ? texts[i] : "", -1);

        if (strstr(lower, word))
            return TRUE;
    }
    return FALSE;
}

/* The appliance may be unable to read its file systems: then its name tells. */
gboolean vd_image_is_freebsd(const VdImage *image)
{
    g_autoptr(JsonNode) layout = parse(image);
    JsonObject *root = layout ? json_node_get_object(layout) : NULL;
    JsonObject *os = object_member(root, "os");
    g_autofree char *type = clean_member(os, "type");

    return os ? g_strcmp0(type, "freebsd") == 0 : says(image, "freebsd");
}

char *vd_image_reader(const VdImage *image, gboolean *ret_grows, gboolean *ret_unknown)
{
    g_autoptr(JsonNode) layout = parse(image);
    JsonObject *root = layout ? json_node_get_object(layout) : NULL;
    JsonObject *seed = object_member(root, "seed");
    g_autofree char *reader = clean_member(seed, "reader");

    *ret_unknown = !object_member(root, "os");
    *ret_grows = seed && json_object_get_boolean_member_with_default(seed, "grows", FALSE);
    /* Its images that have nuageinit are called so. */
    if (!reader && vd_image_is_freebsd(image) &&
        (says(image, "cloudinit") || says(image, "cloud-init"))) {
        *ret_grows = TRUE;
        return g_strdup("nuageinit");
    }
    return g_steal_pointer(&reader);
}

gboolean vd_image_has_login(const VdImage *image, gboolean locked)
{
    g_autoptr(JsonNode) layout = parse(image);
    JsonObject *root = layout ? json_node_get_object(layout) : NULL;
    JsonObject *logins = object_member(root, "logins");

    /* Images that were inspected before that was looked for. */
    return !logins || json_object_get_boolean_member_with_default(logins, "user", TRUE) ||
           json_object_get_boolean_member_with_default(logins, "keys", TRUE) ||
           (!locked && json_object_get_boolean_member_with_default(logins, "root", TRUE));
}

gboolean vd_image_logins_known(const VdImage *image)
{
    g_autoptr(JsonNode) layout = parse(image);
    JsonObject *root = layout ? json_node_get_object(layout) : NULL;

    return !object_member(root, "os") || object_member(root, "logins");
}

gboolean vd_image_is_system_user(const VdImage *image, const char *name)
{
    g_autoptr(JsonNode) layout = parse(image);
    JsonObject *root = layout ? json_node_get_object(layout) : NULL;
    g_auto(GStrv) names = texts_of(root, "system_users");

    return names && g_strv_contains((const char *const *)names, name);
}

gboolean vd_image_has_sudo(const VdImage *image)
{
    g_autoptr(JsonNode) layout = parse(image);
    JsonObject *root = layout ? json_node_get_object(layout) : NULL;

    return !root || json_object_get_boolean_member_with_default(root, "sudo", TRUE);
}

char **vd_image_timezones(const VdImage *image)
{
    g_autoptr(JsonNode) layout = parse(image);

    return texts_of(layout ? json_node_get_object(layout) : NULL, "timezones");
}

int vd_image_major(const VdImage *image)
{
    g_autoptr(JsonNode) layout = parse(image);
    JsonObject *root = layout ? json_node_get_object(layout) : NULL;
    JsonObject *os = object_member(root, "os");

    return os ? (int)json_object_get_int_member_with_default(os, "major", 0) : 0;
}

gboolean vd_image_needs_efi(const VdImage *image)
{
    g_autoptr(JsonNode) layout = parse(image);
    JsonObject *root = layout ? json_node_get_object(layout) : NULL;

    return root && g_strcmp0(json_object_get_string_member_with_default(root, "firmware", NULL),
                             "efi") == 0;
}

char *vd_image_root_fs(const VdImage *image)
{
    g_autoptr(JsonNode) layout = parse(image);
    JsonObject *grow = object_member(layout ? json_node_get_object(layout) : NULL, "grow");

    return clean_member(grow, "fs");
}
