/* The words a verb takes: a small ordered table of names and values, with the checks that need no
 * host. */
#include "config.h"

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/model/args.h"
#include "src/model/names.h"

typedef struct {
    char *name, *value;
    gboolean secret;
} Arg;

struct _VdArgs {
    GPtrArray *all; /* Arg, in the order given */
};

static void arg_free(Arg *arg)
{
    g_free(arg->name);
    if (arg->secret)
        vd_secret_free(arg->value);
    else
        g_free(arg->value);
    g_free(arg);
}

VdArgs *vd_args_new(void)
{
    VdArgs *args = g_new0(VdArgs, 1);
    args->all = g_ptr_array_new_with_free_func((GDestroyNotify)arg_free);
    return args;
}

static void add(VdArgs *args, const char *name, const char *value, gboolean secret)
{
    Arg *arg = g_new0(Arg, 1);
    arg->name = g_strdup(name);
    arg->value = g_strdup(value);
    arg->secret = secret;
    g_ptr_array_add(args->all, arg);
}

VdArgs *vd_args_copy(const VdArgs *args)
{
    VdArgs *copy = vd_args_new();
    for (guint i = 0; args && i < args->all->len; i++) {
        const Arg *arg = g_ptr_array_index(args->all, i);
        add(copy, arg->name, arg->value, arg->secret);
    }
    return copy;
}

void vd_args_free(VdArgs *args)
{
    if (!args)
        return;
    g_ptr_array_unref(args->all);
    g_free(args);
}

static void remove_all(VdArgs *args, const char *name)
{
    for (guint i = args->all->len; i > 0; i--) {
        const Arg *arg = g_ptr_array_index(args->all, i - 1);
        if (strcmp(arg->name, name) == 0)
            g_ptr_array_remove_index(args->all, i - 1);
    }
}

void vd_args_set(VdArgs *args, const char *name, const char *value)
{
    remove_all(args, name);
    if (value)
        add(args, name, value, FALSE);
}

void vd_args_add(VdArgs *args, const char *name, const char *value)
{
    add(args, name, value, FALSE);
}

void vd_args_set_secret(VdArgs *args, const char *name, const char *value)
{
    remove_all(args, name);
    if (value)
        add(args, name, value, TRUE);
}

const char *vd_args_get(const VdArgs *args, const char *name)
{
    for (guint i = 0; args && i < args->all->len; i++) {
        const Arg *arg = g_ptr_array_index(args->all, i);
        if (strcmp(arg->name, name) == 0)
            return arg->value;
    }
    return NULL;
}

char **vd_args_all(const VdArgs *args, const char *name)
{
    GStrvBuilder *values = g_strv_builder_new();
    for (guint i = 0; args && i < args->all->len; i++) {
        const Arg *arg = g_ptr_array_index(args->all, i);
        if (strcmp(arg->name, name) == 0)
            g_strv_builder_add(values, arg->value);
    }
    char **all = g_strv_builder_end(values);
    g_strv_builder_unref(values);
    return all;
}

gboolean vd_args_flag(const VdArgs *args, const char *name)
{
    const char *value = vd_args_get(args, name);
    return value && strcmp(value, "false") != 0 && strcmp(value, "no") != 0;
}

gint64 vd_args_int(const VdArgs *args, const char *name, gint64 otherwise)
{
    const char *value = vd_args_get(args, name);
    gint64 number = otherwise;
    if (value && g_ascii_string_to_signed(value, 10, G_MININT64, G_MAXINT64, &number, NULL))
        return number;
    return otherwise;
}

guint64 vd_args_size(const VdArgs *args, const char *name, guint64 otherwise)
{
    const char *value = vd_args_get(args, name);
    guint64 size = otherwise;
    if (value && vd_parse_size(value, &size, NULL))
        return size;
    return otherwise;
}

static gboolean check_int(const VdArgSpec *spec, const char *value, GError **error)
{
    gint64 number = 0;
    gboolean bounded = spec->min != 0 || spec->max != 0;
    if (g_ascii_string_to_signed(value, 10, bounded ? spec->min : G_MININT64,
                                 bounded ? spec->max : G_MAXINT64, &number, NULL))
        return TRUE;
    if (bounded)
        return vd_fail(error, VD_ERR_INVALID, NULL, _("expected a number from %lld to %lld"),
                       (long long)spec->min, (long long)spec->max);
    return vd_fail(error, VD_ERR_INVALID, NULL, _("expected a whole number"));
}

