/* What libosinfo knows. The library's own database is large and slow to load, and the library is
 * optional: a helper prints it, and what is needed here is a small table of our own. Read under a
 * lock at the first question; whoever asks meanwhile waits for the same reading. */
#include "config.h"

#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/child.h"
#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/base/text.h"
#include "src/deploy/catalogue.h"
#include "src/deploy/install.h"
#include "src/deploy/systems.h"

/* It takes one second; of a machine that is very busy, some more. A person who waits in a form does
 * not wait for longer. */
#define DEADLINE_MS 10000
/* One that was late is asked again, by the next who wants to know, after so long. */
#define AGAIN_USEC (60 * G_USEC_PER_SEC)

struct _VdSystems {
    gatomicrefcount refs;
    GCancellable *cancel; /* or NULL */
    GMutex lock;
    /* -- under the lock -- */
    GPtrArray *all; /* what it has been set to stays, here or among the former ones */
    GPtrArray *former;
    GError *why; /* why libosinfo has told none */
    gint64 late; /* when it was too late, or 0 */
};

VdSystems *vd_systems_new(GCancellable *cancel)
{
    VdSystems *systems = g_new0(VdSystems, 1);

    systems->cancel = cancel ? g_object_ref(cancel) : NULL;
    systems->former = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    g_atomic_ref_count_init(&systems->refs);
    g_mutex_init(&systems->lock);
    return systems;
}

VdSystems *vd_systems_ref(VdSystems *systems)
{
    g_atomic_ref_count_inc(&systems->refs);
    return systems;
}

void vd_systems_unref(VdSystems *systems)
{
    if (!systems || !g_atomic_ref_count_dec(&systems->refs))
        return;
    g_clear_pointer(&systems->all, g_ptr_array_unref);
    g_ptr_array_unref(systems->former);
    g_clear_object(&systems->cancel);
    g_clear_error(&systems->why);
    g_mutex_clear(&systems->lock);
    g_free(systems);
}

/* ---- reading ---- */

/* A text that may be shown, or NULL. */
static char *text_member(JsonObject *object, const char *member)
{
    JsonNode *node = json_object_get_member(object, member);

    if (!node || json_node_get_value_type(node) != G_TYPE_STRING || !*json_node_get_string(node))
        return NULL;
    return vd_text_clean(json_node_get_string(node), 500, FALSE);
}

static guint64 size_member(JsonObject *object, const char *member)
{
    JsonNode *node = json_object_get_member(object, member);
    gint64 value = node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_int(node) : 0;

    return value > 0 && value < G_GINT64_CONSTANT(1) << 56 ? (guint64)value : 0;
}

/* The objects of an array member, each handed to take. */
static void each_object(JsonObject *object, const char *member,
                        void (*take)(JsonObject *, gpointer), gpointer data)
{
    JsonNode *node = json_object_get_member(object, member);
    JsonArray *array = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    for (guint i = 0; array && i < json_array_get_length(array); i++) {
        JsonNode *element = json_array_get_element(array, i);

        if (JSON_NODE_HOLDS_OBJECT(element))
            take(json_node_get_object(element), data);
    }
}

static void take_tree(JsonObject *object, gpointer data)
{
    VdSystem *system = data;
    g_autofree char *told = text_member(object, "url");
    g_autofree char *url = told && *told != '/' ? vd_install_tree_url(told, NULL) : NULL;
    VdSystemTree *tree;

    if (!url)
        return;
    tree = vd_system_add_tree(system, text_member(object, "arch"), g_steal_pointer(&url));
    tree->kernel = text_member(object, "kernel");
    tree->initrd = text_member(object, "initrd");
}

static void take_least(JsonObject *object, gpointer data)
{
    VdSystem *system = data;
    VdSystemLeast least = {text_member(object, "arch"), size_member(object, "memory"),
                           size_member(object, "disk")};

    g_array_append_val(system->least, least);
}

static void take_system(JsonObject *object, gpointer data)
{
    GPtrArray *all = data;
    VdSystem *system = vd_system_new();

    system->id = text_member(object, "id");
    system->short_id = text_member(object, "short");
    system->name = text_member(object, "name");
    system->ended = text_member(object, "ended");
    each_object(object, "trees", take_tree, system);
    each_object(object, "least", take_least, system);
    if (system->id && system->short_id && system->name)
        g_ptr_array_add(all, system);
    else
        vd_system_free(system);
}

GPtrArray *vd_systems_parse(const char *json, GError **error)
{
    g_autoptr(JsonNode) root =
        vd_json_is_tame(json, strlen(json)) ? json_from_string(json, NULL) : NULL;
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)vd_system_free);

    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        vd_error_set(error, VD_ERR_DAMAGED, json, _("What libosinfo knows cannot be read."));
        return NULL;
    }
    each_object(json_node_get_object(root), "systems", take_system, all);
    return g_steal_pointer(&all);
}

