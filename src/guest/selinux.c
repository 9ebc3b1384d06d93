/* A table by prefix, first match wins: only places that customising writes to. */
#include "config.h"

#include "src/guest/selinux.h"

#include <string.h>

char *vd_selinux_context(const char *path)
{
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
    const char *type = "default_t";
    if (g_str_has_prefix(path, "/home/")) {
        const char *inside = strchr(path + strlen("/home/"), '/');
        type = inside ? "user_home_t" : "user_home_dir_t";
        if (inside && g_str_has_prefix(inside, "/.ssh"))
            type = "ssh_home_t";
        return g_strdup_printf("system_u:object_r:%s:s0", type);
    }
    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        gsize length = strlen(types[i].prefix);
        if (strncmp(path, types[i].prefix, length) != 0)
            continue;
        if (path[length] != '\0' && path[length] != '/')
            continue;
        type = types[i].type;
        break;
    }
    return g_strdup_printf("system_u:object_r:%s:s0", type);
}
