/* What differs between distributions is decided here and not in the agent: it gets the files of the
 * network system ready to be put in place. vmdeck-seed has a line for each thing, KEY=VALUE, no
 * value with a line feed in it; `end` is last, so that half a file is none. */
#include "config.h"

#include "src/guest/agent.h"

#include <string.h>
#include <sys/random.h>

#include "src/base/files.h"
#include "src/guest/firstboot.h"
#include "src/guest/iso.h"
#include "src/guest/netfiles.h"

enum { ENTROPY = 64 };

static const char program[] =
#include "src/guest/agent-text.h"
    ;

const char *vd_agent_program(void)
{
    return program;
}

const char *vd_agent_unit(void)
{
    return "[Unit]\n"
           "Description=Setting up a machine that vmdeck deploys\n"
           "DefaultDependencies=no\n"
           "After=local-fs.target systemd-remount-fs.service\n"
           "Wants=network-pre.target\n"
           "Before=sysinit.target network-pre.target shutdown.target\n"
           "Conflicts=shutdown.target\n"
           "\n"
           "[Service]\n"
           "Type=oneshot\n"
           "RemainAfterExit=yes\n"
           "TimeoutStartSec=600\n"
           "ExecStart=" VD_AGENT_PROGRAM "\n"
           "\n"
           "[Install]\n"
           "WantedBy=sysinit.target\n";
}

const char *vd_agent_sysv(void)
{
    return "#!/bin/sh\n"
           "# chkconfig: 2345 02 99\n"
           "# description: sets up a machine that vmdeck deploys\n"
           "### BEGIN INIT INFO\n"
           "# Provides:          vmdeck-agent\n"
           "# Required-Start:    $local_fs\n"
           "# Required-Stop:\n"
           "# X-Start-Before:    networking network\n"
           "# Default-Start:     S\n"
           "# Default-Stop:\n"
           "# Short-Description: sets up a machine that vmdeck deploys\n"
           "### END INIT INFO\n"
           "case \"$1\" in\n"
           "start) " VD_AGENT_PROGRAM " ;;\n"
           "esac\n"
           "exit 0\n";
}

const char *vd_agent_openrc(void)
{
    return "#!/sbin/openrc-run\n"
           "description=\"Setting up a machine that vmdeck deploys\"\n"
           "depend() {\n"
           "    need localmount\n"
           "    before net hostname\n"
           "}\n"
           "start() {\n"
           "    " VD_AGENT_PROGRAM "\n"
           "    return 0\n"
           "}\n";
}

/* KEY=VALUE; a value with a line feed would be two lines and is left out (request.c lets none in).
 */
static void add(GString *seed, const char *key, const char *value)
{
    if (value && !strpbrk(value, "\r\n"))
        g_string_append_printf(seed, "%s=%s\n", key, value);
}

static void add_each(GString *seed, const char *key, const GPtrArray *values)
{
    for (guint i = 0; i < values->len; i++)
        add(seed, key, g_ptr_array_index(values, i));
}

/* Takes text. */
static void add_file(GPtrArray *files, const char *name, char *text)
{
    VdSeedFile *file = g_new0(VdSeedFile, 1);
    file->name = g_strdup(name);
    file->text = text;
    g_ptr_array_add(files, file);
}

static void add_network(GString *seed, const VdRequest *request, GPtrArray *files)
{
    if (!request->customise->net)
        return;
    g_autofree char *uuid = g_uuid_string_random();
    g_autoptr(VdNetFiles) plan = vd_netfiles_new(request->layout, request->customise->net, uuid);
    add(seed, "suffix", plan->suffix);
    add_each(seed, "aside", plan->aside);
    for (guint i = 0; i < plan->files->len; i++) {
        const VdNewFile *file = g_ptr_array_index(plan->files, i);
        g_autofree char *name = g_strdup_printf("file-%u", i);
        if (file->mode == 0) {
            g_string_append_printf(seed, "link=%s %s\n", file->path, file->text);
            continue;
        }
        g_string_append_printf(seed, "%s=%04o %s %s\n", file->soft ? "soft" : "file",
                               (guint)file->mode, name, file->path);
        add_file(files, name, g_strdup(file->text));
    }
}

static void add_people(GString *seed, const VdCustomise *what)
{
    if (what->root_locked)
        add(seed, "root_locked", "1");
    add(seed, "root_hash", what->root_hash);
    add_each(seed, "root_key", what->root_keys);
    if (what->users->len == 0)
        return;
    const VdUserSpec *user = g_ptr_array_index(what->users, 0);
    add(seed, "user", user->name);
    add(seed, "user_hash", user->hash);
    if (user->sudo)
        add(seed, "user_sudo", "1");
    add_each(seed, "user_key", user->keys);
}

static void add_grow(GString *seed, const VdRequest *request)
{
    if (!request->grow)
        return;
    add(seed, "grow", "1");
    add(seed, "vg", request->layout->grow.vg);
    add(seed, "lv", request->layout->grow.lv);
}

/* Machines of one image would otherwise begin with the same random numbers. */
static void add_entropy(GString *seed)
{
    guint8 bytes[ENTROPY];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return;
    g_autofree char *text = g_base64_encode(bytes, sizeof bytes);
    add(seed, "entropy", text);
}

void vd_agent_seed(const VdRequest *request, GPtrArray *files)
{
    const VdCustomise *what = request->customise;
    GString *seed = g_string_new(NULL);
    g_autofree char *instance = g_strconcat("vmdeck-", request->id, NULL);
    add(seed, "instance", instance);
    add(seed, "marker", what->marker ? what->marker : request->id);
    add_entropy(seed);
    add(seed, "hostname", what->hostname);
    add(seed, "timezone", what->timezone);
    if (vd_layout_is_family(request->layout, "debian"))
        add(seed, "family", "debian");
    add_grow(seed, request);
    add_people(seed, what);
    add_network(seed, request, files);
    g_string_append(seed, "end=1\n");
    add_file(files, "vmdeck-seed", g_string_free(seed, FALSE));
    add_file(files, "program", vd_firstboot_program(what->marker ? what->marker : request->id));
    if (what->script)
        add_file(files, "script", vd_firstboot_script(what->script));
}
