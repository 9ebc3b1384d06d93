/* The catalogues that come as JSON: simplestreams 1.0, and VMmanager's metadata.json. */
#include "config.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deploy/catalogue.h"

#define PRODUCT_FILES 16

/* ---- reading with care ---- */

static JsonNode *parse(const char *text, gsize length, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_autoptr(GError) why = NULL;

    if (!vd_json_is_tame(text, length)) {
        vd_error_set(error, VD_ERR_INVALID, NULL,
                     _("it is nested too deeply, or has too many values"));
        return NULL;
    }
    if (!json_parser_load_from_data(parser, text, (gssize)length, &why) ||
        !json_parser_get_root(parser)) {
        vd_error_set(error, VD_ERR_INVALID, why ? why->message : NULL, _("it is no JSON"));
        return NULL;
    }
    return json_node_ref(json_parser_get_root(parser));
}

static JsonObject *object_of(JsonNode *node)
{
    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static JsonObject *member_object(JsonObject *object, const char *name)
{
    return object ? object_of(json_object_get_member(object, name)) : NULL;
}

static const char *member_text(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    if (!node || !JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
        return NULL;
    return json_node_get_string(node);
}

/* A number, or one in quotes; FALSE if there is none from 0 to most. */
static gboolean member_size(JsonObject *object, const char *name, guint64 most, guint64 *ret)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;
    const char *text = member_text(object, name);
    gint64 value;

    *ret = 0;
    if (text)
        return g_ascii_string_to_unsigned(text, 10, 0, most, ret, NULL);
    if (!node || !JSON_NODE_HOLDS_VALUE(node))
        return FALSE;
    if (json_node_get_value_type(node) == G_TYPE_DOUBLE) {
        double number = json_node_get_double(node);

        if (!(number >= 0 && number <= (double)most))
            return FALSE;
        *ret = (guint64)number;
        return TRUE;
    }
    value = json_node_get_value_type(node) == G_TYPE_INT64 ? json_node_get_int(node) : -1;
    if (value < 0 || (guint64)value > most)
        return FALSE;
    *ret = (guint64)value;
    return TRUE;
}

/* ---- simplestreams ---- */

char **vd_streams_paths(const char *text, gsize length, GError **error)
{
    g_autoptr(JsonNode) root = parse(text, length, error);
    JsonObject *index = root ? member_object(object_of(root), "index") : NULL;
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
    JsonObjectIter iter;
    JsonNode *node = NULL;
    guint n = 0;

    if (!root)
        return NULL;
    if (!index) {
        vd_error_set(error, VD_ERR_INVALID, NULL, _("it is no index of simplestreams"));
        return NULL;
    }
    json_object_iter_init(&iter, index);
    while (json_object_iter_next(&iter, NULL, &node) && n < PRODUCT_FILES) {
        const char *path = member_text(object_of(node), "path");
        const char *kind = member_text(object_of(node), "datatype");

        if (!path || g_strcmp0(kind, "image-downloads") != 0)
            continue;
        g_strv_builder_add(paths, path);
        n++;
    }
    return g_strv_builder_end(paths);
}

static char *known_arch(const char *arch)
{
    static const struct {
        const char *theirs, *ours;
    } names[] = {{"amd64", "x86_64"}, {"arm64", "aarch64"}, {"ppc64el", "ppc64le"}};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_strcmp0(arch, names[i].theirs) == 0)
            return g_strdup(names[i].ours);
    }
    return arch ? vd_text_clean(arch, 20, FALSE) : NULL;
}

/* The disk of a version, by preference: images that boot by BIOS and UEFI come before others. */
static JsonObject *find_disk(JsonObject *version)
{
    static const char *const kinds[] = {"disk1.img",    "disk.img",  "disk.qcow2",
                                        "disk-kvm.img", "uefi1.img", NULL};
    JsonObject *items = member_object(version, "items");

    for (int i = 0; items && kinds[i]; i++) {
        JsonObjectIter iter;
        JsonNode *node = NULL;

        json_object_iter_init(&iter, items);
        while (json_object_iter_next(&iter, NULL, &node)) {
            if (g_strcmp0(member_text(object_of(node), "ftype"), kinds[i]) == 0)
                return object_of(node);
        }
    }
    return NULL;
}

/* The newest version that has a disk; *ret_serial gets its name, borrowed. */
static JsonObject *newest(JsonObject *product, const char **ret_serial)
{
    JsonObject *versions = member_object(product, "versions"), *best = NULL;
    JsonObjectIter iter;
    const char *serial = NULL;
    JsonNode *node = NULL;

    if (!versions)
        return NULL;
    json_object_iter_init(&iter, versions);
    while (json_object_iter_next(&iter, &serial, &node)) {
        JsonObject *disk = object_of(node) ? find_disk(object_of(node)) : NULL;

        if (disk && (!best || vd_revision_compare(serial, *ret_serial) > 0)) {
            best = disk;
            *ret_serial = serial;
        }
    }
    return best;
}

/* "com.ubuntu.cloud:server:22.04:amd64" → "ubuntu-server-22.04-amd64": a domain that begins it says
 * less than the system's name. */
static char *product_name(const char *id, JsonObject *product)
{
    const char *os = member_text(product, "os");
    const char *colon = strchr(id, ':');
    g_autofree char *joined = NULL;

    if (os && colon && memchr(id, '.', (gsize)(colon - id)))
        joined = g_strconcat(os, colon, NULL);
    else
        joined = g_strdup(id);
    for (char *c = joined; *c; c++)
        *c = g_ascii_tolower(*c);
    return vd_catalogue_name(joined);
}

