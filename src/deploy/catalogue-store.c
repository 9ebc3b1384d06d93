/* What was read of catalogues, kept as <state>/catalogues/SOURCE.json: what is searched, what tells
 * that a newer image is there, and the memory of revisions that keeps an index from going back. */
#include "config.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/base/text.h"
#include "src/deploy/catalogue.h"
#include "src/deploy/spec.h"
#include "src/deploy/store.h"

#define KEPT_BYTES (64 * 1024 * 1024)

static char *kept_path(const char *source)
{
    g_autofree char *state = vd_path_state();
    g_autofree char *file = g_strconcat(source, ".json", NULL);

    return g_build_filename(state, "catalogues", file, NULL);
}

/* ---- writing ---- */

static void build_offer(JsonBuilder *builder, const VdOffer *offer)
{
    json_builder_begin_object(builder);
    vd_json_text(builder, "name", offer->name);
    vd_json_text(builder, "title", offer->title);
    vd_json_text(builder, "arch", offer->arch);
    vd_json_text(builder, "url", offer->url);
    vd_json_text(builder, "format", offer->format);
    vd_json_text(builder, "digest_kind", offer->digest_kind);
    vd_json_text(builder, "digest", offer->digest);
    vd_json_text(builder, "revision", offer->revision);
    vd_json_text(builder, "notes", offer->notes);
    vd_json_text(builder, "tags", offer->tags);
    vd_json_int(builder, "virtual_size", (gint64)offer->virtual_size);
    vd_json_int(builder, "file_size", (gint64)offer->file_size);
    json_builder_end_object(builder);
}

static char *to_json(const VdCatalogue *catalogue)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    GHashTableIter iter;
    gpointer name = NULL, revision = NULL;

    json_builder_begin_object(builder);
    vd_json_int(builder, "version", 1);
    vd_json_int(builder, "read", catalogue->read);
    vd_json_text(builder, "signer", catalogue->signer);
    json_builder_set_member_name(builder, "highest");
    json_builder_begin_object(builder);
    g_hash_table_iter_init(&iter, catalogue->highest);
    while (g_hash_table_iter_next(&iter, &name, &revision))
        vd_json_text(builder, name, revision);
    json_builder_end_object(builder);
    json_builder_set_member_name(builder, "offers");
    json_builder_begin_array(builder);
    for (guint i = 0; i < catalogue->offers->len; i++)
        build_offer(builder, g_ptr_array_index(catalogue->offers, i));
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    return json_to_string(root, FALSE);
}

gboolean vd_catalogue_save(const VdCatalogue *catalogue, GError **error)
{
    g_autofree char *path = kept_path(catalogue->source);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *text = to_json(catalogue);

    return vd_mkdirs(folder, 0755, error) && vd_file_replace(path, text, -1, 0644, error);
}

/* ---- reading ---- */

static char *text_member(JsonObject *object, const char *name)
{
    return g_strdup(json_object_get_string_member_with_default(object, name, NULL));
}

static VdOffer *read_offer(JsonObject *object, const VdCatalogue *catalogue)
{
    g_autoptr(VdOffer) offer = vd_offer_new();
    gint64 size = json_object_get_int_member_with_default(object, "virtual_size", 0);
    gint64 file = json_object_get_int_member_with_default(object, "file_size", 0);

    offer->source = g_strdup(catalogue->source);
    offer->name = text_member(object, "name");
    offer->title = text_member(object, "title");
    offer->arch = text_member(object, "arch");
    offer->url = text_member(object, "url");
    offer->format = text_member(object, "format");
    offer->digest_kind = text_member(object, "digest_kind");
    offer->digest = text_member(object, "digest");
    offer->revision = text_member(object, "revision");
    offer->notes = text_member(object, "notes");
    offer->tags = text_member(object, "tags");
    offer->virtual_size = size > 0 ? (guint64)size : 0;
    offer->file_size = file > 0 ? (guint64)file : 0;
    offer->is_signed = catalogue->signer != NULL;
    if (!offer->name || !offer->url || !offer->revision)
        return NULL;
    return g_steal_pointer(&offer);
}

static void read_highest(VdCatalogue *catalogue, JsonObject *top)
{
    JsonNode *node = json_object_get_member(top, "highest");
    JsonObjectIter iter;
    const char *name = NULL;

    if (!node || !JSON_NODE_HOLDS_OBJECT(node))
        return;
    json_object_iter_init(&iter, json_node_get_object(node));
    while (json_object_iter_next(&iter, &name, &node)) {
        if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
            g_hash_table_replace(catalogue->highest, g_strdup(name), json_node_dup_string(node));
    }
}

static void fill(VdCatalogue *catalogue, JsonObject *top)
{
    JsonNode *node = json_object_get_member(top, "offers");
    JsonArray *offers = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    catalogue->read = json_object_get_int_member_with_default(top, "read", 0);
    catalogue->signer = text_member(top, "signer");
    read_highest(catalogue, top);
    for (guint i = 0; offers && i < json_array_get_length(offers); i++) {
        JsonNode *one = json_array_get_element(offers, i);
        VdOffer *offer =
            JSON_NODE_HOLDS_OBJECT(one) ? read_offer(json_node_get_object(one), catalogue) : NULL;

        if (offer)
            g_ptr_array_add(catalogue->offers, offer);
    }
}

