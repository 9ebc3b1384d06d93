/* The program: a job runner, one command, or the console. */
#include "config.h"

#include <errno.h>
#include <glib.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#include "src/base/i18n.h"
#include "src/base/locale.h"
#include "src/base/paths.h"
#include "src/cli/cli.h"
#include "src/deploy/deploy.h"
#include "ui/ui.h"

enum { LARGE_BLOCK = 512 * 1024 };

/* A hundred hosts with their lanes hold more descriptors than the usual 1024. */
static void allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= 65536)
        return;
    limit.rlim_cur = MIN(limit.rlim_max, 65536);
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int console(const VdCliConsole *wanted)
{
    /* Each lane is a thread, and glibc would keep an arena for each, mostly of freed memory: with
     * 1,000 machines a tenth of all that is resident. They allocate too little to contend. */
    mallopt(M_ARENA_MAX, 1);
    /* A large block that is freed would raise the size from which blocks are mapped, up to 32 MiB,
     * and what is kept free at the heap's end to twice that: one answer of a host that lies about
     * its length, and the program stays that large. */
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
    mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK);
    GMainContext *context = g_main_context_new();
    g_main_context_push_thread_default(context);
    VdDeckOptions options = wanted->deck;
    options.live = TRUE;
    options.connect = TRUE;
    VdUiOptions ui = {.ascii = wanted->ascii,
                      .theme = wanted->theme,
                      .no_mouse = wanted->no_mouse,
                      .idle_fd = wanted->idle_fd,
                      .clock = wanted->clock};
    vd_ui_prepare(&ui);
    VdDeck *deck = vd_deck_new(context, &options);
    int status = vd_ui_run(deck, context, &ui);
    vd_deck_free(deck);
    g_main_context_pop_thread_default(context);
    g_main_context_unref(context);
    return status;
}

static int work(int argc, char **argv)
{
    g_autofree char *locale = vd_path_locale();
    bindtextdomain(PACKAGE, locale);
    bind_textdomain_codeset(PACKAGE, "UTF-8");
    textdomain(PACKAGE);
    signal(SIGPIPE, SIG_IGN);
    /* libvirt's warnings go to stderr on their own; what fails is told by us. */
    (void)g_setenv("LIBVIRT_DEBUG", "4", FALSE);
    if (argc >= 3 && strcmp(argv[1], "job-run") == 0)
        return vd_runner_main(vd_deploy_kinds, argv[2], argc > 3 ? argv[3] : NULL);
    allow_descriptors();
    gboolean wants_console = FALSE;
    VdCliConsole wanted = {.deck.check = vd_ui_check};
    int status = vd_cli_main(argc, argv, &wants_console, &wanted);
    if (wants_console) {
        status = console(&wanted);
        g_free((gpointer)wanted.deck.uris);
    }
    return status;
}

/* Threads may live on: a lane whose call hangs, another that just closes its connection, libvirt's
 * own. Exit handlers and destructors of libraries (OpenSSL, GnuTLS, libxml2) would free what those
 * use, so the process ends without them. */
static G_GNUC_NORETURN void leave(int status)
{
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == 0) {
        if (errno != EPIPE) /* who reads has enough */
            g_printerr(_("vmdeck: the output cannot be written: %s\n"), g_strerror(errno));
        status = 1;
    }
    fflush(stderr);
#ifdef __SANITIZE_ADDRESS__
    (void)alarm(0); /* leaving is watched over, which this may outlast */
    __lsan_do_leak_check();
#endif
    _exit(status);
}

int main(int argc, char **argv)
{
    vd_locale_start();
    leave(work(argc, argv));
}
