/* Small jobs with visible effects. Each act makes a file, each undo removes it and adds a line to
 * `order`, so that a test sees what was done, undone and in which order. */
#include "config.h"

#include "tests/engine/runner-kinds.h"

#include <json-glib/json-glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/paths.h"
#include "src/base/traces.h"

#define DEADLINE (60 * G_USEC_PER_SEC)
#define PAUSE    5000
/* Progress is written four times a second. */
#define LONGER_THAN_A_WRITE (G_USEC_PER_SEC / 3)

static char *in_work(const char *spec, const char *name)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    if (!json_parser_load_from_data(parser, spec, -1, NULL))
        return NULL;
    JsonObject *object = json_node_get_object(json_parser_get_root(parser));
    return g_build_filename(json_object_get_string_member(object, "work"), name, NULL);
}

static void add_line(const char *path, const char *text)
{
    FILE *file = fopen(path, "a");
    if (!file)
        return;
    fprintf(file, "%s\n", text);
    fclose(file);
}

static gboolean act(VdRun *run, const char *name, GError **error)
{
    g_autofree char *path = in_work(vd_run_spec(run), name);
    return vd_run_undo(run, "file", path, error) && g_file_set_contents(path, "x", 1, error);
}

static gboolean undo_file(VdRun *run, const char *argument, GError **error)
{
    g_autofree char *order = in_work(vd_run_spec(run), "order");
    g_autofree char *block = in_work(vd_run_spec(run), "block");
    g_autofree char *mute = in_work(vd_run_spec(run), "mute");
    g_autofree char *name = g_path_get_basename(argument);
    g_autofree char *mute_too = g_strdup_printf("%s-%s", mute, name);
    while (g_file_test(mute, G_FILE_TEST_EXISTS) || g_file_test(mute_too, G_FILE_TEST_EXISTS))
        g_usleep(PAUSE);
    if (g_file_test(block, G_FILE_TEST_EXISTS) && strcmp(name, "two") == 0)
        return vd_fail(error, VD_ERR_UNREACHABLE, "refused", "The host does not answer.");
    if (g_cancellable_is_cancelled(vd_run_cancellable(run)))
        return vd_fail(error, VD_ERR_FAILED, NULL, "The undo was cancelled.");
    unlink(argument);
    add_line(order, name);
    return TRUE;
}

/* ---- quick ---- */

static void got_line(VdRun *run, const char *line, gpointer data)
{
    g_string_append_printf(data, "[%s]", line);
    vd_run_text(run, "%s", line);
}

static gboolean quick_one(VdRun *run, GError **error)
{
    g_autofree char *self = vd_path_self();
    const char *const argv[] = {self, "child-echo", NULL};
    g_autoptr(GString) lines = g_string_new(NULL);
    char *secrets = vd_run_secrets(run, error);
    if (!secrets || !act(run, "one", error))
        return FALSE;
    gboolean ok = vd_run_child(run, argv, secrets, got_line, lines, error);
    vd_secret_free(secrets);
    if (!ok)
        return FALSE;
    /* It answers with the length of what it read, and one long line cut short. */
    vd_run_set(run, "lines", lines->str);
    vd_run_next_step(run, "covered");
    vd_run_progress(run, 0.5);
    vd_run_text(run, "covered \033[2J by %s", "one");
    return TRUE;
}

static gboolean quick_last(VdRun *run, GError **error)
{
    g_autofree char *result = in_work(vd_run_spec(run), "result");
    g_autoptr(GError) second = NULL;
    if (vd_run_secrets(run, &second) || second)
        return vd_fail(error, VD_ERR_FAILED, NULL, "The secrets came twice.");
    vd_run_note(run, "a note");
    return g_file_set_contents(result, vd_run_get(run, "lines"), -1, error);
}

static const VdStepSpec quick_steps[] = {{"one", "first", 1, quick_one},
                                         {"covered", "second", 2, NULL},
                                         {"unused", "third", 1, NULL},
                                         {"last", "fourth", 1, quick_last},
                                         {NULL, NULL, 0, NULL}};

/* ---- gate ---- */

static gboolean gate_acts(VdRun *run, GError **error)
{
    return act(run, "one", error) && act(run, "two", error);
}

/* Waits for the file `go`, as long as nobody cancels, with progress; with the file `more` it acts
 * once more then. */
