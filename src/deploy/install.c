/* Submitting an installation. The template is filled in here, by the one who may read the
 * passwords, and the answers go into the job's secrets: the runner needs no template, and one that
 * is edited meanwhile changes nothing. */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deploy/check.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/hash.h"
#include "src/deploy/install.h"
#include "src/deploy/medium.h"
#include "src/deploy/systems.h"
#include "src/deploy/there.h"
#include "src/guest/firstboot.h"

/* Installers' own C libraries all know SHA-512. */
#define HASH "$6$"
/* Linux gives one word of a command line 128 KiB (MAX_ARG_STRLEN). */
#define SETUP_BYTES (120 * 1024)

/* ---- the tree ---- */

/* An http or https URL with a host, or a file's. */
static gboolean is_url(const char *tree)
{
    g_autoptr(GUri) uri = g_uri_parse(tree, G_URI_FLAGS_ENCODED, NULL);
    const char *scheme = uri ? g_uri_get_scheme(uri) : "";
    const char *host = uri ? g_uri_get_host(uri) : NULL;

    if (g_str_equal(scheme, "file"))
        return TRUE;
    return (g_str_equal(scheme, "http") || g_str_equal(scheme, "https")) && host && *host &&
           !strchr(tree, ' '); /* it becomes a word of the kernel's */
}

char *vd_install_tree_url(const char *tree, GError **error)
{
    g_autofree char *url = NULL;
    gsize length;

    if (*tree == '/')
        url = g_filename_to_uri(tree, NULL, NULL);
    else if (is_url(tree))
        url = g_strdup(tree);
    if (!url) {
        vd_error_set(error, VD_ERR_INVALID, NULL,
                     _("“%s” is no tree: give the folder of a mounted medium, from its root, or an "
                       "http, https or file URL."),
                     tree);
        return NULL;
    }
    length = strlen(url);
    while (length > 1 && url[length - 1] == '/')
        url[--length] = '\0';
    return g_steal_pointer(&url);
}

void vd_install_tree_parts(const char *url, char **ret_host, char **ret_folder)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_ENCODED, NULL);
    const char *path = uri ? g_uri_get_path(uri) : "";
    const char *dists = strstr(path, "/dists/");

    *ret_host = *ret_folder = NULL;
    if (!uri || !g_str_has_prefix(g_uri_get_scheme(uri), "http"))
        return;
    if (g_uri_get_port(uri) > 0)
        *ret_host = g_strdup_printf("%s:%d", g_uri_get_host(uri), g_uri_get_port(uri));
    else
        *ret_host = g_strdup(g_uri_get_host(uri));
    *ret_folder = g_strndup(path, dists ? (gsize)(dists - path) : strlen(path));
}

gboolean vd_install_check_reach(const VdTemplate *template, const char *url, const char *medium,
                                GError **error)
{
    const char *append = template->append ? template->append : "";
    gboolean asks_tree =
        strstr(append, "($TREE)") != NULL || strstr(template->text, "($TREE)") != NULL;

    if (medium && *medium)
        return TRUE;
    /* Ubuntu's early boot looks for the medium, unless it is told where that is. */
    if (g_str_has_prefix(template->kernel, "casper/") && !strstr(append, "url="))
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("The installer of the template %s is on its medium, which would not be in "
                         "the machine: give its ISO by --medium."),
                       template->name);
    if (template->kind == VD_ANSWER_KICKSTART && asks_tree && !g_str_has_prefix(url, "http"))
        return vd_fail(
            error, VD_ERR_INVALID, NULL,
            _("The machine would not see the tree, a folder of this host: give the ISO by "
              "--medium as well, or the tree's URL at a mirror."));
    return TRUE;
}

/* What a folder lacks is told before anything is made; of a URL the runner tells it. */
static gboolean check_folder(const char *tree, const VdTemplate *template, GError **error)
{
    const char *const parts[] = {template->kernel, template->initrd};

    for (guint i = 0; *tree == '/' && i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *path = g_build_filename(tree, parts[i], NULL);

        if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return vd_fail(error, VD_ERR_NOT_FOUND, NULL,
                           _("There is no %s in the tree %s, where the template %s looks for it."),
                           parts[i], tree, template->name);
    }
    return TRUE;
}

/* ---- the first boot ---- */