static gboolean check_size(const VdArgSpec *spec, const char *value, GError **error)
{
    guint64 size = 0;
    if (!vd_parse_size(value, &size, error))
        return FALSE;
    if ((spec->min == 0 && spec->max == 0) ||
        (size >= (guint64)spec->min && size <= (guint64)spec->max))
        return TRUE;
    if (value[strspn(value, "0123456789")] == '\0')
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("“%s” has no unit and would be bytes; expected a size such as 20G or "
                         "512M"),
                       value);
    g_autofree char *least = vd_format_size((guint64)spec->min);
    g_autofree char *most = vd_format_size((guint64)spec->max);
    return vd_fail(error, VD_ERR_INVALID, NULL, _("expected a size from %s to %s"), least, most);
}

static gboolean check_choice(const VdArgSpec *spec, const char *value, GError **error)
{
    if (g_strv_contains(spec->choices, value))
        return TRUE;
    g_autofree char *all = g_strjoinv(", ", (char **)spec->choices);
    return vd_fail(error, VD_ERR_INVALID, NULL, _("expected one of: %s"), all);
}

/* With a prefix length ("192.0.2.7/24"), which must be there, or without. */
static gboolean check_address(const char *value, gboolean prefix, GError **error)
{
    /* A zone ("fe80::1%eth0") means nothing on another machine. */
    gboolean plain = value[strspn(value, "0123456789abcdefABCDEF:./")] == '\0';
    g_auto(GStrv) parts = g_strsplit(value, "/", 3);
    g_autoptr(GInetAddress) address =
        plain && parts[0] ? g_inet_address_new_from_string(parts[0]) : NULL;
    if (!address || (prefix ? g_strv_length(parts) != 2 : g_strv_length(parts) != 1))
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       prefix ? _("expected an address such as 192.0.2.7/24")
                              : _("expected an address such as 192.0.2.1"));
    guint64 bits = 0;
    guint64 most = (guint64)g_inet_address_get_native_size(address) * 8;
    if (prefix && !g_ascii_string_to_unsigned(parts[1], 10, 1, most, &bits, NULL))
        return vd_fail(error, VD_ERR_INVALID, NULL, _("expected a prefix length from 1 to %u"),
                       (guint)most);
    return TRUE;
}

static gboolean check_names(const char *value, GError **error)
{
    g_auto(GStrv) names = NULL;
    if (strlen(value) > 4096)
        return vd_fail(error, VD_ERR_INVALID, NULL, _("expected a name or a pattern of names"));
    names = vd_names_expand(value, VD_NAMES_MOST, error);
    if (!names)
        return FALSE;
    for (char **name = names; *name; name++)
        if (!vd_check_vm_name(*name, error))
            return FALSE;
    return TRUE;
}

gboolean vd_arg_check(const VdArgSpec *spec, const char *value, GError **error)
{
    switch (spec->type) {
    case VD_ARG_FLAG:
        return TRUE;
    case VD_ARG_INT:
        return check_int(spec, value, error);
    case VD_ARG_SIZE:
        return check_size(spec, value, error);
    case VD_ARG_CHOICE:
        return check_choice(spec, value, error);
    case VD_ARG_NAME:
    case VD_ARG_IMAGE:
    case VD_ARG_TEMPLATE:
        return vd_check_vm_name(value, error);
    case VD_ARG_NAMES:
        return check_names(value, error);
    case VD_ARG_HOSTNAME:
        return vd_check_hostname(value, error);
    case VD_ARG_TIMEZONE:
        return vd_check_timezone(value, error);
    case VD_ARG_SECRET:
        return vd_check_password(value, error);
    case VD_ARG_ADDRESS:
        return check_address(value, TRUE, error);
    case VD_ARG_IP:
        return check_address(value, FALSE, error);
    default:
        if (!*value || strlen(value) > 65536 || !g_utf8_validate(value, -1, NULL))
            return vd_fail(error, VD_ERR_INVALID, NULL, _("expected some text"));
        return TRUE;
    }
}