static gboolean gate_wait(VdRun *run, GError **error)
{
    g_autofree char *go = in_work(vd_run_spec(run), "go");
    g_autofree char *more = in_work(vd_run_spec(run), "more");
    gint64 deadline = g_get_monotonic_time() + DEADLINE;
    if (!act(run, "three", error))
        return FALSE;
    for (int i = 0; g_get_monotonic_time() < deadline; i++) {
        if (g_file_test(go, G_FILE_TEST_EXISTS))
            return !g_file_test(more, G_FILE_TEST_EXISTS) || act(run, "four", error);
        if (g_cancellable_set_error_if_cancelled(vd_run_cancellable(run), error))
            return FALSE;
        vd_run_progress(run, 0.5 + (i % 100) / 1000.0);
        vd_run_text(run, "round %d", i);
        g_usleep(PAUSE);
    }
    return vd_fail(error, VD_ERR_TIMEOUT, NULL, "Nobody opened the gate.");
}

static const VdStepSpec gate_steps[] = {
    {"acts", "acts", 1, gate_acts}, {"wait", "waits", 9, gate_wait}, {NULL, NULL, 0, NULL}};

/* ---- fails, child, hang ---- */

static gboolean fail_now(VdRun *run, GError **error)
{
    (void)run;
    return vd_fail(error, VD_ERR_NO_SPACE, "errno 28", "There is no room in the pool %s.",
                   "default");
}

static gboolean keep_and_fail(VdRun *run, GError **error)
{
    vd_run_keep(run);
    return vd_fail(error, VD_ERR_UNREACHABLE, NULL, "The host is away.");
}

/* Its last words are on their way to the journal, by the main thread, while it holds the journal.
 */
static gboolean talk_and_fail(VdRun *run, GError **error)
{
    g_autofree char *path = in_work(vd_run_spec(run), "none");
    if (!vd_run_undo(run, "file", path, error))
        return FALSE;
    g_usleep(LONGER_THAN_A_WRITE);
    vd_run_text(run, "192.0.2.7");
    return keep_and_fail(run, error);
}

static gboolean keep_and_wonder(VdRun *run, GError **error)
{
    vd_run_keep(run);
    return vd_fail(error, VD_ERR_UNKNOWN, NULL, "Nobody heard how it ended.");
}

static gboolean wonder(VdRun *run, GError **error)
{
    (void)run;
    return vd_fail(error, VD_ERR_UNKNOWN, NULL, "Nobody heard how it ended.");
}

static const VdStepSpec wonder_steps[] = {
    {"acts", "acts", 1, gate_acts}, {"end", "ends", 1, keep_and_wonder}, {NULL, NULL, 0, NULL}};
static const VdStepSpec lost_steps[] = {
    {"acts", "acts", 1, gate_acts}, {"end", "ends", 1, wonder}, {NULL, NULL, 0, NULL}};
static const VdStepSpec keep_steps[] = {
    {"acts", "acts", 1, gate_acts}, {"fail", "fails", 1, keep_and_fail}, {NULL, NULL, 0, NULL}};

static const VdStepSpec talk_steps[] = {{"talk", "talks", 1, talk_and_fail}, {NULL, NULL, 0, NULL}};

static const VdStepSpec fail_steps[] = {
    {"acts", "acts", 1, gate_acts}, {"fail", "fails", 1, fail_now}, {NULL, NULL, 0, NULL}};

static void child_line(VdRun *run, const char *line, gpointer data)
{
    (void)data;
    g_autofree char *pids = in_work(vd_run_spec(run), "pids");
    add_line(pids, line);
}

static gboolean stubborn(VdRun *run, GError **error)
{
    g_autofree char *self = vd_path_self();
    const char *const argv[] = {self, "child-stubborn", NULL};
    return act(run, "one", error) && vd_run_child(run, argv, NULL, child_line, NULL, error);
}

static const VdStepSpec child_steps[] = {{"child", "child", 1, stubborn}, {NULL, NULL, 0, NULL}};

/* Tells the code that it got, and hands the detail on. */
static gboolean fill(VdRun *run, GError **error)
{
    g_autofree char *self = vd_path_self();
    const char *const argv[] = {self, "child-full", NULL};
    g_autoptr(GError) why = NULL;
    if (vd_run_child(run, argv, NULL, NULL, NULL, &why))
        return vd_fail(error, VD_ERR_FAILED, NULL, "It ended well.");
    return vd_fail(error, VD_ERR_FAILED, vd_error_detail(why), "%s",
                   vd_error_code(why) == VD_ERR_NO_SPACE ? "full" : why->message);
}

static const VdStepSpec full_steps[] = {{"fill", "fills", 1, fill}, {NULL, NULL, 0, NULL}};

static G_GNUC_NORETURN void wait_for_ever(void)
{
    GMutex mutex;
    GCond never;
    g_mutex_init(&mutex);
    g_cond_init(&never);
    g_mutex_lock(&mutex);
    for (;;)
        g_cond_wait(&never, &mutex);
}

