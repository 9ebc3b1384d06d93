/* The doctor's findings, each brought about for real: folders that cannot be used, tools that are
 * missing or fail, a daemon that is not there or hangs. The tools are scripts in a PATH of their
 * own; the host is libvirt's test driver.
 * About 10 s on two processors. */
#include "config.h"

#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/node/checks.h"
#include "src/node/doctor.h"

typedef struct {
    char *folder;
    char *path; /* PATH before */
    VdDoc *doc;
    int bad;
    const GError *journal;
} Machine;

static char *below(const Machine *machine, const char *name)
{
    return g_build_filename(machine->folder, name, NULL);
}

static void script(const Machine *machine, const char *name, const char *text)
{
    g_autofree char *path = below(machine, name);
    g_autofree char *whole = g_strdup_printf("#!/bin/sh\n%s\n", text);

    assert_true(g_file_set_contents(path, whole, -1, NULL));
    assert_int_equal(g_chmod(path, 0755), 0);
}

static void point(const Machine *machine, const char *variable, const char *name)
{
    g_autofree char *path = below(machine, name);

    g_setenv(variable, path, TRUE);
}

static int make_machine(void **state)
{
    Machine *machine = g_new0(Machine, 1);
    g_autofree char *bin = NULL, *qemu = NULL;
    struct utsname name;

    /* Not below $TMPDIR, which may be closed to others. */
    machine->folder = g_strdup("/tmp/vmdeck-doctor-XXXXXX");
    assert_non_null(g_mkdtemp_full(machine->folder, 0755));
    assert_int_equal(g_chmod(machine->folder, 0755), 0);
    bin = below(machine, "bin");
    assert_int_equal(g_mkdir(bin, 0755), 0);
    point(machine, "VMDECK_STATE_DIR", "state");
    point(machine, "VMDECK_IMAGE_DIR", "state/images");
    point(machine, "VMDECK_GUEST", "guest");
    point(machine, "SUPERMIN_KERNEL", "kernel");
    assert_int_equal(uname(&name), 0);
    qemu = g_strdup_printf("bin/qemu-system-%s", name.machine);
    script(machine, "bin/qemu-img", "echo 'qemu-img version 7.2.22 (Debian 1:7.2)'");
    script(machine, qemu, "exit 1");
    script(machine, "kernel", "");
    script(machine, "guest", "exit 1");
    machine->path = g_strdup(g_getenv("PATH"));
    g_setenv("PATH", bin, TRUE);
    *state = machine;
    return 0;
}

static int drop_machine(void **state)
{
    Machine *machine = *state;

    g_setenv("PATH", machine->path, TRUE);
    assert_true(vd_remove_tree(machine->folder, NULL));
    g_clear_pointer(&machine->doc, vd_doc_unref);
    g_free(machine->folder);
    g_free(machine->path);
    g_free(machine);
    return 0;
}

static void examine(Machine *machine, const char *uri, gboolean deep)
{
    g_clear_pointer(&machine->doc, vd_doc_unref);
    machine->bad = -1;
    machine->doc = vd_doctor_run(uri, deep, machine->journal, &machine->bad);
    assert_non_null(machine->doc);
}

/* The number-th row of a check: state, finding, advice; NULL if there is none. */
static char **row(const Machine *machine, const char *check, guint number)
{
    const VdSection *section = machine->doc->sections->pdata[0];

    for (guint i = 0; i < section->rows->len; i++) {
        char **found = section->rows->pdata[i];

        if (strcmp(found[0], check) == 0 && number-- == 0)
            return found;
    }
    return NULL;
}

static void found(const Machine *machine, const char *check, guint number, const char *state,
                  const char *words, const char *advice)
{
    char **line = row(machine, check, number);

    if (line == NULL)
        fail_msg("no check %s", check);
    else if (strcmp(line[1], state) != 0 || strstr(line[2], words) == NULL)
        fail_msg("%s: %s: '%s' is not '%s' with '%s'", check, line[1], line[2], state, words);
    else if (advice == NULL)
        assert_null(line[3]);
    else if (line[3] == NULL || strstr(line[3], advice) == NULL)
        fail_msg("%s: '%s' does not advise '%s'", check, line[3], advice);
}

