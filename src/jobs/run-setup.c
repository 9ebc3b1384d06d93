/* What a runner's process is like: it outlives the terminal, leaves no core, stands back behind
 * people and machines, and has its own place for what it logs. */
#include "config.h"

#include "src/jobs/run.h"

#include <locale.h>
#include <signal.h>
#include <string.h>
#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/base/log.h"
#include "src/base/paths.h"
#include "src/base/turn.h"

void vd_run_process_setup(void)
{
    const struct rlimit no_core = {0, 0};
    sigset_t none;
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    /* A core would hold what the job's secrets were. */
    setrlimit(RLIMIT_CORE, &no_core);
    vd_turn_last(); /* before threads are made, which take it over as children do */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(022);
    if (chdir("/") != 0)
        g_printerr("/: %s\n", g_strerror(errno));
    /* What goes into journal and logs is not translated. */
    setlocale(LC_MESSAGES, "C");
    if (vd_log_fd() < 0) {
        g_autofree char *path = vd_path_log();
        vd_log_open(path, NULL);
    }
}