static void put_file(GString *setup, const char *path, const char *mode, const char *text)
{
    g_autofree char *encoded = g_base64_encode((const guchar *)text, strlen(text));

    g_string_append_printf(setup, "put %s %s <<'E'\n%s\nE\n", path, mode, encoded);
    explicit_bzero(encoded, strlen(encoded));
}

static void put_keys(GString *setup, const VdPlan *plan)
{
    g_autofree char *lines = g_strjoinv("\n", plan->keys);
    g_autofree char *text = g_strconcat(lines, "\n", NULL);
    const char *who = plan->user ? plan->user : "root";

    if (!plan->keys[0])
        return;
    g_string_append_printf(setup,
                           "home=$(getent passwd %s | cut -d: -f6)\n"
                           "mkdir -p \"$home/.ssh\" && chmod 700 \"$home/.ssh\"\n",
                           who);
    put_file(setup, "\"$home/.ssh/authorized_keys\"", "600", text);
    g_string_append_printf(setup, "chown -R %s: \"$home/.ssh\"\n", who);
}

char *vd_install_setup(const VdPlan *plan, const char *request, const char *script, GError **error)
{
    GString *setup = g_string_new("umask 022\n"
                                  "put() { base64 -d >\"$1\" && chmod \"$2\" \"$1\"; }\n"
                                  "mkdir -p " VD_FIRSTBOOT_FOLDER "\n");
    g_autofree char *program = vd_firstboot_program(request);
    g_autofree char *stored = script ? vd_firstboot_script(script) : NULL;
    const char *wants = "/etc/systemd/system/multi-user.target.wants";
    char *encoded;

    put_file(setup, VD_FIRSTBOOT_PROGRAM, "755", program);
    if (stored)
        put_file(setup, VD_FIRSTBOOT_SCRIPT, "700", stored);
    put_file(setup, "/etc/systemd/system/vmdeck-firstboot.service", "644", vd_firstboot_unit());
    g_string_append_printf(setup,
                           "mkdir -p %s\nln -sf ../vmdeck-firstboot.service "
                           "%s/vmdeck-firstboot.service\n",
                           wants, wants);
    put_keys(setup, plan);
    encoded = g_base64_encode((const guchar *)setup->str, setup->len);
    vd_secret_free(g_string_free(setup, FALSE));
    if (stored)
        explicit_bzero(stored, strlen(stored));
    if (strlen(encoded) <= SETUP_BYTES)
        return encoded;
    vd_secret_free(encoded);
    vd_error_set(
        error, VD_ERR_INVALID, NULL,
        _("The first-boot script is too long for an installer: at most about 60 KiB; let it "
          "fetch the rest."));
    return NULL;
}

/* ---- the answers ---- */

static gboolean add_hash(VdMacros *macros, const char *macro, const char *password, GError **error)
{
    char *hash;

    if (!password)
        return TRUE;
    hash = vd_hash_password(password, HASH, error);
    if (!hash)
        return FALSE;
    vd_macros_add(macros, macro, hash);
    vd_secret_free(hash);
    return TRUE;
}

/* "192.0.2.7/24" in the parts that installers want. An IPv6 address has no net mask of that form.
 */
static void add_address(VdMacros *macros, const VdPlan *plan)
{
    g_auto(GStrv) parts = g_strsplit(plan->address ? plan->address : "", "/", 2);
    g_autofree char *commas = g_strjoinv(",", plan->dns);
    g_autofree char *words = g_strjoinv(" ", plan->dns);
    guint prefix = parts[0] && parts[1] ? (guint)g_ascii_strtoull(parts[1], NULL, 10) : 0;
    guint32 bits = prefix == 0 ? 0 : G_MAXUINT32 << (32 - MIN(prefix, 32u));
    g_autofree char *mask =
        g_strdup_printf("%u.%u.%u.%u", bits >> 24, bits >> 16 & 255, bits >> 8 & 255, bits & 255);

    vd_macros_add(macros, "ADDRESS", parts[0]);
    vd_macros_add(macros, "PREFIX", parts[0] ? parts[1] : NULL);
    vd_macros_add(macros, "NETMASK", parts[0] && !strchr(parts[0], ':') ? mask : NULL);
    vd_macros_add(macros, "GATEWAY", plan->gateway);
    vd_macros_add(macros, "DNS_COMMAS", commas);
    vd_macros_add(macros, "DNS_WORDS", words);
    for (gsize i = 0; plan->dns[i]; i++)
        vd_macros_add(macros, "DNS", plan->dns[i]);
}