static int count_bad(const Machine *machine)
{
    const VdSection *section = machine->doc->sections->pdata[0];
    int bad = 0;

    for (guint i = 0; i < section->rows->len; i++) {
        char **line = section->rows->pdata[i];

        bad += strcmp(line[1], "bad") == 0;
    }
    return bad;
}

static void test_healthy(void **state)
{
    Machine *machine = *state;

    script(machine, "guest",
           "echo '{\"event\":\"step\",\"step\":\"appliance\",\"state\":\"start\"}'\n"
           "echo '{\"event\":\"result\",\"tcg\":true,\"launch_ms\":15000,"
           "\"features\":{\"xfs\":true}}'");
    examine(machine, "test:///default", TRUE);
    assert_int_equal(machine->bad, 0);
    assert_int_equal(count_bad(machine), 0);
    found(machine, "libvirt", 0, "ok", "answers at test:///default", NULL);
    found(machine, "qemu-img", 0, "ok", "qemu-img version 7.2.22.", NULL);
    found(machine, "kernel", 0, "ok", "/kernel can be read", NULL);
    found(machine, "guest helper", 0, "ok", "/guest", NULL);
    found(machine, "appliance", 0, "ok", "launches in 15s, emulated", NULL);
    found(machine, "state directory", 0, "ok", "free", NULL);
    found(machine, "image directory", 0, "ok", "free", NULL);
    found(machine, "journal", 0, "ok", "at first use", NULL);
    found(machine, "default pool", 0, "note", "first deployment makes it", NULL);
    found(machine, "default network", 0, "ok", "active", NULL);
    assert_null(row(machine, "appliance", 1));
}

static void test_shallow(void **state)
{
    Machine *machine = *state;
    g_autofree char *mark = below(machine, "launched"), *text = NULL;

    text = g_strdup_printf("touch '%s'", mark);
    script(machine, "guest", text);
    examine(machine, "test:///default", FALSE);
    found(machine, "appliance", 0, "note", "not launched", "vmdeck doctor --deep");
    assert_false(g_file_test(mark, G_FILE_TEST_EXISTS));
}

static void test_no_daemon(void **state)
{
    Machine *machine = *state;

    examine(machine, "qemu+unix:///system?socket=/nonexistent/libvirt-sock", FALSE);
    found(machine, "libvirt", 0, "bad", "Cannot connect", "Type");
    assert_null(row(machine, "default pool", 0));
    assert_null(row(machine, "default network", 0));
    assert_int_equal(machine->bad, 1);
    examine(machine, "nonsense:///system", FALSE);
    found(machine, "libvirt", 0, "bad", "nonsense", "Type");
}

/* A daemon that takes the connection and says nothing. */
static void test_hanging_daemon(void **state)
{
    Machine *machine = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *path = below(machine, "sock"), *uri = NULL;
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    gint64 start = g_get_monotonic_time();

    assert_true(listener >= 0 && strlen(path) < sizeof address.sun_path);
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 4), 0);
    uri = g_strdup_printf("qemu+unix:///system?socket=%s", path);
    examine(machine, uri, FALSE);
    assert_true(g_get_monotonic_time() - start < 60 * G_TIME_SPAN_SECOND);
    found(machine, "libvirt", 0, "bad", "did not answer within", "Type");
    close(listener);
}

static void test_remote(void **state)
{
    Machine *machine = *state;

    examine(machine, "qemu+tcp://127.0.0.1:1/system", FALSE);
    found(machine, "libvirt", 0, "bad", "Cannot connect", "address");
    assert_null(row(machine, "KVM", 0));
    assert_null(row(machine, "kernel", 0));
    found(machine, "journal", 0, "ok", "at first use", NULL);
}

