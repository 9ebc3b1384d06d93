/* A plan as JSON: one table of members says how each is written and read, so that the two cannot
 * drift apart. And the guest helper's request, which is made of the same plan. */
#include "config.h"

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/deploy/plan.h"
#include "src/deploy/spec.h"

typedef enum { TEXT, LIST, BOOL, INT, UINT, SIZE } Kind;

typedef struct {
    const char *name;
    Kind kind;
    gsize offset;
} Member;

#define M(name, kind)                                                                              \
    {                                                                                              \
#name, kind, G_STRUCT_OFFSET(VdPlan, name)                                                 \
    }

/* It knows columns only where all lines have as many. */
/* clang-format off */
static const Member members[] = {
    M(name, TEXT),           M(title, TEXT),         M(uri, TEXT),
    M(image, TEXT),          M(sha256, TEXT),        M(image_format, TEXT),
    M(image_size, SIZE),     M(disk, SIZE),          M(whole, BOOL),
    M(overcommit, BOOL),     M(cpus, UINT),          M(memory, SIZE),
    M(pool, TEXT),           M(network, TEXT),       M(volume, TEXT),
    M(uuid, TEXT),           M(mac, TEXT),           M(grow, BOOL),
    M(customise, BOOL),      M(why_no_grow, TEXT),   M(locked, BOOL),
    M(password, BOOL),       M(user_password, BOOL), M(user, TEXT),
    M(keys, LIST),           M(hostname, TEXT),      M(timezone, TEXT),
    M(address, TEXT),        M(gateway, TEXT),       M(dns, LIST),
    M(script, BOOL),         M(start, BOOL),         M(autostart, BOOL),
    M(wait_minutes, INT),    M(reader, TEXT),        M(medium, TEXT),
    M(table, BOOL),          M(whole_later, BOOL),   M(tree, TEXT),
    M(template, TEXT),       M(kernel, TEXT),        M(initrd, TEXT),
    M(kernel_line, TEXT),    M(answer_file, TEXT),   M(cdrom, TEXT),
    M(reports, BOOL),        M(ends, INT),           M(answer_medium, BOOL),
    M(install_minutes, INT), M(elsewhere, BOOL),     M(near, BOOL),
    M(parent, TEXT),         M(raw, BOOL),           M(system, TEXT),
    M(files_pool, TEXT),     M(rbd, BOOL),
};
/* clang-format on */

/* From an image, or by an installer. */
static gboolean has_source(const VdPlan *plan)
{
    if (plan->tree)
        return plan->template && plan->kernel && plan->initrd && plan->kernel_line &&
               plan->answer_file;
    return plan->image && plan->sha256 && plan->image_format;
}

static void add_list(JsonBuilder *builder, const char *name, char *const *list)
{
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
    for (gsize i = 0; list && list[i]; i++)
        json_builder_add_string_value(builder, list[i]);
    json_builder_end_array(builder);
}

static void write_member(JsonBuilder *builder, const VdPlan *plan, const Member *member)
{
    gconstpointer field = G_STRUCT_MEMBER_P(plan, member->offset);

    switch (member->kind) {
    case TEXT:
        vd_json_text(builder, member->name, *(char *const *)field);
        break;
    case LIST:
        add_list(builder, member->name, *(char **const *)field);
        break;
    case BOOL:
        vd_json_bool(builder, member->name, *(const gboolean *)field);
        break;
    case INT:
        vd_json_int(builder, member->name, *(const int *)field);
        break;
    case UINT:
        vd_json_int(builder, member->name, *(const guint *)field);
        break;
    case SIZE:
        vd_json_int(builder, member->name, (gint64) * (const guint64 *)field);
        break;
    }
}

char *vd_plan_to_json(const VdPlan *plan)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;

    json_builder_begin_object(builder);
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
        write_member(builder, plan, &members[i]);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    return json_to_string(root, FALSE);
}

static char **read_list(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    JsonArray *array = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    for (guint i = 0; array && i < json_array_get_length(array); i++) {
        const char *text = json_node_get_string(json_array_get_element(array, i));

        if (text)
            g_strv_builder_add(builder, text);
    }
    return g_strv_builder_end(builder);
}

static void read_member(JsonObject *object, VdPlan *plan, const Member *member)
{
    gpointer field = G_STRUCT_MEMBER_P(plan, member->offset);
    gint64 number = 0;

    switch (member->kind) {
    case TEXT:
        *(char **)field =
            g_strdup(json_object_get_string_member_with_default(object, member->name, NULL));
        return;
    case LIST:
        *(char ***)field = read_list(object, member->name);
        return;
    case BOOL:
        *(gboolean *)field =
            json_object_get_boolean_member_with_default(object, member->name, FALSE);
        return;
    case INT:
    case UINT:
    case SIZE:
        number = MAX(0, json_object_get_int_member_with_default(object, member->name, 0));
    }
    if (member->kind == SIZE)
        *(guint64 *)field = (guint64)number;
    else
        *(int *)field = (int)MIN(number, G_MAXINT);
}

