/* The program's rules:
 * - A terminal that a getty starts on is hung up, and descriptors open on it go dead: each line
 * opens it anew.
 * - A device node says nothing about the device: the first line that can really be written picks
 * it.
 * - Once: the state in a file goes from "new" through "started" to "done"; a script that was cut
 *   short by a restart is reported at the next boot, never run twice.
 * - It disables itself and removes the script, which may hold secrets; the log is root's alone. */
#include "config.h"

#include "src/guest/firstboot.h"

#include <string.h>

#include "src/guest/agent.h"

static const char program_head[] =
    "#!/bin/sh\n"
    "# Written by vmdeck: runs once, at the first boot, and tells the serial console how it goes.\n"
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
    "export PATH\n";

static const char program_body[] =
    "dir=" VD_FIRSTBOOT_FOLDER "\n"
    "log=" VD_FIRSTBOOT_LOG "\n"
    "script=" VD_FIRSTBOOT_SCRIPT "\n"
    "\n"
    "say() {\n"
    "    line=\"vmdeck-firstboot: $marker $1\"\n"
    "    printf '%s\\n' \"$line\" >>\"$log\" 2>/dev/null\n"
    "    for tty in /dev/ttyS0 /dev/ttyu0 /dev/ttyAMA0 /dev/hvc0 /dev/ttysclp0 /dev/console; do\n"
    "        [ -c \"$tty\" ] || continue\n"
    "        { printf '\\r\\n%s\\r\\n' \"$line\" >\"$tty\"; } 2>/dev/null && return\n"
    "    done\n"
    "}\n"
    "\n"
    "address() {\n"
    "    { ip -o addr show scope global 2>/dev/null ||\n"
    "        ifconfig 2>/dev/null | grep -Ev ' (fe80|127\\.|::1 )'; } |\n"
    "        sed -n 's/.*[[:space:]]inet6\\{0,1\\} \\([0-9a-fA-F.:]*\\).*/\\1/p' |\n"
    "        head -n 4 | tr '\\n' ' '\n"
    "}\n"
    "\n"
    "run_script() {\n"
    "    [ -f \"$script\" ] || return 0\n"
    "    say 'step script'\n"
    "    { \"$script\" </dev/null 2>&1; echo $? >\"$dir/status\"; } |\n"
    "        while IFS= read -r output || [ -n \"$output\" ]; do say \"out $output\"; done\n"
    "    read -r code <\"$dir/status\" || code=1\n"
    "    return \"${code:-1}\"\n"
    "}\n"
    "\n"
    "finish() {\n"
    "    echo done >\"$dir/state\"\n"
    "    rm -f \"$script\" \"$dir/status\" \\\n"
    "        /etc/systemd/system/multi-user.target.wants/vmdeck-firstboot.service\n"
    "    # An agent cannot bring these back in time for the boot that it runs in; insserv "
    "renumbers.\n"
    "    [ -x " VD_AGENT_PROGRAM " ] ||\n"
    "        rm -f /etc/rc[0-6].d/S[0-9][0-9]vmdeck-firstboot \\\n"
    "            /etc/rc.d/rc[0-6].d/S[0-9][0-9]vmdeck-firstboot \\\n"
    "            /etc/runlevels/default/vmdeck-firstboot\n"
    "    sync\n"
    "    say \"done $1\"\n"
    "    # A getty that starts on the line just now may have swallowed it.\n"
    "    sleep 6\n"
    "    say \"done $1\"\n"
    "}\n"
    "\n"
    "state=new\n"
    "[ -r \"$dir/state\" ] && read -r state <\"$dir/state\"\n"
    "[ \"$state\" = done ] && exit 0\n"
    "mkdir -p \"$dir\"\n"
    "[ -f \"$log\" ] || (umask 077 && : >\"$log\")\n"
    "say start\n"
    "if [ \"$state\" = started ]; then\n"
    "    say 'step interrupted'\n"
    "    finish 143\n"
    "    exit 0\n"
    "fi\n"
    "echo started >\"$dir/state\"\n"
    "sync\n"
    "say \"step address $(address)\"\n"
    "run_script\n"
    "status=$?\n"
    "finish \"$status\"\n"
    "exit 0\n";

