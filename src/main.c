/* The program: a job runner or one command. */
#include "config.h"

#include <glib.h>
#include <locale.h>
#include <signal.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/cli/cli.h"
#include "src/deploy/deploy.h"

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    g_autofree char *locale = vd_path_locale();
    bindtextdomain(PACKAGE, locale);
    bind_textdomain_codeset(PACKAGE, "UTF-8");
    textdomain(PACKAGE);
    signal(SIGPIPE, SIG_IGN);
    if (argc >= 3 && strcmp(argv[1], "job-run") == 0)
        return vd_runner_main(vd_deploy_kinds, argv[2],
                              argc > 3 && strcmp(argv[3], "--rollback") == 0);
    gboolean wants_console = FALSE;
    VdCliConsole wanted;
    int status = vd_cli_main(argc, argv, &wants_console, &wanted);
    return status;
}
