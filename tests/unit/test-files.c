/* Files that must not be lost, secrets that must not stay, and the log. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/log.h"
#include "src/base/paths.h"
#include "src/base/traces.h"

static char *folder;

static int setup(void **state)
{
    (void)state;
    folder = g_dir_make_tmp("vmdeck-files-XXXXXX", NULL);
    return folder ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gboolean ok = vd_remove_tree(folder, NULL);
    g_clear_pointer(&folder, g_free);
    return ok ? 0 : -1;
}

static char *in(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static int entries(void)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    int n = 0;
    while (g_dir_read_name(dir))
        n++;
    return n;
}

static void replace(const char *path, const char *data, gssize length)
{
    g_autoptr(GError) error = NULL;
    if (!vd_file_replace(path, data, length, 0640, &error))
        fail_msg("%s", error->message);
}

static void test_replace(void **state)
{
    (void)state;
    g_autofree char *path = in("a file & <more>");
    g_autofree char *link_path = in("link");
    g_autofree char *other = in("other");
    struct stat st;
    replace(path, "first", -1);
    replace(path, "se\0nd", 5);
    gsize length = 0;
    g_autofree char *text = vd_file_read(path, 100, &length, NULL);
    assert_int_equal(length, 5);
    assert_memory_equal(text, "se\0nd", 6);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(entries(), 1);
    /* A link is replaced, not written through. */
    replace(other, "untouched", -1);
    assert_int_equal(symlink("other", link_path), 0);
    replace(link_path, "new", -1);
    assert_int_equal(lstat(link_path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    g_autofree char *left = vd_file_read(other, 100, NULL, NULL);
    assert_string_equal(left, "untouched");
    g_autoptr(GError) error = NULL;
    assert_false(vd_file_replace("/nonexistent/x", "y", -1, 0600, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NOT_FOUND);
    assert_non_null(strstr(error->message, "/nonexistent/x"));
}

static int replace_without_room(const char *path)
{
    const struct rlimit tight = {1000, 1000};
    g_autofree char *big = g_strnfill(5000, 'b');
    g_autoptr(GError) error = NULL;
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &tight) != 0)
        return 90;
    return vd_file_replace(path, big, -1, 0600, &error) ? 91 : 0;
}

static void test_replace_keeps_old(void **state)
{
    (void)state;
    g_autofree char *path = in("file");
    replace(path, "old and whole", -1);
    pid_t pid = fork();
    if (pid == 0)
        _exit(replace_without_room(path));
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    g_autofree char *text = vd_file_read(path, 100, NULL, NULL);
    assert_string_equal(text, "old and whole");
    assert_int_equal(entries(), 1);
}

static void read_fails(const char *path, gsize max, int code)
{
    g_autoptr(GError) error = NULL;
    assert_null(vd_file_read(path, max, NULL, &error));
    assert_int_equal(vd_error_code(error), code);
    assert_non_null(strstr(error->message, path));
}

static void test_read(void **state)
{
    (void)state;
    g_autofree char *path = in("file");
    g_autofree char *pipe_path = in("pipe");
    const gsize sizes[] = {0, 1, 4095, 4096, 4097, 8191, 8192, 8193, 100000};
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *data = g_strnfill(sizes[i], 'd');
        replace(path, data, (gssize)sizes[i]);
        gsize length = 1;
        g_autofree char *text = vd_file_read(path, sizes[i], &length, NULL);
        assert_non_null(text);
        assert_int_equal(length, sizes[i]);
        assert_string_equal(text, data);
        if (sizes[i] > 0)
            read_fails(path, sizes[i] - 1, VD_ERR_INVALID);
    }
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    read_fails(pipe_path, 100, VD_ERR_INVALID);
    read_fails(folder, 100, VD_ERR_INVALID);
    read_fails("/dev/zero", 100, VD_ERR_INVALID);
    read_fails("/nonexistent", 100, VD_ERR_NOT_FOUND);
}

static void secret_is(const char *content, gsize length, const char *expected)
{
    g_autofree char *path = in("secret");
    g_autoptr(GError) error = NULL;
    replace(path, content, (gssize)length);
    char *secret = vd_secret_read(path, &error);
    if (expected)
        assert_string_equal(secret, expected);
    else
        assert_true(secret == NULL && vd_error_code(error) == VD_ERR_INVALID);
    vd_secret_free(secret);
}

