/* libvirt tells nobody the process it runs ssh in. It is a child of ours whose command line ends as
 * libvirt writes it: options, `--`, the server, what is run there. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "src/base/log.h"
#include "src/virt/ssh.h"
#include "src/virt/uri.h"
#include "src/virt/vevent.h"

static gboolean is_child(const char *pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/status", pid), *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return FALSE;
    const char *line = strstr(text, "\nPPid:");
    return line && atol(line + 6) == (long)getpid();
}

/* The word behind `--` is the server, and ssh is what runs. */
static gboolean leads_to(const char *pid, const char *server)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/cmdline", pid), *text = NULL;
    gsize length = 0;
    if (!g_file_get_contents(path, &text, &length, NULL) || length == 0)
        return FALSE;
    g_autofree char *name = g_path_get_basename(text);
    gboolean ssh = strcmp(name, "ssh") == 0 || strcmp(name, "vmdeck-ssh") == 0;
    gboolean next = FALSE;
    for (const char *word = text; ssh && word < text + length; word += strlen(word) + 1) {
        if (next)
            return strcmp(word, server) == 0;
        next = strcmp(word, "--") == 0;
    }
    return FALSE;
}

/* Reading of other processes may wait, so not on the loop. */
static void *abort_all(void *data)
{
    g_autofree char *server = data;
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    const char *name;
    while (proc && (name = g_dir_read_name(proc))) {
        if (!g_ascii_isdigit(*name) || !is_child(name) || !leads_to(name, server))
            continue;
        vd_log(VD_LOG_WARNING, NULL, "ending ssh to %s, process %s", server, name);
        (void)kill((pid_t)atol(name), SIGTERM);
    }
    return NULL;
}

void vd_ssh_abort(const char *uri)
{
    VdUri parts;
    if (!vd_uri_parse(uri, &parts))
        return;
    gboolean ssh = g_strcmp0(parts.transport, "ssh") == 0 && parts.server;
    char *server = ssh ? g_strdup(parts.server) : NULL;
    vd_uri_clear(&parts);
    if (server && !vd_thread_start("vd-abort", abort_all, server))
        g_free(server);
}