static gboolean hang(VdRun *run, GError **error)
{
    g_autofree char *hangs = in_work(vd_run_spec(run), "hangs");
    if (!act(run, "one", error))
        return FALSE;
    add_line(hangs, "yes");
    wait_for_ever();
}

static const VdStepSpec hang_steps[] = {{"hang", "hangs", 1, hang}, {NULL, NULL, 0, NULL}};

/* ---- goes-on: steps that change what the first one made ---- */

static gboolean append(VdRun *run, const char *word, GError **error)
{
    g_autofree char *path = in_work(vd_run_spec(run), "one");
    g_autofree char *before = NULL;
    if (!g_file_get_contents(path, &before, NULL, error))
        return FALSE;
    g_autofree char *after = g_strconcat(before, word, NULL);
    return g_file_set_contents(path, after, -1, error);
}

static gboolean make_one(VdRun *run, GError **error)
{
    g_autofree char *path = in_work(vd_run_spec(run), "one");
    vd_run_set(run, "word", " last");
    return vd_run_undo(run, "file", path, error) && g_file_set_contents(path, "made", -1, error);
}

static gboolean change(VdRun *run, GError **error)
{
    char *secrets = vd_run_secrets(run, error);
    if (!secrets)
        return vd_fail(error, VD_ERR_FAILED, NULL, "There are no secrets.");
    vd_secret_free(secrets);
    if (!append(run, " changed", error))
        return FALSE;
    vd_run_next_step(run, "covered");
    return append(run, " covered", error);
}

/* It undoes by itself what it did to the first one's file, were it not for the kill. */
static gboolean last(VdRun *run, GError **error)
{
    g_autofree char *path = in_work(vd_run_spec(run), "one");
    g_autofree char *text = NULL;
    if (!act(run, "two", error) || !g_file_get_contents(path, &text, NULL, error))
        return FALSE;
    return g_str_has_suffix(text, " last") || append(run, vd_run_get(run, "word"), error);
}

static const VdStepSpec going_steps[] = {{"make", "makes", 1, make_one},
                                         {"change", "changes", 1, change},
                                         {"covered", "covered", 1, NULL},
                                         {"last", "last", 1, last},
                                         {NULL, NULL, 0, NULL}};

static const VdAgain going_again[] = {
    {"change", "make", NULL}, {"covered", "make", NULL}, {NULL, NULL, NULL}};

static const VdUndoSpec undos[] = {{"file", "file %s removed", undo_file, FALSE},
                                   {NULL, NULL, NULL, FALSE}};

/* Each file stands on the one before it. */
static const VdUndoSpec stack[] = {{"file", "file %s removed", undo_file, TRUE},
                                   {NULL, NULL, NULL, FALSE}};

const VdJobKind runner_kinds[] = {{"quick", quick_steps, undos, NULL},
                                  {"gate", gate_steps, undos, NULL},
                                  {"fails", fail_steps, undos, NULL},
                                  {"keeps", keep_steps, undos, NULL},
                                  {"wonders", wonder_steps, undos, NULL},
                                  {"lost", lost_steps, undos, NULL},
                                  {"child", child_steps, undos, NULL},
                                  {"full", full_steps, undos, NULL},
                                  {"hang", hang_steps, undos, NULL},
                                  {"talks", talk_steps, undos, NULL},
                                  {"stands", gate_steps, stack, NULL},
                                  {"goes-on", going_steps, undos, going_again},
                                  {NULL, NULL, NULL, NULL}};

/* ---- the children ---- */

static int echo(void)
{
    char input[256] = "";
    size_t n = fread(input, 1, sizeof input - 1, stdin);
    g_autofree char *long_line = g_strnfill(100000, 'y');
    printf("%zu %s\n%s\nlast", n, g_getenv("VMDECK_REQUEST"), long_line);
    fprintf(stderr, "a word on standard error\n");
    return 0;
}

static int full(void)
{
    fprintf(stderr,
            "copy: begins\ncopy: error while writing at byte 7: No space left on device\n\n");
    return 1;
}

static G_GNUC_NORETURN void ignore_all(void)
{
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    g_autofree char *folder = vd_path_job(g_getenv("VMDECK_REQUEST"));
    g_autofree char *made = g_build_filename(folder, "made-XXXXXX", NULL);
    if (!vd_traces_mkdtemp(vd_traces_open(folder), made))
        _exit(1);
    pid_t second = fork();
    if (second > 0) {
        printf("%d\n%d\n", (int)getpid(), (int)second);
        fflush(stdout);
    }
    for (;;)
        pause();
}

int runner_child_main(int argc, char **argv)
{
    (void)argc;
    if (strcmp(argv[1], "child-echo") == 0)
        return echo();
    if (strcmp(argv[1], "child-full") == 0)
        return full();
    ignore_all();
}
