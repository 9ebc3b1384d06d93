/* json-glib's getters complain on standard error and carry on when a member has another type, so
 * each member is looked at as a node first. */
#include "config.h"

#include "src/guest/take.h"

#include <string.h>

#include "src/base/i18n.h"

JsonObject *vd_take_parse(const char *text, gssize length, VdGuestCode code, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_autoptr(GError) why = NULL;
    gsize size = length < 0 ? strlen(text) : (gsize)length;
    if (memchr(text, 0, size)) {
        vd_guest_fail(error, code, NULL, _("The request holds a NUL byte."));
        return NULL;
    }
    if (!json_parser_load_from_data(parser, text, (gssize)size, &why)) {
        vd_guest_fail(error, code, why->message, _("The request is not JSON."));
        return NULL;
    }
    JsonNode *root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        vd_guest_fail(error, code, NULL, _("The request is not a JSON object."));
        return NULL;
    }
    return json_object_ref(json_node_get_object(root));
}

void vd_take_mistake(VdTake *take, const char *key, const char *expected)
{
    if (take->failed)
        return;
    take->failed = TRUE;
    /* TRANSLATORS: "size" is not a whole number. */
    vd_guest_fail(take->error, take->code, NULL, _("“%s” is not %s."), key, expected);
}

gboolean vd_has_control(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if (*at < 0x20 || *at == 0x7f)
            return TRUE;
    return FALSE;
}

/* The member, NULL if there is nothing to take. */
static JsonNode *member(VdTake *take, const char *key)
{
    if (take->failed || !take->object)
        return NULL;
    JsonNode *node = json_object_get_member(take->object, key);
    return node && !JSON_NODE_HOLDS_NULL(node) ? node : NULL;
}

static const char *node_text(JsonNode *node)
{
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
        return NULL;
    return json_node_get_string(node);
}

char *vd_take_string(VdTake *take, const char *key, gsize max)
{
    JsonNode *node = member(take, key);
    if (!node)
        return NULL;
    const char *text = node_text(node);
    if (!text || strlen(text) > max || !g_utf8_validate(text, -1, NULL)) {
        vd_take_mistake(take, key, _("text of a fitting length"));
        return NULL;
    }
    return g_strdup(text);
}

char *vd_take_word(VdTake *take, const char *key, gsize max)
{
    g_autofree char *text = vd_take_string(take, key, max);
    if (!text || !*text || vd_has_control(text)) {
        vd_take_mistake(take, key, _("a line of text"));
        return NULL;
    }
    return g_steal_pointer(&text);
}

gboolean vd_take_bool(VdTake *take, const char *key)
{
    JsonNode *node = member(take, key);
    if (!node)
        return FALSE;
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_BOOLEAN) {
        vd_take_mistake(take, key, _("true or false"));
        return FALSE;
    }
    return json_node_get_boolean(node);
}

gint64 vd_take_int(VdTake *take, const char *key, gint64 min, gint64 max)
{
    JsonNode *node = member(take, key);
    if (!node)
        return min;
    gint64 value = 0;
    gboolean right = JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64;
    if (right)
        value = json_node_get_int(node);
    if (!right || value < min || value > max) {
        vd_take_mistake(take, key, _("a whole number in its bounds"));
        return min;
    }
    return value;
}

JsonObject *vd_take_object(VdTake *take, const char *key)
{
    JsonNode *node = member(take, key);
    if (!node)
        return NULL;
    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        vd_take_mistake(take, key, _("an object"));
        return NULL;
    }
    return json_node_get_object(node);
}

JsonArray *vd_take_array(VdTake *take, const char *key, guint max)
{
    JsonNode *node = member(take, key);
    if (!node)
        return NULL;
    if (!JSON_NODE_HOLDS_ARRAY(node) || json_array_get_length(json_node_get_array(node)) > max) {
        vd_take_mistake(take, key, _("an array of a fitting length"));
        return NULL;
    }
    return json_node_get_array(node);
}

GPtrArray *vd_take_lines(VdTake *take, const char *key, guint max, gsize bytes)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    JsonArray *array = vd_take_array(take, key, max);
    guint n = array ? json_array_get_length(array) : 0;
    for (guint i = 0; i < n; i++) {
        const char *text = node_text(json_array_get_element(array, i));
        if (!text || !*text || strlen(text) > bytes || vd_has_control(text) ||
            !g_utf8_validate(text, -1, NULL)) {
            vd_take_mistake(take, key, _("a list of lines of text"));
            break;
        }
        g_ptr_array_add(lines, g_strdup(text));
    }
    return lines;
}

JsonObject *vd_take_element(VdTake *take, JsonArray *array, guint i, const char *key)
{
    JsonNode *node = take->failed ? NULL : json_array_get_element(array, i);
    if (!node || !JSON_NODE_HOLDS_OBJECT(node)) {
        vd_take_mistake(take, key, _("a list of objects"));
        return NULL;
    }
    return json_node_get_object(node);
}
