/* YAML, written with every string in double quotes and escaped as JSON has it, which YAML's double
 * quotes take as well: nothing that a person gave can become a key or a tag.
 * What it does to the machine is what the offline engine does: no user that was not asked for, root
 * as given, name servers also where nothing else writes them. The first-boot program is the same
 * one, so that the console says the same words. */
#include "config.h"

#include "src/guest/cloud.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "src/base/files.h"
#include "src/guest/firstboot.h"

void vd_cloud_add(GString *text, const char *key, const char *value)
{
    if (!value)
        return;
    g_autoptr(JsonNode) node = json_node_init_string(json_node_alloc(), value);
    char *quoted = json_to_string(node, FALSE);
    g_string_append_printf(text, "%s%s\n", key, quoted);
    vd_secret_free(quoted);
}

char *vd_cloud_meta(const VdRequest *request)
{
    GString *text = g_string_new(NULL);
    g_autofree char *id = g_strconcat("vmdeck-", request->id, NULL);
    vd_cloud_add(text, "instance-id: ", id);
    vd_cloud_add(text, "local-hostname: ", request->customise->hostname);
    return g_string_free(text, FALSE);
}

/* The name is set by us because interfaces(5) of Debian knows interfaces by their names only; and
 * the gateway is named as such because a route is written there as a command that may be missing.
 */
char *vd_cloud_network(const VdNetSpec *net, gboolean rename)
{
    GString *text = g_string_new("version: 2\nethernets:\n  eth0:\n    match:\n");
    vd_cloud_add(text, "      macaddress: ", net->mac);
    if (rename)
        g_string_append(text, "    set-name: eth0\n");
    if (net->dhcp)
        g_string_append(text, "    dhcp4: true\n");
    else
        g_string_append_printf(text, "    addresses:\n      - \"%s/%d\"\n", net->address,
                               net->prefix);
    if (net->gateway)
        g_string_append_printf(text, "    gateway%c: \"%s\"\n", net->ipv6 ? '6' : '4',
                               net->gateway);
    if (!net->dhcp && net->dns->len > 0) {
        g_string_append(text, "    nameservers:\n      addresses:\n");
        for (guint i = 0; i < net->dns->len; i++)
            vd_cloud_add(text, "        - ", g_ptr_array_index(net->dns, i));
    }
    return g_string_free(text, FALSE);
}

static void add_keys(GString *text, const GPtrArray *keys)
{
    if (keys->len == 0)
        return;
    g_string_append(text, "    ssh_authorized_keys:\n");
    for (guint i = 0; i < keys->len; i++)
        vd_cloud_add(text, "      - ", g_ptr_array_index(keys, i));
}

/* hashed_passwd is also applied to a user who is there already, as root is. */
static void add_root(GString *text, const VdCustomise *what)
{
    if (!what->root_hash && !what->root_locked && what->root_keys->len == 0)
        return;
    vd_cloud_add(text, "  - name: ", "root");
    g_string_append_printf(text, "    lock_passwd: %s\n", what->root_locked ? "true" : "false");
    if (!what->root_locked)
        vd_cloud_add(text, "    hashed_passwd: ", what->root_hash);
    add_keys(text, what->root_keys);
}

static void add_user(GString *text, const VdUserSpec *user, const char *shell)
{
    vd_cloud_add(text, "  - name: ", user->name);
    vd_cloud_add(text, "    shell: ", shell);
    g_string_append_printf(text, "    lock_passwd: %s\n", user->hash ? "false" : "true");
    vd_cloud_add(text, "    hashed_passwd: ", user->hash);
    if (user->sudo)
        vd_cloud_add(text,
                     "    sudo: ", user->hash ? "ALL=(ALL:ALL) ALL" : "ALL=(ALL:ALL) NOPASSWD:ALL");
    add_keys(text, user->keys);
}

static const char *shell_of(const VdRequest *request)
{
    gboolean plain = request->layout && vd_layout_is_family(request->layout, "alpine");
    return plain ? "/bin/sh" : "/bin/bash";
}

/* An empty list: the image's own default user is not made either. */
static void add_users(GString *text, const VdRequest *request)
{
    const VdCustomise *what = request->customise;
    GString *users = g_string_new(NULL);
    add_root(users, what);
    for (guint i = 0; i < what->users->len; i++)
        add_user(users, g_ptr_array_index(what->users, i), shell_of(request));
    g_string_append_printf(text, "users:%s%s", users->len > 0 ? "\n" : " []\n", users->str);
    explicit_bzero(users->str, users->len);
    g_string_free(users, TRUE);
}