static void test_missing_tools(void **state)
{
    Machine *machine = *state;
    g_autofree char *guest = below(machine, "guest");
    g_autofree char *qemu_img = below(machine, "bin/qemu-img");

    assert_int_equal(g_unlink(guest), 0);
    assert_int_equal(g_unlink(qemu_img), 0);
    examine(machine, "test:///default", TRUE);
    found(machine, "qemu-img", 0, "bad", "not installed", "apt install qemu-utils");
    found(machine, "guest helper", 0, "bad", "is missing", "make install");
    found(machine, "appliance", 0, "bad", "not installed", "guest helper");
    assert_int_equal(machine->bad, 3);
}

static void test_appliance_fails(void **state)
{
    Machine *machine = *state;

    script(machine, "guest",
           "echo '{\"event\":\"error\",\"code\":\"launch\",\"message\":\"supermin \\u001b[31m"
           "found no kernel\",\"detail\":null}'; exit 1");
    examine(machine, "test:///default", TRUE);
    found(machine, "appliance", 0, "bad", "found no kernel", "libguestfs-test-tool");
    assert_null(strchr(row(machine, "appliance", 0)[2], 033));
    script(machine, "guest", "echo 'not JSON'; echo '{broken'; exit 1");
    examine(machine, "test:///default", TRUE);
    found(machine, "appliance", 0, "bad", "without a word", "libguestfs-test-tool");
    script(machine, "guest", "kill -SEGV $$");
    examine(machine, "test:///default", TRUE);
    found(machine, "appliance", 0, "bad", "without a word", "libguestfs-test-tool");
}

static void test_no_xfs(void **state)
{
    Machine *machine = *state;

    script(machine, "guest",
           "echo '{\"event\":\"result\",\"tcg\":false,\"launch_ms\":900,\"features\":{\"xfs\":"
           "false}}'");
    examine(machine, "test:///default", TRUE);
    found(machine, "appliance", 0, "ok", "launches in 0.9s.", NULL);
    found(machine, "appliance", 1, "note", "XFS", "libguestfs-xfs");
}

/* What the request is made of: one JSON object with the action, on standard input alone. */
static void test_request(void **state)
{
    Machine *machine = *state;
    g_autofree char *got = below(machine, "got"), *text = NULL, *input = NULL;

    text = g_strdup_printf("/bin/cat >'%s'; echo \"$#\" >>'%s'", got, got);
    script(machine, "guest", text);
    examine(machine, "test:///default", TRUE);
    assert_true(g_file_get_contents(got, &input, NULL, NULL));
    assert_true(g_str_has_prefix(input, "{\"action\":\"probe\",\"request\":\"r-"));
    assert_non_null(strstr(input, "\"tcg\":true}0\n"));
}

static void test_bad_state(void **state)
{
    Machine *machine = *state;
    g_autofree char *file = below(machine, "state");

    assert_true(g_file_set_contents(file, "in the way", -1, NULL));
    examine(machine, "test:///default", FALSE);
    found(machine, "state directory", 0, "bad", "Not a directory", "move it elsewhere: mv");
    found(machine, "image directory", 0, "bad", "Not a directory", "move it elsewhere: mv");
    found(machine, "journal", 0, "bad", "cannot be made", "state directory");
    assert_int_equal(machine->bad, count_bad(machine));
    assert_int_equal(machine->bad, 3);
}

/* Whatever ends it in the middle, it leaves nothing there: what it writes has no name. */
static void test_nothing_is_left(void **state)
{
    Machine *machine = *state;
    g_autofree char *folder = below(machine, "state");
    _Alignas(struct inotify_event) char events[4096];
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    ssize_t length;

    assert_int_equal(g_mkdir(folder, 0700), 0);
    assert_true(watch >= 0);
    assert_true(inotify_add_watch(watch, folder, IN_CREATE) >= 0);
    examine(machine, "test:///default", FALSE);
    found(machine, "state directory", 0, "ok", "can be written", NULL);
    length = read(watch, events, sizeof events);
    for (ssize_t at = 0; at < length;) {
        const struct inotify_event *event = (const void *)(events + at);

        assert_null(strstr(event->name, "vmdeck-doctor"));
        at += (ssize_t)(sizeof *event + event->len);
    }
    close(watch);
}