VdPlan *vd_plan_from_json(const char *json, GError **error)
{
    g_autoptr(JsonNode) node = json_from_string(json ? json : "", NULL);
    g_autoptr(VdPlan) plan = g_new0(VdPlan, 1);

    if (node && JSON_NODE_HOLDS_OBJECT(node)) {
        for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
            read_member(json_node_get_object(node), plan, &members[i]);
    }
    if (plan->name && has_source(plan) && plan->pool && plan->volume && plan->uuid && plan->mac &&
        plan->network && plan->disk > 0)
        return g_steal_pointer(&plan);
    vd_error_set(error, VD_ERR_DAMAGED, json, _("The plan of this job cannot be read."));
    return NULL;
}

/* ---- the guest helper's request ---- */

static const char *secret(JsonObject *secrets, const char *name)
{
    return secrets ? json_object_get_string_member_with_default(secrets, name, NULL) : NULL;
}

static void add_logins(JsonBuilder *builder, const VdPlan *plan, JsonObject *secrets)
{
    vd_json_text(builder, "root_password_hash", secret(secrets, "root"));
    if (plan->locked)
        vd_json_bool(builder, "root_locked", TRUE);
    if (!plan->user) {
        add_list(builder, "root_keys", plan->keys);
        return;
    }
    json_builder_set_member_name(builder, "users");
    json_builder_begin_array(builder);
    json_builder_begin_object(builder);
    vd_json_text(builder, "name", plan->user);
    vd_json_text(builder, "password_hash", secret(secrets, "user"));
    add_list(builder, "keys", plan->keys);
    vd_json_bool(builder, "sudo", TRUE);
    json_builder_end_object(builder);
    json_builder_end_array(builder);
}

static void add_network(JsonBuilder *builder, const VdPlan *plan)
{
    json_builder_set_member_name(builder, "network");
    json_builder_begin_object(builder);
    vd_json_text(builder, "mode", plan->address ? "static" : "dhcp");
    vd_json_text(builder, "address", plan->address);
    vd_json_text(builder, "gateway", plan->gateway);
    if (plan->address)
        add_list(builder, "dns", plan->dns);
    vd_json_text(builder, "mac", plan->mac);
    json_builder_end_object(builder);
}

static void add_customise(JsonBuilder *builder, const VdPlan *plan, JsonObject *secrets,
                          const char *marker)
{
    json_builder_set_member_name(builder, "customise");
    json_builder_begin_object(builder);
    add_logins(builder, plan, secrets);
    vd_json_text(builder, "hostname", plan->hostname);
    vd_json_text(builder, "timezone", plan->timezone);
    add_network(builder, plan);
    json_builder_set_member_name(builder, "firstboot");
    json_builder_begin_object(builder);
    vd_json_text(builder, "script", secret(secrets, "script"));
    vd_json_text(builder, "marker", marker);
    json_builder_end_object(builder);
    json_builder_end_object(builder);
}

static void add_layout(JsonBuilder *builder, const char *layout)
{
    JsonNode *what = layout ? json_from_string(layout, NULL) : NULL;

    if (!what)
        return;
    json_builder_set_member_name(builder, "layout");
    json_builder_add_value(builder, what);
}

JsonNode *vd_plan_seed_request(const VdPlan *plan, const char *request, const char *medium,
                               const char *disk, const char *layout, JsonObject *secrets)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    vd_json_text(builder, "action", "seed");
    vd_json_text(builder, "request", request);
    vd_json_text(builder, "reader", plan->reader);
    vd_json_text(builder, "medium", medium);
    vd_json_bool(builder, "grow", plan->grow);
    vd_json_int(builder, "size", (gint64)plan->disk);
    vd_json_text(builder, "disk", disk);
    vd_json_text(builder, "format", disk ? vd_plan_format(plan) : NULL);
    add_layout(builder, layout);
    add_customise(builder, plan, secrets, request);
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}

JsonNode *vd_plan_answer_request(const VdPlan *plan, const char *request, const char *medium,
                                 const char *answer)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    vd_json_text(builder, "action", "seed");
    vd_json_text(builder, "request", request);
    vd_json_text(builder, "reader", "cloud-init");
    vd_json_text(builder, "medium", medium);
    vd_json_text(builder, "user_data", answer);
    json_builder_set_member_name(builder, "customise");
    json_builder_begin_object(builder);
    vd_json_text(builder, "hostname", plan->hostname);
    json_builder_end_object(builder);
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}

JsonNode *vd_plan_prepare_request(const VdPlan *plan, const char *request, const char *disk,
                                  const char *layout, gboolean tcg, JsonObject *secrets,
                                  const char *marker)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    vd_json_text(builder, "action", "prepare");
    vd_json_text(builder, "request", request);
    vd_json_text(builder, "disk", disk);
    vd_json_text(builder, "format", vd_plan_format(plan));
    vd_json_bool(builder, "tcg", tcg);
    vd_json_bool(builder, "grow", plan->grow);
    vd_json_int(builder, "size", (gint64)plan->disk);
    add_layout(builder, layout);
    if (plan->customise)
        add_customise(builder, plan, secrets, marker);
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}

JsonNode *vd_plan_check_request(const char *request, const char *layout)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    JsonNode *what = layout ? json_from_string(layout, NULL) : NULL;

    json_builder_begin_object(builder);
    vd_json_text(builder, "action", "check");
    vd_json_text(builder, "request", request);
    if (what) {
        json_builder_set_member_name(builder, "layout");
        json_builder_add_value(builder, what);
    }
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}