/* Shorter for tests. */
static int deadline_ms(void)
{
    const char *text = g_getenv("VMDECK_OSINFO_MS");
    int ms = text ? atoi(text) : 0;

    return ms > 0 ? MIN(ms, DEADLINE_MS) : DEADLINE_MS;
}

/* What libosinfo tells. */
static GPtrArray *ask_helper(GCancellable *cancel, GError **error)
{
    g_autofree char *helper = vd_path_osinfo();
    const char *const argv[] = {helper, NULL};
    g_auto(VdChild) child = {0};
    g_autofree char *words = NULL;

    if (!helper) {
        vd_error_set(error, VD_ERR_UNSUPPORTED, NULL,
                     _("This vmdeck was built without libosinfo, which knows the systems by name; "
                       "give the template and the tree."));
        return NULL;
    }
    if (!vd_child_run_until(argv, deadline_ms(), cancel, &child, error))
        return NULL;
    if (child.late && g_cancellable_is_cancelled(cancel)) {
        vd_error_set(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
        return NULL;
    }
    if (child.late) {
        vd_error_set(error, VD_ERR_TIMEOUT, NULL,
                     _("libosinfo hangs: it has told nothing of the systems for %d seconds; give "
                       "the template and the tree."),
                     DEADLINE_MS / 1000);
        return NULL;
    }
    if (child.status == 0)
        return vd_systems_parse(child.out, error);
    words = vd_child_words(&child);
    vd_error_set(error, VD_ERR_FAILED, words,
                 _("libosinfo's database cannot be read; give the template and the tree."));
    return NULL;
}

static gboolean is_known(const GPtrArray *all, const VdSystem *system)
{
    for (guint i = 0; i < all->len; i++) {
        const VdSystem *other = g_ptr_array_index(all, i);

        if (g_str_equal(other->id, system->id) || g_str_equal(other->short_id, system->short_id))
            return TRUE;
    }
    return FALSE;
}

/* What the templates declare and nobody has told yet. */
static void add_declared(GPtrArray *all)
{
    g_autoptr(GPtrArray) templates = vd_templates_load();

    for (guint i = 0; i < templates->len; i++) {
        const VdTemplate *template = g_ptr_array_index(templates, i);

        for (guint j = 0; template->systems && j < template->systems->len; j++) {
            if (!is_known(all, g_ptr_array_index(template->systems, j)))
                g_ptr_array_add(all, g_ptr_array_steal_index(template->systems, j--));
        }
    }
}

/* Under the lock. */
static void read_all(VdSystems *systems)
{
    GPtrArray *all;

    g_clear_error(&systems->why);
    all = ask_helper(systems->cancel, &systems->why);
    systems->late =
        g_error_matches(systems->why, VD_ERROR, VD_ERR_TIMEOUT) ? g_get_monotonic_time() : 0;
    if (!all)
        all = g_ptr_array_new_with_free_func((GDestroyNotify)vd_system_free);
    add_declared(all);
    if (systems->all)
        g_ptr_array_add(systems->former, systems->all);
    systems->all = all;
}

const GPtrArray *vd_systems_all(VdSystems *systems, GError **why)
{
    const GPtrArray *all;

    g_mutex_lock(&systems->lock);
    if (!systems->all || (systems->late > 0 && g_get_monotonic_time() - systems->late > AGAIN_USEC))
        read_all(systems);
    if (systems->why && why)
        *why = g_error_copy(systems->why);
    all = systems->all;
    g_mutex_unlock(&systems->lock);
    return all;
}

/* ---- looking up ---- */

static gboolean same_word(const char *a, const char *b)
{
    g_autofree char *first = g_utf8_casefold(a, -1);
    g_autofree char *second = g_utf8_casefold(b, -1);

    return g_str_equal(first, second);
}

const VdSystem *vd_systems_find(VdSystems *systems, const char *word, GError **error)
{
    g_autoptr(GError) why = NULL;
    const GPtrArray *all = vd_systems_all(systems, &why);

    for (guint i = 0; i < all->len; i++) {
        const VdSystem *system = g_ptr_array_index(all, i);

        if (same_word(system->short_id, word) || same_word(system->name, word) ||
            g_str_equal(system->id, word))
            return system;
    }
    if (why)
        g_propagate_error(error, g_steal_pointer(&why));
    else
        vd_error_set(error, VD_ERR_NOT_FOUND, NULL,
                     _("vmdeck knows no system “%s”; `vmdeck os list --all` shows those that it "
                       "knows. With a newer osinfo-db it knows newer ones; else give the template "
                       "and the tree."),
                     word);
    return NULL;
}

static gboolean of_arch(const char *has, const char *arch)
{
    return !has || g_str_equal(has, "all") || g_str_equal(has, arch);
}

VdSystemLeast vd_system_least(const VdSystem *system, const char *arch)
{
    VdSystemLeast least = {0};

    for (guint i = 0; i < system->least->len; i++) {
        const VdSystemLeast *one = &g_array_index(system->least, VdSystemLeast, i);

        if (!of_arch(one->arch, arch))
            continue;
        least.memory = MAX(least.memory, one->memory);
        least.disk = MAX(least.disk, one->disk);
    }
    return least;
}

/* A template may look from deeper down: Debian's from where the kernel is. NULL: it looks for
 * something else. */
static char *tree_for(const VdSystemTree *tree, const VdTemplate *template)
{
    g_autofree char *url = g_strdup(tree->url);
    g_autofree char *kernel = NULL;
    gsize length = strlen(url), tail;

    while (length > 0 && url[length - 1] == '/')
        url[--length] = '\0';
    if (!tree->kernel)
        return g_steal_pointer(&url);
    kernel = g_strdup_printf("%s/%s", url, tree->kernel);
    tail = strlen(kernel) - MIN(strlen(template->kernel) + 1, strlen(kernel));
    if (kernel[tail] != '/' || !g_str_equal(kernel + tail + 1, template->kernel) || tail < length)
        return NULL;
    return g_strndup(kernel, tail);
}

char *vd_system_tree(const VdSystem *system, const VdTemplate *template, const char *arch)
{
    for (guint i = 0; i < system->trees->len; i++) {
        const VdSystemTree *tree = g_ptr_array_index(system->trees, i);
        char *url = of_arch(tree->arch, arch) ? tree_for(tree, template) : NULL;

        if (url)
            return url;
    }
    return NULL;
}

static gboolean declares(const VdTemplate *template, const char *short_id)
{
    for (guint i = 0; template->systems && i < template->systems->len; i++) {
        const VdSystem *system = g_ptr_array_index(template->systems, i);

        if (g_str_equal(system->short_id, short_id))
            return TRUE;
    }
    return FALSE;
}

/* "debian" in `os` of a template stands for "debian12" as well. */
static gboolean is_for(const VdTemplate *template, const char *short_id, gboolean any_version)
{
    g_auto(GStrv) words = g_strsplit_set(template->os ? template->os : "", " ,", -1);

    for (gsize i = 0; words[i]; i++) {
        gsize length = strlen(words[i]);
        const char *version = short_id + length;

        if (length == 0 || !g_str_has_prefix(short_id, words[i]))
            continue;
        if (*version == '\0' || (any_version && version[strspn(version, "0123456789.")] == '\0'))
            return TRUE;
    }
    return FALSE;
}

const VdTemplate *vd_system_template(const VdSystem *system, const GPtrArray *templates)
{
    const VdTemplate *best = NULL, *declaring = NULL;

    for (guint i = 0; i < templates->len; i++) {
        const VdTemplate *template = g_ptr_array_index(templates, i);

        if (is_for(template, system->short_id, FALSE))
            return template;
        if (!best && is_for(template, system->short_id, TRUE))
            best = template;
        if (!declaring && declares(template, system->short_id))
            declaring = template;
    }
    return best ? best : declaring;
}

GPtrArray *vd_templates_load(void)
{
    g_auto(GStrv) all = vd_template_names();
    GPtrArray *templates = g_ptr_array_new_with_free_func((GDestroyNotify)vd_template_free);

    for (gsize i = 0; all[i]; i++) {
        VdTemplate *template = vd_template_find(all[i], NULL);

        if (template)
            g_ptr_array_add(templates, template);
    }
    return templates;
}

/* ---- images ---- */

/* "debian12", as the inspection found it; the caller frees. NULL: it found none. */
static char *inspected(const VdImage *image, gboolean *ret_named)
{
    g_autoptr(JsonNode) node = image->layout ? json_from_string(image->layout, NULL) : NULL;
    JsonObject *root = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    JsonNode *os = root ? json_object_get_member(root, "os") : NULL;
    g_autofree char *product = NULL;

    if (!os || !JSON_NODE_HOLDS_OBJECT(os))
        return NULL;
    product = text_member(json_node_get_object(os), "product");
    *ret_named = product && !g_str_equal(product, "unknown");
    return text_member(json_node_get_object(os), "osinfo");
}

void vd_systems_name_image(VdSystems *systems, VdImage *image)
{
    gboolean named = FALSE;
    g_autofree char *short_id = inspected(image, &named);
    const VdSystem *system;

    if (!short_id || g_str_equal(short_id, "unknown"))
        return;
    system = vd_systems_find(systems, short_id, NULL);
    if (!system)
        return;
    g_free(image->system);
    image->system = g_strdup(system->id);
    if (named)
        return;
    g_free(image->os);
    image->os = g_strdup(system->name);
}