static char *product_title(JsonObject *product)
{
    const char *os = member_text(product, "os");
    const char *release = member_text(product, "release_title");
    g_autofree char *both = NULL;

    if (!release)
        release = member_text(product, "release");
    both = g_strjoin(" ", os ? os : "", release ? release : "", NULL);
    return vd_text_clean(g_strstrip(both), 120, FALSE);
}

static void add_product(VdCatalogue *catalogue, const char *id, JsonObject *product,
                        const char *base)
{
    g_autoptr(VdOffer) offer = vd_offer_new();
    const char *serial = NULL, *path;
    JsonObject *disk = newest(product, &serial);
    const char *aliases = member_text(product, "aliases");

    if (!disk)
        return; /* a container, or installed by network alone */
    path = member_text(disk, "path");
    offer->name = product_name(id, product);
    offer->title = product_title(product);
    offer->arch = known_arch(member_text(product, "arch"));
    offer->revision = vd_text_clean(serial, 40, FALSE);
    offer->url = path ? vd_catalogue_url(base, path) : NULL;
    offer->digest_kind = g_strdup("sha256");
    offer->digest = vd_catalogue_digest("sha256", member_text(disk, "sha256"));
    offer->tags = aliases ? vd_text_clean(aliases, 200, FALSE) : NULL;
    if (!offer->url)
        vd_catalogue_leave_out(catalogue, id, _("its file is not below the index"));
    else if (!offer->digest)
        vd_catalogue_leave_out(catalogue, id, _("it has no SHA-256 digest"));
    else if (json_object_has_member(disk, "size") &&
             !member_size(disk, "size", VD_OFFER_LARGEST, &offer->file_size))
        vd_catalogue_leave_out(catalogue, id, _("its file has a size that no file has"));
    else
        vd_catalogue_add(catalogue, g_steal_pointer(&offer));
}

gboolean vd_streams_parse(VdCatalogue *catalogue, const char *text, gsize length, const char *base,
                          GError **error)
{
    g_autoptr(JsonNode) root = parse(text, length, error);
    JsonObject *top = object_of(root);
    JsonObject *products = member_object(top, "products");
    JsonObjectIter iter;
    const char *id = NULL;
    JsonNode *node = NULL;

    if (!root)
        return FALSE;
    if (!products || g_strcmp0(member_text(top, "format"), "products:1.0") != 0)
        return vd_fail(error, VD_ERR_INVALID, NULL, _("it is no list of products"));
    json_object_iter_init(&iter, products);
    while (json_object_iter_next(&iter, &id, &node)) {
        if (object_of(node))
            add_product(catalogue, id, object_of(node), base);
    }
    return TRUE;
}

/* ---- VMmanager ---- */

static char *tags_of(JsonObject *template)
{
    JsonNode *node = json_object_get_member(template, "tags");
    const char *one = member_text(template, "tags");
    g_autoptr(GString) all = g_string_new(one);
    JsonArray *array = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    for (guint i = 0; array && i < MIN(json_array_get_length(array), 20); i++) {
        JsonNode *tag = json_array_get_element(array, i);

        if (JSON_NODE_HOLDS_VALUE(tag) && json_node_get_value_type(tag) == G_TYPE_STRING)
            g_string_append_printf(all, "%s%s", all->len ? " " : "", json_node_get_string(tag));
    }
    return all->len ? vd_text_clean(all->str, 200, FALSE) : NULL;
}

/* Archives of several files are for containers and for Windows. */
static const char *fill_template(VdOffer *offer, JsonObject *template, const char *base)
{
    const char *file = member_text(template, "file_name");
    guint64 mib = 0;

    if (!file)
        return _("no file is named");
    if (strstr(file, ".tar") || g_str_has_suffix(file, ".tgz"))
        return _("its file is an archive, not a disk");
    offer->url = vd_catalogue_url(base, file);
    if (!offer->url)
        return _("its file is not below the index");
    if (json_object_has_member(template, "archive_size_mib") &&
        !member_size(template, "archive_size_mib", VD_OFFER_LARGEST >> 20, &mib))
        return _("its file has a size that no file has");
    offer->file_size = mib << 20;
    return NULL;
}

static void add_template(VdCatalogue *catalogue, JsonObject *template, const char *base)
{
    g_autoptr(VdOffer) offer = vd_offer_new();
    const char *name = member_text(template, "name");
    const char *image = member_text(template, "image_name");
    const char *date = member_text(template, "date");
    const char *why = fill_template(offer, template, base);

    if (!name && !image) {
        vd_catalogue_leave_out(catalogue, "?", _("this cannot be an image's name"));
        return;
    }
    offer->name = vd_catalogue_name(name ? name : image);
    offer->title = vd_text_clean(name ? name : image, 120, FALSE);
    offer->tags = tags_of(template);
    offer->revision = vd_text_clean(date ? date : "1", 40, FALSE);
    if (why)
        vd_catalogue_leave_out(catalogue, offer->name, why);
    else
        vd_catalogue_add(catalogue, g_steal_pointer(&offer));
}

/* Either the list itself, or an object with the list as `os`. */
gboolean vd_vmmanager_parse(VdCatalogue *catalogue, const char *text, gsize length,
                            const char *base, GError **error)
{
    g_autoptr(JsonNode) root = parse(text, length, error);
    JsonNode *list = root;

    if (!root)
        return FALSE;
    if (object_of(root))
        list = json_object_get_member(object_of(root), "os");
    if (!list || !JSON_NODE_HOLDS_ARRAY(list))
        return vd_fail(error, VD_ERR_INVALID, NULL, _("it has no list of templates"));
    for (guint i = 0; i < json_array_get_length(json_node_get_array(list)); i++) {
        JsonObject *template = object_of(json_array_get_element(json_node_get_array(list), i));

        if (template)
            add_template(catalogue, template, base);
    }
    return TRUE;
}