static void test_secret_read(void **state)
{
    (void)state;
    g_autofree char *most = g_strnfill(512, 's');
    g_autofree char *more = g_strnfill(513, 's');
    g_autofree char *huge = g_strnfill(100000, 's');
    secret_is("hunter2\n", 8, "hunter2");
    secret_is("hunter2", 7, "hunter2");
    secret_is(" a b \nsecond line\n", 18, " a b ");
    secret_is("\xff\xfe'\"$\n", 6, "\xff\xfe'\"$");
    secret_is(most, 512, most);
    secret_is("", 0, NULL);
    secret_is("\nsecond", 7, NULL);
    secret_is("a\0b\n", 4, NULL);
    secret_is(more, 513, NULL);
    secret_is(huge, 100000, NULL);
    g_autoptr(GError) error = NULL;
    assert_null(vd_secret_read("/nonexistent", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NOT_FOUND);
    assert_null(vd_secret_read(folder, NULL));
    vd_secret_free(NULL);
}

static void test_secret_unlink(void **state)
{
    (void)state;
    g_autofree char *path = in("secret");
    g_autofree char *other = in("other");
    replace(path, "Zq9!hunter", -1);
    /* A second name shows that the bytes went before the name did. */
    assert_int_equal(link(path, other), 0);
    vd_secret_unlink(path);
    assert_int_equal(access(path, F_OK), -1);
    gsize length = 0;
    g_autofree char *left = vd_file_read(other, 100, &length, NULL);
    assert_int_equal(length, 10);
    for (gsize i = 0; i < length; i++)
        assert_int_equal(left[i], 0);
    vd_secret_unlink(path);
    /* A link goes, what it points to stays. */
    replace(other, "stays", -1);
    assert_int_equal(symlink("other", path), 0);
    vd_secret_unlink(path);
    assert_int_equal(access(path, F_OK), -1);
    g_autofree char *whole = vd_file_read(other, 100, NULL, NULL);
    assert_string_equal(whole, "stays");
}

static void test_remove_tree(void **state)
{
    (void)state;
    g_autofree char *tree = in("tree");
    g_autofree char *deep = in("tree/a/b/c");
    g_autofree char *file = in("tree/a/file");
    g_autofree char *link_path = in("tree/a/link");
    g_autofree char *kept = in("kept");
    g_autofree char *kept_file = in("kept/file");
    assert_true(vd_mkdirs(deep, 0700, NULL) && vd_mkdirs(kept, 0700, NULL));
    replace(file, "x", -1);
    replace(kept_file, "x", -1);
    assert_int_equal(symlink(kept, link_path), 0);
    assert_true(vd_remove_tree(tree, NULL));
    assert_int_equal(access(tree, F_OK), -1);
    assert_int_equal(access(kept_file, F_OK), 0);
    assert_true(vd_remove_tree(tree, NULL));
    assert_int_equal(symlink(kept, tree), 0);
    assert_true(vd_remove_tree(tree, NULL));
    assert_int_equal(access(kept_file, F_OK), 0);
}

/* A child that was killed: what it had noted goes, and only that. */
static void test_traces(void **state)
{
    (void)state;
    g_autofree char *job = in("job");
    g_autofree char *notes = g_strdup_printf("%s/traces.%d", job, (int)getpid());
    g_autofree char *made = in("made-XXXXXX");
    g_autofree char *bad = in("made");
    g_autofree char *nowhere = in("gone/made-XXXXXX");
    g_autofree char *kept = in("kept");
    g_autofree char *more = g_strdup_printf("d%s\ndkept\nx%s\n\nd%s", notes, kept, kept);
    assert_int_equal(vd_traces_open(job), -1); /* there is no such job */
    assert_true(vd_mkdirs(job, 0700, NULL) && vd_mkdirs(kept, 0700, NULL));
    int fd = vd_traces_open(job);
    assert_true(fd >= 0);
    assert_ptr_equal(vd_traces_mkdtemp(fd, made), made);
    assert_null(vd_traces_mkdtemp(fd, bad));
    assert_null(vd_traces_mkdtemp(fd, nowhere));
    assert_int_equal(errno, ENOENT);
    close(fd);
    g_autofree char *file = g_build_filename(made, "file", NULL);
    replace(file, "x", -1);
    vd_traces_remove(job, getpid() + 1);
    assert_int_equal(access(file, F_OK), 0);
    vd_traces_remove(job, getpid());
    assert_int_equal(access(made, F_OK), -1);
    assert_int_equal(access(notes, F_OK), -1);
    /* Neither a file, nor a name without a folder, nor a line that was cut. */
    replace(notes, more, -1);
    vd_traces_remove(job, 0);
    assert_int_equal(access(kept, F_OK), 0);
    assert_int_equal(access(notes, F_OK), -1);
}

/* Half an appliance stays as long as somebody builds, and the whole one always. */
static void test_traces_cache(void **state)
{
    (void)state;
    static const char *const names[] = {"appliance.d", "appliance.d.abcd1234", "appliance.d.old"};
    g_autofree char *job = in("job");
    g_autofree char *cache = in("cache");
    g_autofree char *lock = g_build_filename(cache, "lock", NULL);
    char *paths[G_N_ELEMENTS(names)];
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        paths[i] = g_build_filename(cache, names[i], NULL);
        assert_true(vd_mkdirs(paths[i], 0700, NULL));
    }
    assert_true(vd_mkdirs(job, 0700, NULL));
    replace(lock, "", 0);
    int ready[2], go[2];
    assert_true(pipe(ready) == 0 && pipe(go) == 0);
    pid_t builder = fork();
    if (builder == 0) {
        struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int fd = open(lock, O_WRONLY);
        char byte;
        close(go[1]);
        _exit(fcntl(fd, F_SETLK, &whole) != 0 || write(ready[1], "", 1) != 1 ||
              read(go[0], &byte, 1) < 0);
    }
    char byte;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    vd_traces_sweep_cache(cache);
    assert_int_equal(access(paths[1], F_OK), 0);
    close(go[1]);
    int status = -1;
    assert_int_equal(waitpid(builder, &status, 0), builder);
    assert_int_equal(status, 0);
    assert_int_equal(chmod(cache, 0777), 0);
    vd_traces_sweep_cache(cache); /* others could have put anything there */
    assert_int_equal(access(paths[1], F_OK), 0);
    assert_int_equal(chmod(cache, 0755), 0);
    int fd = vd_traces_open(job);
    vd_traces_note_cache(fd, cache);
    close(fd);
    vd_traces_remove(job, 0);
    assert_int_equal(access(paths[0], F_OK), 0);
    assert_int_equal(access(paths[1], F_OK), -1);
    assert_int_equal(access(paths[2], F_OK), 0);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        g_free(paths[i]);
    close(ready[0]);
    close(ready[1]);
    close(go[0]);
}

