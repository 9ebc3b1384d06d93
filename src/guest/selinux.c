/* A table by prefix, first match wins: only places that customising writes to. */
#include "config.h"

#include "src/guest/selinux.h"

#include <string.h>

static const struct {
    const char *prefix, *type;
} types[] = {
    {"/etc/shadow", "shadow_t"},
    {"/etc/gshadow", "shadow_t"},
    {"/etc/passwd", "passwd_file_t"},
    {"/etc/group", "passwd_file_t"},
    {"/etc/hostname", "hostname_etc_t"},
    {"/etc/hosts", "net_conf_t"},
    {"/etc/resolv.conf", "net_conf_t"},
    {"/etc/localtime", "locale_t"},
    {"/etc/machine-id", "machineid_t"},
    {"/etc/NetworkManager/system-connections", "NetworkManager_etc_rw_t"},
    {"/etc/sysconfig/network-scripts", "net_conf_t"},
    {"/etc/systemd/system", "systemd_unit_file_t"},
    {"/etc/init.d", "initrc_exec_t"},
    {"/etc/rc.d/init.d", "initrc_exec_t"},
    {"/etc", "etc_t"},
    {"/root/.ssh", "ssh_home_t"},
    {"/root", "admin_home_t"},
    {"/usr/local/sbin", "bin_t"},
    {"/var/lib/systemd", "init_var_lib_t"},
    {"/var/lib", "var_lib_t"},
    {"/var/log", "var_log_t"},
};

static const char *home_type(const char *path)
{
    const char *inside = strchr(path + strlen("/home/"), '/');
    if (!inside)
        return "user_home_dir_t";
    return g_str_has_prefix(inside, "/.ssh") ? "ssh_home_t" : "user_home_t";
}

static const char *type_of(const char *path)
{
    if (g_str_has_prefix(path, "/home/"))
        return home_type(path);
    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        gsize length = strlen(types[i].prefix);
        if (strncmp(path, types[i].prefix, length) == 0 &&
            (path[length] == '\0' || path[length] == '/'))
            return types[i].type;
    }
    return "default_t";
}

char *vd_selinux_context(const char *path)
{
    return g_strdup_printf("system_u:object_r:%s:s0", type_of(path));
}