/* Comments of keys may hold anything; an answer file needs none. */
static void add_keys(VdMacros *macros, const VdPlan *plan)
{
    for (gsize i = 0; plan->keys[i]; i++) {
        g_auto(GStrv) words = g_strsplit(plan->keys[i], " ", 3);
        g_autofree char *key = g_strjoin(" ", words[0], words[1], NULL);

        vd_macros_add(macros, "SSH_KEY", key);
    }
}

static gboolean add_setup(VdMacros *macros, const VdPlan *plan, const VdArgs *args,
                          const char *request, GError **error)
{
    const char *path = vd_args_get(args, "firstboot");
    guint mended = 0;
    char *script = NULL, *setup;

    if (path && *path && !(script = vd_script_take(path, NULL, &mended, error)))
        return FALSE;
    setup = vd_install_setup(plan, request, script, error);
    vd_secret_free(script);
    if (!setup)
        return FALSE;
    vd_macros_add(macros, "FIRSTBOOT_BASE64", setup);
    vd_secret_free(setup);
    return TRUE;
}

static VdMacros *fill_macros(const VdPlan *plan, const VdArgs *args, const char *request,
                             GError **error)
{
    g_autoptr(VdMacros) macros = vd_macros_new();
    g_autofree char *host = NULL, *folder = NULL;

    vd_install_tree_parts(plan->tree, &host, &folder);
    vd_macros_add(macros, "DISK", "/dev/vda");
    vd_macros_add(macros, "DISK_NAME", "vda");
    vd_macros_add(macros, "HOSTNAME", plan->hostname);
    vd_macros_add(macros, "MAC", plan->mac);
    vd_macros_add(macros, "REQUEST", request);
    vd_macros_add(macros, "TIMEZONE", plan->timezone);
    /* Only the runner reads a folder of this host. */
    vd_macros_add(macros, "TREE", host ? plan->tree : NULL);
    vd_macros_add(macros, "TREE_HOST", host);
    vd_macros_add(macros, "TREE_DIR", folder);
    vd_macros_add(macros, "USER", plan->user);
    add_address(macros, plan);
    add_keys(macros, plan);
    if (!add_hash(macros, "ROOT_HASH", vd_args_get(args, "password"), error) ||
        !add_hash(macros, "USER_HASH", vd_args_get(args, "user-password"), error) ||
        !add_setup(macros, plan, args, request, error))
        return NULL;
    return g_steal_pointer(&macros);
}

/* The secrets of the job: the answer file. Free with vd_secret_free(). */
static char *make_secrets(const VdTemplate *template, const VdMacros *macros, GError **error)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    JsonObject *secrets = json_object_new();
    char *answer = vd_template_answer(template, macros, error);

    json_node_take_object(node, secrets);
    if (!answer)
        return NULL;
    json_object_set_string_member(secrets, "answer", answer);
    vd_secret_free(answer);
    return json_to_string(node, FALSE);
}

/* ---- submitting ---- */

static gboolean check_login(const VdPlan *plan, GError **error)
{
    if (plan->password || plan->user_password || plan->keys[0])
        return TRUE;
    return vd_fail(error, VD_ERR_INVALID, NULL,
                   _("Nobody could log in: give a password of root, a user with a password, or an "
                     "SSH key."));
}

/* What the system itself needs, as its makers say. */
static gboolean check_system(VdPlan *plan, const VdArgs *args, VdSystems *systems, GError **error)
{
    const char *word = vd_args_get(args, "os");
    const VdSystem *system = word && *word ? vd_systems_find(systems, word, error) : NULL;
    g_autofree char *arch = system ? vd_install_arch(plan->uri, FALSE) : NULL;
    VdSystemLeast least = {0};
    g_autofree char *text = NULL;
    gboolean small;

    if (!word || !*word)
        return TRUE;
    if (!system)
        return FALSE;
    plan->system = g_strdup(system->id);
    least = vd_system_least(system, arch);
    small = plan->memory < least.memory;
    text = vd_format_size(small ? least.memory : least.disk);
    if (small)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("%s needs at least %s of memory, says libosinfo; give it that, or name "
                         "template and tree instead of the system."),
                       system->name, text);
    if (plan->disk < least.disk)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("%s needs a disk of at least %s, says libosinfo; give it that, or name "
                         "template and tree instead of the system."),
                       system->name, text);
    return TRUE;
}