static const VdArgSpec *find_spec(const VdArgSpec *specs, const char *name)
{
    for (; specs && specs->name; specs++)
        if (strcmp(specs->name, name) == 0)
            return specs;
    return NULL;
}

static gboolean listed_before(const VdArgs *args, guint index)
{
    const Arg *arg = g_ptr_array_index(args->all, index);
    for (guint i = 0; i < index; i++)
        if (strcmp(((const Arg *)g_ptr_array_index(args->all, i))->name, arg->name) == 0)
            return TRUE;
    return FALSE;
}

gboolean vd_args_check(VdArgs *args, const VdArgSpec *specs, GError **error)
{
    for (const VdArgSpec *spec = specs; spec && spec->name; spec++) {
        if (vd_args_get(args, spec->name))
            continue;
        if (spec->value)
            add(args, spec->name, spec->value, FALSE);
        else if (spec->required)
            return vd_fail(error, VD_ERR_USAGE, NULL, _("%s is missing"), spec->name);
    }
    for (guint i = 0; i < args->all->len; i++) {
        const Arg *arg = g_ptr_array_index(args->all, i);
        const VdArgSpec *spec = find_spec(specs, arg->name);
        if (!spec)
            return vd_fail(error, VD_ERR_USAGE, NULL, _("%s is not known here"), arg->name);
        if (!spec->many && listed_before(args, i))
            return vd_fail(error, VD_ERR_USAGE, NULL, _("%s was given more than once"), arg->name);
        g_autoptr(GError) why = NULL;
        if (!vd_arg_check(spec, arg->value, &why))
            return vd_fail(error, VD_ERR_INVALID, NULL, "%s: %s", spec->name, why->message);
    }
    return TRUE;
}

/* In addresses; they are refused, but what was asked for is told all the same. */
static void mask_passwords(char **values)
{
    for (; *values; values++) {
        char *masked = vd_text_mask_password(*values);
        g_free(*values);
        *values = masked;
    }
}

char *vd_args_to_json(const VdArgs *args)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    for (guint i = 0; args && i < args->all->len; i++) {
        const Arg *arg = g_ptr_array_index(args->all, i);
        if (listed_before(args, i))
            continue;
        json_builder_set_member_name(builder, arg->name);
        if (arg->secret) {
            json_builder_add_null_value(builder);
            continue;
        }
        g_auto(GStrv) values = vd_args_all(args, arg->name);
        mask_passwords(values);
        if (g_strv_length(values) == 1) {
            json_builder_add_string_value(builder, values[0]);
            continue;
        }
        json_builder_begin_array(builder);
        for (char **value = values; *value; value++)
            json_builder_add_string_value(builder, *value);
        json_builder_end_array(builder);
    }
    json_builder_end_object(builder);
    g_autoptr(JsonNode) node = json_builder_get_root(builder);
    return json_to_string(node, FALSE);
}

static void take_values(VdArgs *args, const char *name, JsonNode *node)
{
    JsonArray *list = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    guint n = list ? json_array_get_length(list) : 1;
    for (guint i = 0; i < n; i++) {
        JsonNode *value = list ? json_array_get_element(list, i) : node;
        if (JSON_NODE_HOLDS_VALUE(value) && json_node_get_value_type(value) == G_TYPE_STRING)
            vd_args_add(args, name, json_node_get_string(value));
    }
}

VdArgs *vd_args_from_json(const char *json, char ***ret_secrets)
{
    VdArgs *args = vd_args_new();
    g_autoptr(GStrvBuilder) secrets = g_strv_builder_new();
    g_autoptr(JsonNode) root = json ? json_from_string(json, NULL) : NULL;
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;
    if (root && JSON_NODE_HOLDS_OBJECT(root)) {
        json_object_iter_init(&iter, json_node_get_object(root));
        while (json_object_iter_next(&iter, &name, &node)) {
            if (JSON_NODE_HOLDS_NULL(node))
                g_strv_builder_add(secrets, name);
            else
                take_values(args, name, node);
        }
    }
    if (ret_secrets)
        *ret_secrets = g_strv_builder_end(secrets);
    return args;
}
