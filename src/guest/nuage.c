/* FreeBSD's nuageinit reads what looks like cloud-init's files, with words of its own: a hash is
 * passwd, root's goes by chpasswd since he is there already, commands are lines, and a file can be
 * written only where its folder is. Its images grow their root by themselves.
 * Its first releases read no network-config but take the network from user-data, know no chpasswd,
 * timezone, write_files and runcmd, and their reader of YAML gives up at an escape: files are in
 * base64, keys in quotes that need none. */
#include "config.h"

#include "src/guest/cloud.h"

#include <string.h>

#include "src/base/files.h"
#include "src/guest/firstboot.h"

#define PROGRAM "/var/db/vmdeck-firstboot"
#define SCRIPT  "/var/db/vmdeck-script"

/* Within single quotes YAML has no escapes. Only a comment can have quotes of both kinds. */
static void add_key(GString *text, const char *key)
{
    g_autofree char *plain = g_strdup(key);
    if (!strpbrk(key, "\"\\")) {
        vd_cloud_add(text, "      - ", key);
        return;
    }
    char *bytes = strstr(plain, " AAAA");
    if (strchr(plain, '\'') && bytes)
        bytes[1 + strcspn(bytes + 1, " ")] = '\0';
    if (strchr(plain, '\'') || !strpbrk(plain, "\"\\"))
        vd_cloud_add(text, "      - ", plain);
    else
        g_string_append_printf(text, "      - '%s'\n", plain);
}

static void add_keys(GString *text, const GPtrArray *keys)
{
    if (keys->len > 0)
        g_string_append(text, "    ssh_authorized_keys:\n");
    for (guint i = 0; i < keys->len; i++)
        add_key(text, g_ptr_array_index(keys, i));
}

/* sudo and doas are packages: whichever comes finds its rule. */
static void add_user(GString *text, const VdUserSpec *user)
{
    vd_cloud_add(text, "  - name: ", user->name);
    g_string_append(text, "    shell: \"/bin/sh\"\n");
    vd_cloud_add(text, "    passwd: ", user->hash);
    if (user->sudo) {
        g_string_append(text, "    groups: \"wheel\"\n");
        vd_cloud_add(text, "    sudo: ", user->hash ? "ALL=(ALL) ALL" : "ALL=(ALL) NOPASSWD:ALL");
        vd_cloud_add(text, "    doas: ", user->hash ? "permit persist %u" : "permit nopass %u");
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
    vd_cloud_add(text, "      password: ", hash);
}

static void add_file(GString *text, const char *path, const char *mode, const char *content)
{
    char *encoded = g_base64_encode((const guchar *)content, strlen(content));

    vd_cloud_add(text, "  - path: ", path);
    vd_cloud_add(text, "    permissions: ", mode);
    g_string_append(text, "    encoding: \"b64\"\n");
    vd_cloud_add(text, "    content: ", encoded);
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

/* Where there is a network-config as well, that is preferred to this. */
static void add_network(GString *text, const VdNetSpec *net)
{
    g_autofree char *config = vd_cloud_network(net, FALSE);
    g_auto(GStrv) lines = g_strsplit(config, "\n", -1);

    g_string_append(text, "network:\n");
    for (char **line = lines; *line; line++)
        if (**line)
            g_string_append_printf(text, "  %s\n", *line);
}

char *vd_nuage_user(const VdRequest *request)
{
    const VdCustomise *what = request->customise;
    GString *text = g_string_new("#cloud-config\n");

    vd_cloud_add(text, "hostname: ", what->hostname);
    vd_cloud_add(text, "fqdn: ", what->hostname);
    vd_cloud_add(text, "timezone: ", what->timezone);
    add_users(text, what);
    if (what->net)
        add_network(text, what->net);
    add_firstboot(text, what);
    return g_string_free(text, FALSE);
}