VdCatalogue *vd_catalogue_load(const char *source, GError **error)
{
    g_autofree char *path = kept_path(source);
    g_autoptr(VdCatalogue) catalogue = vd_catalogue_new(source);
    g_autofree char *text = NULL;
    g_autoptr(JsonNode) root = NULL;

    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        vd_error_set(error, VD_ERR_NOT_FOUND, NULL,
                     _("The catalogue %s was never read; `vmdeck image refresh` reads it."),
                     source);
        return NULL;
    }
    text = vd_file_read(path, KEPT_BYTES, NULL, error);
    if (!text)
        return NULL;
    root = json_from_string(text, NULL);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        vd_error_set(error, VD_ERR_DAMAGED, NULL,
                     _("What was kept of the catalogue %s is damaged: remove %s and refresh."),
                     source, path);
        return NULL;
    }
    fill(catalogue, json_node_get_object(root));
    return g_steal_pointer(&catalogue);
}

/* ---- going on from what was kept ---- */

gboolean vd_catalogue_follow(VdCatalogue *catalogue, const VdCatalogue *kept, GError **error)
{
    GHashTableIter iter;
    gpointer name = NULL, before = NULL;

    g_hash_table_iter_init(&iter, kept->highest);
    while (g_hash_table_iter_next(&iter, &name, &before)) {
        const char *now = g_hash_table_lookup(catalogue->highest, name);

        if (now && vd_revision_compare(now, before) < 0)
            return vd_fail(error, VD_ERR_DAMAGED, NULL,
                           _("The catalogue %s goes back: %s was there in revision %s and comes "
                             "in revision %s now. It is refused, what was known stays; if its "
                             "owner meant it, `vmdeck image refresh --accept-older` takes it."),
                           catalogue->source, (const char *)name, (const char *)before, now);
        /* One that is gone may come back: not with an older revision. */
        if (!now)
            g_hash_table_insert(catalogue->highest, g_strdup(name), g_strdup(before));
    }
    return TRUE;
}

static void mark(GPtrArray *offers, const VdImage *image)
{
    for (guint i = 0; image->source && i < offers->len; i++) {
        VdOffer *offer = g_ptr_array_index(offers, i);

        if (!g_str_equal(image->source, offer->source) || g_strcmp0(image->offer, offer->name) != 0)
            continue;
        if (vd_revision_compare(image->revision, offer->revision) >= 0)
            offer->here = TRUE;
        else
            offer->newer = TRUE;
    }
}

GPtrArray *vd_catalogue_offers(const GPtrArray *sources)
{
    GPtrArray *offers = g_ptr_array_new_with_free_func((GDestroyNotify)vd_offer_unref);
    g_auto(GStrv) names = vd_store_names(NULL);

    for (guint i = 0; sources && i < sources->len; i++) {
        const VdConfSource *source = g_ptr_array_index(sources, i);
        g_autoptr(VdCatalogue) kept = vd_catalogue_load(source->name, NULL);

        for (guint j = 0; kept && j < kept->offers->len; j++)
            g_ptr_array_add(offers, vd_offer_ref(g_ptr_array_index(kept->offers, j)));
    }
    for (gsize i = 0; names && names[i]; i++) {
        g_autoptr(VdImage) image = vd_store_load(names[i], NULL);

        if (image)
            mark(offers, image);
    }
    /* An old one beside the new one is no reason to fetch again. */
    for (guint i = 0; i < offers->len; i++) {
        VdOffer *offer = g_ptr_array_index(offers, i);

        offer->newer = offer->newer && !offer->here;
    }
    return offers;
}

/* ---- sources in a job's spec ---- */

char *vd_sources_to_json(const GPtrArray *sources)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;

    json_builder_begin_array(builder);
    for (guint i = 0; sources && i < sources->len; i++) {
        const VdConfSource *source = g_ptr_array_index(sources, i);

        json_builder_begin_object(builder);
        vd_json_text(builder, "name", source->name);
        vd_json_text(builder, "kind", source->kind);
        vd_json_text(builder, "url", source->url);
        vd_json_text(builder, "fingerprint", source->fingerprint);
        vd_json_text(builder, "keyring", source->keyring);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    root = json_builder_get_root(builder);
    return json_to_string(root, FALSE);
}

GPtrArray *vd_sources_from_json(const char *json)
{
    g_autoptr(JsonNode) root = json ? json_from_string(json, NULL) : NULL;
    GPtrArray *sources = g_ptr_array_new_with_free_func((GDestroyNotify)vd_conf_source_free);
    JsonArray *array = root && JSON_NODE_HOLDS_ARRAY(root) ? json_node_get_array(root) : NULL;

    for (guint i = 0; array && i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);
        JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
        VdConfSource *source;

        if (!object || !json_object_has_member(object, "name") ||
            !json_object_has_member(object, "url"))
            continue;
        source = g_new0(VdConfSource, 1);
        source->name = text_member(object, "name");
        source->kind = text_member(object, "kind");
        source->url = text_member(object, "url");
        source->fingerprint = text_member(object, "fingerprint");
        source->keyring = text_member(object, "keyring");
        g_ptr_array_add(sources, source);
    }
    return sources;
}