static void test_mkdirs(void **state)
{
    (void)state;
    g_autofree char *deep = in("x/y z/w");
    g_autofree char *file = in("file");
    g_autofree char *below = in("file/below");
    struct stat st;
    assert_true(vd_mkdirs(deep, 0700, NULL));
    assert_true(vd_mkdirs(deep, 0700, NULL));
    assert_int_equal(stat(deep, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    replace(file, "x", -1);
    g_autoptr(GError) error = NULL;
    assert_false(vd_mkdirs(below, 0700, &error));
    assert_non_null(strstr(error->message, below));
}

/* ---- the log ---- */

#define LOG_LINES 200

static void log_much(int who)
{
    for (int i = 0; i < LOG_LINES; i++)
        vd_log(VD_LOG_INFO, "r-7K2M9Q", "process %d \"line\" %d \033[2J\n{\"a\": 1}", who, i);
}

static void test_log(void **state)
{
    (void)state;
    g_autofree char *path = in("log");
    g_autoptr(GError) error = NULL;
    vd_log(VD_LOG_ERROR, NULL, "before it is open: nowhere");
    assert_false(vd_log_open("/nonexistent/log", &error));
    assert_non_null(strstr(error->message, "/nonexistent/log"));
    assert_true(vd_log_open(path, NULL));
    pid_t pids[3];
    for (int i = 0; i < 3; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            log_much(i);
            _exit(0);
        }
    }
    for (int i = 0; i < 3; i++)
        waitpid(pids[i], NULL, 0);
    g_autofree char *text = vd_file_read(path, 1 << 20, NULL, NULL);
    assert_non_null(text);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    assert_int_equal(g_strv_length(lines), 3 * LOG_LINES + 1);
    for (int i = 0; i < 3 * LOG_LINES; i++) {
        g_autoptr(JsonParser) parser = json_parser_new();
        assert_true(json_parser_load_from_data(parser, lines[i], -1, NULL));
        JsonObject *object = json_node_get_object(json_parser_get_root(parser));
        assert_string_equal(json_object_get_string_member(object, "request"), "r-7K2M9Q");
        assert_string_equal(json_object_get_string_member(object, "level"), "info");
        assert_null(strchr(json_object_get_string_member(object, "text"), '\033'));
    }
}

/* ---- errors ---- */

static void test_errors(void **state)
{
    (void)state;
    GError *error = NULL;
    vd_error_set(NULL, VD_ERR_FAILED, "x", "nobody asks");
    assert_false(vd_fail(&error, VD_ERR_DENIED, "errno 13 %s", "%s may not.", "anna"));
    assert_string_equal(error->message, "anna may not.");
    assert_string_equal(vd_error_detail(error), "errno 13 %s");
    assert_int_equal(vd_error_exit_status(error), 4);
    /* The detail travels with copies and prefixes. */
    g_autoptr(GError) copy = g_error_copy(error);
    g_prefix_error(&copy, "db-07: ");
    assert_string_equal(copy->message, "db-07: anna may not.");
    assert_string_equal(vd_error_detail(copy), "errno 13 %s");
    g_clear_error(&error);
    assert_int_equal(vd_error_exit_status(NULL), 0);
    assert_null(vd_error_detail(NULL));
    g_autoptr(GError) foreign = g_error_new_literal(g_quark_from_string("other"), 3, "theirs");
    assert_null(vd_error_detail(foreign));
    assert_int_equal(vd_error_code(foreign), VD_ERR_FAILED);
    static const struct {
        int code, status;
    } map[] = {{VD_ERR_FAILED, 1},      {VD_ERR_INVALID, 2}, {VD_ERR_USAGE, 2},
               {VD_ERR_UNREACHABLE, 3}, {VD_ERR_DENIED, 4},  {VD_ERR_UNKNOWN, 5},
               {VD_ERR_NOT_FOUND, 1},   {VD_ERR_BUSY, 1},    {VD_ERR_CANCELLED, 1}};
    for (guint i = 0; i < G_N_ELEMENTS(map); i++) {
        g_autoptr(GError) each = NULL;
        vd_error_set(&each, (VdErrorCode)map[i].code, NULL, "x");
        assert_int_equal(vd_error_exit_status(each), map[i].status);
        assert_null(vd_error_detail(each));
    }
}

static void test_paths(void **state)
{
    (void)state;
    g_setenv("VMDECK_STATE_DIR", "/a b/state", TRUE);
    g_unsetenv("VMDECK_IMAGE_DIR");
    g_autofree char *journal = vd_path_journal();
    g_autofree char *job = vd_path_job("r-7K2M9Q");
    g_autofree char *images = vd_path_images();
    assert_string_equal(journal, "/a b/state/journal.db");
    assert_string_equal(job, "/a b/state/jobs/r-7K2M9Q");
    assert_string_equal(images, "/a b/state/images");
    g_setenv("VMDECK_IMAGE_DIR", "/pictures", TRUE);
    g_autofree char *elsewhere = vd_path_images();
    assert_string_equal(elsewhere, "/pictures");
    g_setenv("VMDECK_STATE_DIR", "", TRUE);
    g_autofree char *usual = vd_path_state();
    assert_true(g_path_is_absolute(usual));
    g_autofree char *self = vd_path_self();
    assert_non_null(strstr(self, "test-files"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_replace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_replace_keeps_old, setup, teardown),
        cmocka_unit_test_setup_teardown(test_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_secret_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_secret_unlink, setup, teardown),
        cmocka_unit_test_setup_teardown(test_remove_tree, setup, teardown),
        cmocka_unit_test_setup_teardown(test_traces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_traces_cache, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mkdirs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_log, setup, teardown),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