static void test_journal(void **state)
{
    Machine *machine = *state;
    g_autofree char *folder = below(machine, "state"), *file = below(machine, "state/journal.db");

    g_autoptr(GError) damaged = NULL;
    struct flock held = {.l_type = F_RDLCK, .l_whence = SEEK_SET}, seen = held;

    assert_int_equal(g_mkdir(folder, 0755), 0);
    assert_true(g_file_set_contents(file, "", 0, NULL));
    int ours = open(file, O_RDWR | O_CLOEXEC);
    assert_int_equal(fcntl(ours, F_SETLK, &held), 0);
    examine(machine, "test:///default", FALSE);
    found(machine, "journal", 0, "ok", "can be written", NULL);
    /* A lock that this process holds on it, as SQLite does, is still there. */
    pid_t other = fork();
    if (other == 0) {
        seen.l_type = F_WRLCK;
        _exit(fcntl(ours, F_GETLK, &seen) == 0 && seen.l_type == F_RDLCK ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(other, &status, 0), other);
    assert_int_equal(status, 0);
    close(ours);
    vd_error_set(&damaged, VD_ERR_DAMAGED, NULL, "The journal %s is damaged.", file);
    machine->journal = damaged;
    examine(machine, "test:///default", FALSE);
    machine->journal = NULL;
    found(machine, "journal", 0, "bad", "is damaged", "ls -l");
}

/* Only root's machines are run by another user, who has to reach the images. */
static void test_closed_folder(void **state)
{
    Machine *machine = *state;

    assert_int_equal(g_chmod(machine->folder, 0700), 0);
    examine(machine, "test:///default", FALSE);
    found(machine, "image directory", 0, "ok", "can be written", NULL);
    if (geteuid() == 0)
        found(machine, "image directory", 1, "bad", machine->folder, "chmod o+x");
    else
        assert_null(row(machine, "image directory", 1));
}

static void test_locale(void **state)
{
    Machine *machine = *state;
    g_autofree char *all = g_strdup(g_getenv("LC_ALL")), *lang = g_strdup(g_getenv("LANG"));

    g_setenv("LC_ALL", "C.UTF-8", TRUE);
    examine(machine, "test:///default", FALSE);
    found(machine, "locale", 0, "ok", "The locale is ", NULL);
    g_unsetenv("LC_ALL");
    g_setenv("LANG", "xx_YY.UTF-8", TRUE);
    examine(machine, "test:///default", FALSE);
    found(machine, "locale", 0, "note", "xx_YY.UTF-8 is not installed", "glibc-langpack-xx");
    g_unsetenv("LANG");
    if (lang != NULL)
        g_setenv("LANG", lang, TRUE);
    if (all != NULL)
        g_setenv("LC_ALL", all, TRUE);
}

/* ---- who may not open /dev/kvm ---- */

static const VdColumn four[] = {{"check", "", VD_COL_TEXT},
                                {"state", "", VD_COL_TEXT},
                                {"finding", "", VD_COL_TEXT},
                                {"advice", "", VD_COL_TEXT}};

/* The rows about KVM and rights, one a line, of a host whose libvirt offers no KVM. The caller
 * frees. */
static char *kvm_rows(gboolean session)
{
    VdDoc *doc = vd_doc_new();
    char system[] = "QEMU";
    VdCheckup checkup = {
        .answers = TRUE, .local = TRUE, .survey = {.session = session, .driver = system}};
    GString *text = g_string_new(NULL);

    checkup.section = vd_doc_section(doc, VD_SECTION_TABLE, "checks", "", four, 4);
    vd_check_kvm(&checkup);
    vd_check_groups(&checkup);
    for (guint i = 0; i < checkup.section->rows->len; i++) {
        char **line = checkup.section->rows->pdata[i];

        g_string_append_printf(text, "%s|%s|%s|%s\n", line[0], line[1], line[2],
                               line[3] != NULL ? line[3] : "");
    }
    vd_doc_unref(doc);
    return g_string_free(text, FALSE);
}

/* The same as a user who is neither root nor in any group but his own; root's device is of the
 * group that is given. */
static char *rows_of_other(const Machine *machine, mode_t mode, gid_t group, gboolean session)
{
    g_autofree char *device = below(machine, "kvm"), *out = below(machine, "rows");
    char *rows = NULL;
    int status = -1;
    pid_t child;

    assert_true(g_file_set_contents(device, "", 0, NULL));
    assert_true(g_file_set_contents(out, "", 0, NULL));
    assert_int_equal(g_chmod(out, 0666), 0);
    if (geteuid() == 0)
        assert_int_equal(chown(device, 0, group), 0);
    assert_int_equal(g_chmod(device, mode), 0);
    point(machine, "VMDECK_KVM_DEVICE", "kvm");
    child = fork();
    if (child == 0) {
        g_autofree char *text = NULL;
        FILE *file;

        if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0))
            _exit(1);
        text = kvm_rows(session);
        file = fopen(out, "w");
        _exit(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0 ? 0 : 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    g_unsetenv("VMDECK_KVM_DEVICE");
    assert_int_equal(status, 0);
    assert_true(g_file_get_contents(out, &rows, NULL, NULL));
    return rows;
}

static void has(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("'%s' is not in '%s'", words, text);
}

static void lacks(const char *text, const char *words)
{
    if (strstr(text, words) != NULL)
        fail_msg("'%s' is in '%s'", words, text);
}

/* One who is not in the device's group is told so, in both rows, and is not told as well that the
 * system's libvirt takes the device for usable. */
static void test_kvm_of_others(void **state)
{
    Machine *machine = *state;
    const struct group *daemon = getgrnam("daemon");
    g_autofree char *closed = NULL, *system = NULL, *session = NULL;

    assert_non_null(daemon);
    /* Ours, for who is not root: closed to the owner. */
    system = rows_of_other(machine, 0060, daemon->gr_gid, FALSE);
    lacks(system, "chmod 600");
    session = rows_of_other(machine, 0060, daemon->gr_gid, TRUE);
    lacks(session, "chmod 600");
    if (geteuid() != 0)
        return;
    has(system, "to the group daemon and log in again");
    has(system, "|note|You are not in the group daemon.|Type: sudo usermod -aG daemon $USER");
    has(session, "|note|You are not in the group daemon.|");
    lacks(session, "|ok|");
    closed = rows_of_other(machine, 0600, 0, TRUE);
    has(closed, "it is for root alone");
    lacks(closed, "chmod 600");
    has(closed, "rights|ok|");
}

/* One that opens and gives no machine: closing it helps the system's libvirt, and a session's not.
 */
static void test_dull_kvm(void **state)
{
    Machine *machine = *state;
    g_autofree char *system = rows_of_other(machine, 0666, getegid(), FALSE), *session = NULL;

    has(system, "Type as root: chmod 600");
    session = rows_of_other(machine, 0666, getegid(), TRUE);
    lacks(session, "chmod 600");
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, make_machine, drop_machine)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_healthy),         CASE(test_shallow),   CASE(test_no_daemon),
        CASE(test_hanging_daemon),  CASE(test_remote),    CASE(test_missing_tools),
        CASE(test_appliance_fails), CASE(test_no_xfs),    CASE(test_request),
        CASE(test_nothing_is_left), CASE(test_bad_state), CASE(test_journal),
        CASE(test_closed_folder),   CASE(test_locale),    CASE(test_kvm_of_others),
        CASE(test_dull_kvm),
    };

    return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