char *vd_firstboot_program(const char *marker)
{
    g_return_val_if_fail(!strpbrk(marker, "'\n"), NULL);
    return g_strdup_printf("%smarker='%s'\n%s", program_head, marker, program_body);
}

char *vd_firstboot_script(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1); /* pasted from elsewhere */
    g_autofree char *joined = g_strjoinv("\n", lines);
    const char *first = g_str_has_prefix(joined, "#!") ? "" : "#!/bin/sh\n";
    const char *last = g_str_has_suffix(joined, "\n") ? "" : "\n";
    return g_strconcat(first, joined, last, NULL);
}

const char *vd_firstboot_unit(void)
{
    return "[Unit]\n"
           "Description=First boot of a machine that vmdeck deployed\n"
           "Wants=network-online.target\n"
           "After=network-online.target vmdeck-ssh-keys.service\n"
           "ConditionFileIsExecutable=" VD_FIRSTBOOT_PROGRAM "\n"
           "\n"
           "[Service]\n"
           "Type=oneshot\n"
           "ExecStart=" VD_FIRSTBOOT_PROGRAM "\n"
           "\n"
           "[Install]\n"
           "WantedBy=multi-user.target\n";
}

const char *vd_firstboot_keys_unit(void)
{
    return "[Unit]\n"
           "Description=SSH host keys of this machine\n"
           "ConditionFileIsExecutable=/usr/bin/ssh-keygen\n"
           "ConditionPathExistsGlob=!/etc/ssh/ssh_host_*_key\n"
           "After=sshd-keygen.target\n"
           "Before=ssh.service sshd.service ssh.socket sshd.socket\n"
           "\n"
           "[Service]\n"
           "Type=oneshot\n"
           "ExecStart=/usr/bin/ssh-keygen -A\n"
           "\n"
           "[Install]\n"
           "WantedBy=multi-user.target\n";
}

const char *vd_firstboot_sysv(void)
{
    return "#!/bin/sh\n"
           "# chkconfig: 2345 99 01\n"
           "# description: first boot of a machine that vmdeck deployed\n"
           "### BEGIN INIT INFO\n"
           "# Provides:          vmdeck-firstboot\n"
           "# Required-Start:    $all\n"
           "# Required-Stop:\n"
           "# Default-Start:     2 3 4 5\n"
           "# Default-Stop:\n"
           "# Short-Description: first boot of a machine that vmdeck deployed\n"
           "### END INIT INFO\n"
           "case \"$1\" in\n"
           "start) [ ! -x " VD_FIRSTBOOT_PROGRAM " ] || " VD_FIRSTBOOT_PROGRAM
           " </dev/null >/dev/null 2>&1 & ;;\n"
           "esac\n"
           "exit 0\n";
}

const char *vd_firstboot_keys_sysv(void)
{
    return "#!/bin/sh\n"
           "# chkconfig: 2345 01 99\n"
           "# description: SSH host keys of this machine\n"
           "### BEGIN INIT INFO\n"
           "# Provides:          vmdeck-ssh-keys\n"
           "# Required-Start:    $local_fs\n"
           "# Required-Stop:\n"
           "# X-Start-Before:    ssh\n"
           "# Default-Start:     2 3 4 5\n"
           "# Default-Stop:\n"
           "# Short-Description: SSH host keys of this machine\n"
           "### END INIT INFO\n"
           "case \"$1\" in\n"
           "start) ls /etc/ssh/ssh_host_*_key >/dev/null 2>&1 || /usr/bin/ssh-keygen -A ;;\n"
           "esac\n"
           "exit 0\n";
}

const char *vd_firstboot_openrc(void)
{
    return "#!/sbin/openrc-run\n"
           "description=\"First boot of a machine that vmdeck deployed\"\n"
           "depend() {\n"
           "    need localmount\n"
           "    after net sshd *\n"
           "}\n"
           "start() {\n"
           "    [ ! -x " VD_FIRSTBOOT_PROGRAM " ] || " VD_FIRSTBOOT_PROGRAM
           " </dev/null >/dev/null 2>&1 &\n"
           "    return 0\n"
           "}\n";
}