static gboolean check_sizes(const VdPlan *plan, const VdTemplate *template, GError **error)
{
    gboolean small = plan->memory < template->memory;
    g_autofree char *least = vd_format_size(small ? template->memory : template->disk);

    if (small)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("The installer of the template %s needs at least %s of memory."),
                       template->name, least);
    if (plan->disk < template->disk)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("The template %s needs a disk of at least %s."), template->name, least);
    return TRUE;
}

/* ---- the form ---- */

gboolean vd_install_check_field(const char *field, const char *value, GError **error)
{
    g_autofree char *url = NULL;

    if (g_str_equal(field, "medium"))
        return vd_medium_look(value, NULL, error);
    if (g_str_equal(field, "address"))
        return vd_check_address(value, error);
    if (g_str_equal(field, "tree"))
        return (url = vd_install_tree_url(value, error)) != NULL;
    return TRUE;
}

/* ---- the plan ---- */

static VdPlan *make_plan(const VdArgs *args, const VdTemplate *template, const char *uri,
                         const char *request, GError **error)
{
    const char *tree = vd_args_get(args, "tree");
    const char *medium = vd_args_get(args, "medium");
    g_autoptr(VdPlan) plan = vd_plan_new_empty(args, uri, request, error);

    if (!plan || !check_login(plan, error) || !check_sizes(plan, template, error))
        return NULL;
    plan->tree = vd_install_tree_url(tree, error);
    if (!plan->tree || !check_folder(tree, template, error) ||
        !vd_install_check_reach(template, plan->tree, medium, error))
        return NULL;
    if (!plan->timezone)
        plan->timezone = g_strdup("UTC");
    plan->template = g_strdup(template->name);
    if (medium && *medium && !vd_medium_look(medium, &plan->cdrom, error))
        return NULL;
    plan->kernel = g_strdup(template->kernel);
    plan->initrd = g_strdup(template->initrd);
    plan->answer_file = g_strdup(template->file);
    plan->answer_medium = template->kind == VD_ANSWER_AUTOINSTALL;
    plan->reports = strstr(template->text, "($FIRSTBOOT_BASE64)") != NULL;
    plan->ends = template->ends;
    plan->install_minutes = (int)vd_args_int(args, "wait", 120);
    plan->wait_minutes = 15;
    if (plan->script && !plan->reports) {
        vd_error_set(error, VD_ERR_UNSUPPORTED, NULL,
                     _("The template %s has no ($FIRSTBOOT_BASE64), so no first-boot script can be "
                       "given."),
                     template->name);
        return NULL;
    }
    return g_steal_pointer(&plan);
}

/* Template and tree, each given or the system's. */
static VdTemplate *find_template(const VdArgs *args, GError **error)
{
    const char *template = vd_args_get(args, "template"), *tree = vd_args_get(args, "tree");

    if (template && *template && tree && *tree)
        return vd_template_find(template, error);
    vd_error_set(error, VD_ERR_USAGE, NULL,
                 _("Give the system by --os, or a template and a tree by --template and --tree."));
    return NULL;
}

gboolean vd_install_submit(VdJournal *journal, const char *request, const char *author,
                           const char *host_id, const char *uri, VdSystems *systems,
                           const VdArgs *args, GError **error)
{
    g_autoptr(VdArgs) checked = vd_args_copy(args);
    g_autoptr(VdTemplate) template = NULL;
    g_autoptr(VdPlan) plan = NULL;
    g_autoptr(VdMacros) macros = NULL;
    g_autoptr(VdJob) job = NULL;
    char *secrets;
    gboolean ok;

    if (!vd_install_fill(systems, uri, FALSE, checked, NULL, error) ||
        !vd_args_check(checked, vd_install_args, error))
        return FALSE;
    template = find_template(checked, error);
    plan = template ? make_plan(checked, template, uri, request, error) : NULL;
    if (!plan || !check_system(plan, checked, systems, error))
        return FALSE;
    macros = fill_macros(plan, checked, request, error);
    if (!macros || !(plan->kernel_line = vd_template_kernel_line(template, macros, error)))
        return FALSE;
    if (!vd_suit_host(plan, NULL, error))
        return FALSE;
    secrets = make_secrets(template, macros, error);
    if (!secrets)
        return FALSE;
    job = vd_deploy_job_new(request, "install", author, plan->name);
    job->host = g_strdup(host_id);
    job->title = g_strdup_printf("install %s", plan->name);
    ok = vd_deploy_start(journal, job, plan, secrets, error);
    vd_secret_free(secrets);
    return ok;
}