static void add_file(GString *text, const char *path, const char *mode, const char *content)
{
    vd_cloud_add(text, "  - path: ", path);
    vd_cloud_add(text, "    permissions: ", mode);
    vd_cloud_add(text, "    content: ", content);
}

/* The machine's own name leads to itself, as the offline engine writes it. */
static void add_hosts_line(GString *text, const char *hostname)
{
    g_autofree char *host = g_strndup(hostname, strcspn(hostname, "."));
    g_autofree char *alias =
        g_str_equal(host, hostname) ? g_strdup("") : g_strconcat(" ", host, NULL);
    g_autofree char *command = g_strdup_printf("grep -qs '[[:space:]]%s' /etc/hosts || { sed -i "
                                               "'/^127\\.0\\.1\\.1[[:space:]]/d' /etc/hosts; "
                                               "printf '127.0.1.1\\t%s%s\\n' >>/etc/hosts; }",
                                               hostname, hostname, alias);
    vd_cloud_add(text, "  - ", command);
}

/* Systems whose interfaces are brought up by ifupdown write name servers only if a package is
 * there that often is not. */
static void add_name_servers(GString *text, const VdNetSpec *net)
{
    if (!net || net->dhcp || net->dns->len == 0)
        return;
    g_autoptr(GString) lines = g_string_new(NULL);
    for (guint i = 0; i < net->dns->len; i++)
        g_string_append_printf(lines, "nameserver %s\\n",
                               (const char *)g_ptr_array_index(net->dns, i));
    g_autofree char *command = g_strdup_printf(
        "grep -qs '^nameserver' /etc/resolv.conf || printf '%s' >/etc/resolv.conf", lines->str);
    vd_cloud_add(text, "  - ", command);
}

static void add_commands(GString *text, const VdCustomise *what)
{
    g_autoptr(GString) commands = g_string_new(NULL);
    if (what->hostname)
        add_hosts_line(commands, what->hostname);
    add_name_servers(commands, what->net);
    if (commands->len > 0)
        g_string_append_printf(text, "bootcmd:\n%s", commands->str);
}

static void add_firstboot(GString *text, const VdCustomise *what)
{
    if (!what->firstboot)
        return;
    g_autofree char *program = vd_firstboot_program(what->marker);
    g_autofree char *final = g_strdup_printf("vmdeck-firstboot: %s final", what->marker);
    g_string_append(text, "write_files:\n");
    add_file(text, VD_FIRSTBOOT_PROGRAM, "0755", program);
    add_file(text, VD_FIRSTBOOT_FOLDER "/state", "0600", "new\n");
    if (what->script) {
        char *script = vd_firstboot_script(what->script);
        add_file(text, VD_FIRSTBOOT_SCRIPT, "0700", script);
        vd_secret_free(script);
    }
    g_string_append(text, "runcmd:\n");
    g_string_append(text, "  - [\"" VD_FIRSTBOOT_PROGRAM "\"]\n");
    vd_cloud_add(text, "final_message: ", final);
}

char *vd_cloud_user(const VdRequest *request)
{
    const VdCustomise *what = request->customise;
    GString *text = g_string_new("#cloud-config\n");
    if (what->hostname) {
        /* Versions differ in which of the two they take. */
        vd_cloud_add(text, "hostname: ", what->hostname);
        vd_cloud_add(text, "fqdn: ", what->hostname);
        g_string_append(text, "prefer_fqdn_over_hostname: true\npreserve_hostname: false\n");
    }
    vd_cloud_add(text, "timezone: ", what->timezone);
    g_string_append_printf(text, "growpart:\n  mode: %s\nresize_rootfs: %s\n",
                           request->grow ? "auto" : "\"off\"", request->grow ? "true" : "false");
    /* Making a locale takes long, and nobody asked for one. */
    g_string_append(text, "locale: \"false\"\ndisable_root: false\nchpasswd:\n  expire: false\n");
    add_users(text, request);
    add_commands(text, what);
    add_firstboot(text, what);
    return g_string_free(text, FALSE);
}
