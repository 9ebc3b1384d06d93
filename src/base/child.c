/* A short-lived child, waited for with a deadline.
 *
 * GSubprocess does the work; a context of our own turns until it has ended, so that any thread may
 * wait for it. A child that cannot be killed (it sleeps in the kernel) is left behind. What it
 * writes is read here rather than by g_subprocess_communicate(), which knows no bound. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gio/gio.h>

#include "src/base/child.h"
#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"

#define OUTPUT_BYTES ((gsize)16 * 1024 * 1024)

typedef struct {
    GSubprocess *process;
    GCancellable *cancel;
    VdChild *ret;
    guint left; /* of both pipes and the end */
} Wait;

void vd_child_clear(VdChild *child)
{
    g_clear_pointer(&child->out, g_free);
    g_clear_pointer(&child->error, g_free);
}

/* Between fork and exec: async-signal-safe calls only. */
static void no_core(gpointer data)
{
    const struct rlimit none = {0, 0};

    (void)data;
    (void)setrlimit(RLIMIT_CORE, &none);
}

/* For a memory stream: no memory beyond the bound is as no memory. */
static gpointer grow(gpointer data, gsize size)
{
    return size > OUTPUT_BYTES ? NULL : g_realloc(data, size);
}

static char *text_of(GMemoryOutputStream *stream)
{
    gsize length = g_memory_output_stream_get_data_size(stream);
    const char *data = length > 0 ? g_memory_output_stream_get_data(stream) : "";

    return g_utf8_make_valid(data, (gssize)length);
}

static void has_read(GObject *source, GAsyncResult *result, gpointer data)
{
    Wait *wait = data;
    g_autoptr(GError) why = NULL;

    wait->left--;
    if (g_output_stream_splice_finish(G_OUTPUT_STREAM(source), result, &why) >= 0 ||
        !g_error_matches(why, G_IO_ERROR, G_IO_ERROR_NO_SPACE))
        return;
    wait->ret->flooded = TRUE;
    g_subprocess_force_exit(wait->process);
    g_cancellable_cancel(wait->cancel);
}

static void ended(GObject *source, GAsyncResult *result, gpointer data)
{
    Wait *wait = data;

    (void)g_subprocess_wait_finish(G_SUBPROCESS(source), result, NULL);
    wait->left--;
}

static GMemoryOutputStream *read_pipe(Wait *wait, GInputStream *pipe)
{
    GOutputStream *stream = g_memory_output_stream_new(NULL, 0, grow, g_free);

    wait->left++;
    g_output_stream_splice_async(
        stream, pipe, G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE | G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
        G_PRIORITY_DEFAULT, wait->cancel, has_read, wait);
    return G_MEMORY_OUTPUT_STREAM(stream);
}

static gboolean too_late(gpointer data)
{
    Wait *wait = data;

    wait->ret->late = TRUE;
    g_subprocess_force_exit(wait->process);
    g_cancellable_cancel(wait->cancel);
    return G_SOURCE_REMOVE;
}

static gboolean not_wanted(GCancellable *stop, gpointer data)
{
    (void)stop;
    return too_late(data);
}

static GSource *watch_stop(GMainContext *context, Wait *wait, GCancellable *stop)
{
    GSource *source = g_cancellable_source_new(stop);

    g_source_set_callback(source, G_SOURCE_FUNC(not_wanted), wait, NULL);
    g_source_attach(source, context);
    return source;
}

static void drop_source(GSource *source)
{
    g_source_destroy(source);
    g_source_unref(source);
}

static void wait_for(GMainContext *context, Wait *wait, int deadline_ms, GCancellable *stop)
{
    GSource *timer = g_timeout_source_new((guint)deadline_ms);
    GSource *stopped = stop != NULL ? watch_stop(context, wait, stop) : NULL;
    g_autoptr(GMemoryOutputStream) out = NULL;
    g_autoptr(GMemoryOutputStream) error = NULL;

    g_source_set_callback(timer, too_late, wait, NULL);
    g_source_attach(timer, context);
    out = read_pipe(wait, g_subprocess_get_stdout_pipe(wait->process));
    error = read_pipe(wait, g_subprocess_get_stderr_pipe(wait->process));
    wait->left++;
    g_subprocess_wait_async(wait->process, wait->cancel, ended, wait);
    while (wait->left > 0)
        g_main_context_iteration(context, TRUE);
    /* Half of what it would have said is not what it said. */
    wait->ret->out = wait->ret->late || wait->ret->flooded ? g_strdup("") : text_of(out);
    wait->ret->error = wait->ret->late || wait->ret->flooded ? g_strdup("") : text_of(error);
    drop_source(timer);
    if (stopped != NULL)
        drop_source(stopped);
}

