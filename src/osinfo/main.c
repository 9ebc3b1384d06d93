/* vmdeck-osinfo: what libosinfo's database knows of operating systems, as one JSON object on the
 * standard output. A program of its own, so that nobody else loads the library and all that it
 * stands on; loading the database takes about a second and some ten megabytes, which are gone when
 * it ends. src/deploy/systems.c reads what it prints. */
#include "config.h"

#include <stdio.h>

#include <json-glib/json-glib.h>
#include <osinfo/osinfo.h>

/* A member; none of a text that is not there. */
static void put(JsonBuilder *out, const char *member, const char *text)
{
    if (!text)
        return;
    json_builder_set_member_name(out, member);
    json_builder_add_string_value(out, text);
}

static void put_bytes(JsonBuilder *out, const char *member, gint64 bytes)
{
    if (bytes <= 0) /* -1: not told */
        return;
    json_builder_set_member_name(out, member);
    json_builder_add_int_value(out, bytes);
}

static void put_trees(JsonBuilder *out, OsinfoOs *os)
{
    g_autoptr(OsinfoTreeList) trees = osinfo_os_get_tree_list(os);
    gint n = osinfo_list_get_length(OSINFO_LIST(trees));

    json_builder_set_member_name(out, "trees");
    json_builder_begin_array(out);
    for (gint i = 0; i < n; i++) {
        OsinfoTree *tree = OSINFO_TREE(osinfo_list_get_nth(OSINFO_LIST(trees), i));

        if (!osinfo_tree_get_url(tree)) /* only marks by which a medium is known */
            continue;
        json_builder_begin_object(out);
        put(out, "arch", osinfo_tree_get_architecture(tree));
        put(out, "url", osinfo_tree_get_url(tree));
        put(out, "kernel", osinfo_tree_get_kernel_path(tree));
        put(out, "initrd", osinfo_tree_get_initrd_path(tree));
        json_builder_end_object(out);
    }
    json_builder_end_array(out);
}

static void put_least(JsonBuilder *out, OsinfoOs *os)
{
    g_autoptr(OsinfoResourcesList) list = osinfo_os_get_minimum_resources(os);
    gint n = osinfo_list_get_length(OSINFO_LIST(list));

    json_builder_set_member_name(out, "least");
    json_builder_begin_array(out);
    for (gint i = 0; i < n; i++) {
        OsinfoResources *least = OSINFO_RESOURCES(osinfo_list_get_nth(OSINFO_LIST(list), i));

        json_builder_begin_object(out);
        put(out, "arch", osinfo_resources_get_architecture(least));
        put_bytes(out, "memory", osinfo_resources_get_ram(least));
        put_bytes(out, "disk", osinfo_resources_get_storage(least));
        json_builder_end_object(out);
    }
    json_builder_end_array(out);
}

static void put_os(JsonBuilder *out, OsinfoOs *os)
{
    OsinfoProduct *product = OSINFO_PRODUCT(os);

    json_builder_begin_object(out);
    put(out, "id", osinfo_entity_get_id(OSINFO_ENTITY(os)));
    put(out, "short", osinfo_product_get_short_id(product));
    put(out, "name", osinfo_product_get_name(product));
    put(out, "ended", osinfo_product_get_eol_date_string(product));
    put_trees(out, os);
    put_least(out, os);
    json_builder_end_object(out);
}

static JsonNode *all(OsinfoDb *db)
{
    g_autoptr(OsinfoOsList) list = osinfo_db_get_os_list(db);
    g_autoptr(JsonBuilder) out = json_builder_new();
    gint n = osinfo_list_get_length(OSINFO_LIST(list));

    json_builder_begin_object(out);
    json_builder_set_member_name(out, "systems");
    json_builder_begin_array(out);
    for (gint i = 0; i < n; i++)
        put_os(out, OSINFO_OS(osinfo_list_get_nth(OSINFO_LIST(list), i)));
    json_builder_end_array(out);
    json_builder_end_object(out);
    return json_builder_get_root(out);
}

int main(void)
{
    g_autoptr(OsinfoLoader) loader = osinfo_loader_new();
    g_autoptr(GError) why = NULL;
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    osinfo_loader_process_default_path(loader, &why);
    if (why) {
        fprintf(stderr, "vmdeck-osinfo: error: %s\n", why->message);
        return 1;
    }
    root = all(osinfo_loader_get_db(loader));
    text = json_to_string(root, FALSE);
    return puts(text) < 0 || fflush(stdout) != 0;
}
