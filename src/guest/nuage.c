/* FreeBSD's nuageinit reads what looks like cloud-init's files, with words of its own: a hash is
 * passwd, root's goes by chpasswd since he is there already, commands are lines, and a file can be
 * written only where its folder is. Files are in base64, as its older readers of YAML know no
 * escapes. Its images grow their root by themselves. */
#include "config.h"

#include "src/guest/cloud.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "src/base/files.h"
#include "src/guest/firstboot.h"

#define PROGRAM "/var/db/vmdeck-firstboot"
#define SCRIPT  "/var/db/vmdeck-script"

static void add(GString *text, const char *key, const char *value)
{
    if (!value)
        return;
    g_autoptr(JsonNode) node = json_node_init_string(json_node_alloc(), value);
    char *quoted = json_to_string(node, FALSE);
    g_string_append_printf(text, "%s%s\n", key, quoted);
    vd_secret_free(quoted);
}

static void add_keys(GString *text, const GPtrArray *keys)
{
    if (keys->len > 0)
        g_string_append(text, "    ssh_authorized_keys:\n");
    for (guint i = 0; i < keys->len; i++)
        add(text, "      - ", g_ptr_array_index(keys, i));
}

/* sudo and doas are packages: whichever comes finds its rule. */
static void add_user(GString *text, const VdUserSpec *user)
{
    add(text, "  - name: ", user->name);
    g_string_append(text, "    shell: \"/bin/sh\"\n");
    add(text, "    passwd: ", user->hash);
    if (user->sudo) {
        g_string_append(text, "    groups: \"wheel\"\n");
        add(text, "    sudo: ", user->hash ? "ALL=(ALL) ALL" : "ALL=(ALL) NOPASSWD:ALL");
        add(text, "    doas: ", user->hash ? "permit persist %u" : "permit nopass %u");
    }
    add_keys(text, user->keys);
}

/* Some are always told, or a user of the image's own with a known password is made. */
static void add_users(GString *text, const VdCustomise *what)
{
    const char *hash = what->root_locked ? "*" : what->root_hash;

    g_string_append(text, "users:\n  - name: \"root\"\n");
    add_keys(text, what->root_keys);
    for (guint i = 0; i < what->users->len; i++)
        add_user(text, g_ptr_array_index(what->users, i));
    if (!hash)
        return;
    g_string_append(text, "chpasswd:\n  expire: false\n  users:\n    - name: \"root\"\n");
    add(text, "      password: ", hash);
}

static void add_file(GString *text, const char *path, const char *mode, const char *content)
{
    char *encoded = g_base64_encode((const guchar *)content, strlen(content));

    add(text, "  - path: ", path);
    add(text, "    permissions: ", mode);
    g_string_append(text, "    encoding: \"b64\"\n");
    add(text, "    content: ", encoded);
    vd_secret_free(encoded);
}

static void add_firstboot(GString *text, const VdCustomise *what)
{
    g_autofree char *program = what->firstboot ? vd_firstboot_program(what->marker) : NULL;

    if (!program)
        return;
    g_string_append(text, "write_files:\n");
    add_file(text, PROGRAM, "0755", program);
    if (what->script) {
        char *script = vd_firstboot_script(what->script);
        add_file(text, SCRIPT, "0700", script);
        vd_secret_free(script);
    }
    g_string_append(text, "runcmd:\n  - \"mkdir -p " VD_FIRSTBOOT_FOLDER "\"\n");
    if (what->script)
        g_string_append(text, "  - \"mv " SCRIPT " " VD_FIRSTBOOT_SCRIPT "\"\n");
    g_string_append(text, "  - \"" PROGRAM "\"\n");
}

char *vd_nuage_user(const VdRequest *request)
{
    const VdCustomise *what = request->customise;
    GString *text = g_string_new("#cloud-config\n");

    add(text, "hostname: ", what->hostname);
    add(text, "fqdn: ", what->hostname);
    add(text, "timezone: ", what->timezone);
    add_users(text, what);
    add_firstboot(text, what);
    return g_string_free(text, FALSE);
}