static void read_status(Wait *wait)
{
    VdChild *ret = wait->ret;

    /* After a kill of ours its status says only that; asking for it could wait. */
    if (ret->late || ret->flooded)
        return;
    if (g_subprocess_get_if_exited(wait->process))
        ret->status = g_subprocess_get_exit_status(wait->process);
    else if (g_subprocess_get_if_signaled(wait->process))
        ret->signal = g_subprocess_get_term_sig(wait->process);
}

/* A file in memory with the input, at its start; -1 if there is no memory. Unlike a pipe it neither
 * fills up nor breaks when the child does not read it. */
static int input_file(const char *input)
{
    int file = memfd_create("vmdeck-input", MFD_CLOEXEC);
    gsize length = strlen(input);

    if (file >= 0 && write(file, input, length) == (gssize)length && lseek(file, 0, SEEK_SET) == 0)
        return file;
    if (file >= 0)
        close(file);
    return -1;
}

static gboolean run_child(const char *const *argv, const char *input, int deadline_ms,
                          GCancellable *stop, VdChild *ret, GError **error)
{
    GSubprocessFlags flags = G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE;
    g_autoptr(GSubprocessLauncher) launcher = NULL;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GSubprocess) process = NULL;
    g_autoptr(GError) why = NULL;
    Wait wait = {NULL, cancel, ret, 0};

    *ret = (VdChild){.status = -1};
    launcher = g_subprocess_launcher_new(flags);
    if (input != NULL) {
        int file = input_file(input);

        if (file < 0)
            return vd_fail(error, VD_ERR_FAILED, g_strerror(errno), _("%s could not be run."),
                           argv[0]);
        g_subprocess_launcher_take_stdin_fd(launcher, file);
    }
    g_subprocess_launcher_setenv(launcher, "LC_ALL", "C", TRUE);
    g_subprocess_launcher_set_child_setup(launcher, no_core, NULL, NULL);
    g_main_context_push_thread_default(context);
    process = g_subprocess_launcher_spawnv(launcher, argv, &why);
    if (process != NULL) {
        wait.process = process;
        wait_for(context, &wait, deadline_ms, stop);
        read_status(&wait);
    }
    g_main_context_pop_thread_default(context);
    if (process != NULL)
        return TRUE;
    if (g_error_matches(why, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT))
        return vd_fail(error, VD_ERR_NOT_FOUND, why->message, _("%s is not installed."), argv[0]);
    return vd_fail(error, VD_ERR_FAILED, why->message, _("%s could not be run."), argv[0]);
}

gboolean vd_child_run(const char *const *argv, const char *input, int deadline_ms, VdChild *ret,
                      GError **error)
{
    return run_child(argv, input, deadline_ms, NULL, ret, error);
}

gboolean vd_child_run_until(const char *const *argv, int deadline_ms, GCancellable *cancel,
                            VdChild *ret, GError **error)
{
    return run_child(argv, NULL, deadline_ms, cancel, ret, error);
}

char *vd_child_words(const VdChild *child)
{
    g_auto(GStrv) lines = g_strsplit(child->error != NULL ? child->error : "", "\n", 256);
    const char *words = "", *colon;

    for (char **line = lines; *line != NULL; line++) {
        if (*g_strstrip(*line) == '\0')
            continue;
        if (strstr(*line, "error: ") != NULL || strstr(words, "error: ") == NULL)
            words = *line;
    }
    colon = strstr(words, "error: ");
    if (colon != NULL)
        words = colon + strlen("error: ");
    else if ((colon = strstr(words, ": ")) != NULL && strchr(words, ' ') > colon)
        words = colon + 2;
    return vd_text_clean(words, 200, FALSE);
}
