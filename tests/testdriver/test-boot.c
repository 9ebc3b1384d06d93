/* What becomes of a machine that is started while its daemon goes away, or whose first boot ends in
 * one way or another, on libvirt's test driver: the program is its own runner, and its own console,
 * which says and does what a scene names. */
#include "config.h"

#include <string.h>

#include <libvirt/libvirt.h>

#include "src/base/error.h"
#include "src/base/patience.h"
#include "src/deploy/steps.h"
#include "tests/engine/runner-help.h"

#define HOST "test:///default"
#define UUID "6695eb01-f6a4-8304-79aa-97f2502e193f" /* the driver's own machine, which runs */

/* ---- the runner's side ---- */

static const char *scene; /* what the console does next */
static VdConn *held;      /* the driver forgets all when nobody is connected */

static virDomainPtr its_machine(virConnectPtr *ret_conn)
{
    *ret_conn = virConnectOpen(HOST);
    return virDomainLookupByUUIDString(*ret_conn, UUID);
}

static void end_machine(gboolean gone)
{
    virConnectPtr conn;
    virDomainPtr domain = its_machine(&conn);

    virDomainDestroy(domain);
    if (gone)
        virDomainUndefine(domain);
    virDomainFree(domain);
    virConnectClose(conn);
}

static gboolean wait_for_cancel(GCancellable *cancel, GError **error)
{
    g_autofree char *path = g_build_filename(g_getenv("VMDECK_STATE_DIR"), "work", "waits", NULL);

    g_file_set_contents(path, "x", 1, NULL);
    while (!g_cancellable_is_cancelled(cancel))
        g_usleep(PAUSE);
    return vd_fail(error, VD_ERR_CANCELLED, NULL, "Cancelled.");
}

/* In the place of the room's own: the scene's words are lines, but for the last one. */
gboolean vd_conn_vm_follow(VdConn *conn, const char *uuid, int seconds, VdConsoleLine line,
                           gpointer data, GCancellable *cancel, GError **error)
{
    g_auto(GStrv) words = g_strsplit(scene, "|", -1);

    (void)conn;
    (void)uuid;
    (void)seconds;
    for (char **word = words; *word; word++) {
        g_autofree char *said = g_strdup_printf("vmdeck-firstboot: " ID " %s", *word);

        if (g_str_equal(*word, "off") || g_str_equal(*word, "gone"))
            end_machine(g_str_equal(*word, "gone"));
        else if (g_str_equal(*word, "cancel"))
            return wait_for_cancel(cancel, error);
        else if (!line(said, data))
            return TRUE;
    }
    return vd_fail(error, VD_ERR_FAILED, NULL, "The console was closed.");
}

gboolean vd_conn_vm_follow_woken(VdConn *conn, const char *uuid, int seconds, VdConsoleLine line,
                                 gpointer data, GCancellable *cancel, GError **error)
{
    return vd_conn_vm_follow(conn, uuid, seconds, line, data, cancel, error);
}

/* The linker puts these two in the place of the room's (--wrap). */
gboolean __real_vd_conn_vm_start(VdConn *conn, const char *uuid, GError **error);
gboolean __wrap_vd_conn_vm_start(VdConn *conn, const char *uuid, GError **error);
gboolean __real_vd_conn_is_alive(VdConn *conn);
gboolean __wrap_vd_conn_is_alive(VdConn *conn);

static VdConn *broken;
static guint starts;

gboolean __wrap_vd_conn_vm_start(VdConn *conn, const char *uuid, GError **error)
{
    gboolean breaks = g_str_equal(scene, "never") || starts == 0;

    starts++;
    if (!breaks || !g_str_equal(scene, "before"))
        if (!g_str_equal(scene, "never") && !__real_vd_conn_vm_start(conn, uuid, error))
            return FALSE;
    broken = breaks ? conn : NULL;
    return !breaks || vd_fail(error, VD_ERR_UNREACHABLE, NULL, "It broke.");
}

gboolean __wrap_vd_conn_is_alive(VdConn *conn)
{
    return conn != broken && __real_vd_conn_is_alive(conn);
}

static gboolean step_made(VdRun *run, GError **error)
{
    g_autoptr(VdPlan) plan = vd_step_plan(run, error);

    if (!plan || !vd_run_undo(run, "machine", UUID, error) ||
        !vd_run_undo(run, "volume", "db-07.qcow2", error))
        return FALSE;
    scene = g_intern_string(plan->title);
    held = vd_conn_open(HOST, ID, NULL, error);
    return held != NULL;
}

static gboolean step_off(VdRun *run, GError **error)
{
    if (!step_made(run, error))
        return FALSE;
    end_machine(FALSE);
    return TRUE;
}

/* It runs, by one start that was heard of or not. */
static gboolean step_look(VdRun *run, GError **error)
{
    guint wanted = g_str_equal(scene, "after") ? 1 : 2;

    (void)run;
    return (vd_conn_vm_running(held, UUID) && starts == wanted) ||
           vd_fail(error, VD_ERR_FAILED, NULL, "started %u times", starts);
}

static gboolean undo(VdRun *run, const char *argument, GError **error)
{
    g_autofree char *path = g_build_filename(g_getenv("VMDECK_STATE_DIR"), "work", argument, NULL);

    (void)run;
    return g_file_set_contents(path, "undone", -1, error);
}

static const VdStepSpec steps[] = {
    {"made", "made", 1, step_made},
    {"boot", "boot", 1, vd_step_boot},
    {NULL, NULL, 0, NULL},
};
static const VdStepSpec start_steps[] = {
    {"made", "made", 1, step_off},
    {"start", "start", 1, vd_step_start},
    {"look", "look", 1, step_look},
    {NULL, NULL, 0, NULL},
};
static const VdUndoSpec undos[] = {
    {"machine", "%s removed", undo, FALSE},
    {"volume", "%s removed", undo, FALSE},
    {NULL, NULL, NULL, FALSE},
};
const VdJobKind runner_kinds[] = {
    {"boot", steps, undos, NULL}, {"start", start_steps, undos, NULL}, {NULL, NULL, NULL, NULL}};

int runner_child_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 1;
}

/* ---- the test's side ---- */

static VdJournal *begun(const char *verb, const char *title, const char *reader, const char *uri)
{
    GError *error = NULL;
    VdJournal *journal = jobs_open();
    VdPlan *plan = g_new0(VdPlan, 1);
    g_autoptr(VdJob) job = vd_job_new(ID);
    g_autofree char *spec = NULL;

    plan->name = g_strdup("test");
    plan->uuid = g_strdup(UUID);
    plan->uri = g_strdup(uri);
    plan->title = g_strdup(title);
    plan->image = g_strdup("debian-12");
    plan->sha256 = g_strdup("none");
    plan->image_format = g_strdup("qcow2");
    plan->mac = g_strdup("52:54:00:11:22:33");
    plan->disk = plan->image_size = 1 << 30;
    plan->pool = g_strdup("default-pool");
    plan->network = g_strdup("default");
    plan->volume = g_strdup("test.qcow2");
    plan->reader = g_strdup(reader);
    plan->medium = reader ? g_strdup("test-seed.iso") : NULL;
    plan->keys = g_new0(char *, 1);
    plan->dns = g_new0(char *, 1);
    plan->customise = plan->start = TRUE;
    plan->wait_minutes = 1;
    spec = vd_plan_to_json(plan);
    vd_plan_free(plan);
    job->title = g_strdup("deploy test");
    job->target = g_strdup("test");
    job->author = g_strdup("anna");
    jobs_ok(vd_jobs_start(journal, run_kind_of(verb), job, spec, NULL, &error), error);
    return journal;
}

static void stays(VdJournal *journal)
{
    g_autoptr(GPtrArray) left = vd_journal_undo_list(journal, ID, NULL);

    assert_int_equal(left->len, 0);
    assert_false(run_exists(UUID));
    assert_false(run_exists("db-07.qcow2"));
}

/* The job fails with these words, and takes nothing back. */
static void fails_and_stays(const char *title, const char *reader, const char *words,
                            const char *note)
{
    g_autoptr(VdJournal) journal = begun("boot", title, reader, HOST);
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_FAILED);

    if (!job->error || !strstr(job->error, words))
        fail_msg("%s: “%s” does not say “%s”", title, job->error, words);
    assert_string_equal(job->note ? job->note : "", note);
    stays(journal);
}

static void ends_well(const char *title, const char *reader, const char *note)
{
    g_autoptr(VdJournal) journal = begun("boot", title, reader, HOST);
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_DONE);

    assert_string_equal(job->note ? job->note : "", note);
    stays(journal);
}

static void test_powered_off_before_it_was_done(void **state)
{
    (void)state;
    fails_and_stays("start|step script|out halfway|off", NULL,
                    "It stays with its disk; start it and look", "");
}

static void test_of_each_reader(void **state)
{
    (void)state;
    fails_and_stays("off", "cloud-init", "The machine test ended before its first boot was done",
                    "its seed medium stays in it");
}

static void test_removed_meanwhile(void **state)
{
    (void)state;
    fails_and_stays("start|gone", "agent", "was removed before its first boot was done", "");
}

/* A script that ends with `poweroff`. */
static void test_powered_off_when_it_was_done(void **state)
{
    (void)state;
    ends_well("start|step script|done 0|off", "cloud-init",
              "it was powered off at the end of its first boot");
}

static void test_failed_and_powered_off(void **state)
{
    (void)state;
    fails_and_stays("start|done 7|off", "cloud-init",
                    "ended with status 7, and the machine was powered off. It stays", "");
}

static void test_failed_and_up(void **state)
{
    (void)state;
    fails_and_stays("start|done 7", NULL, "The machine test is up", "");
}

static void test_heard_to_its_end(void **state)
{
    (void)state;
    ends_well("start|done 0", NULL, "");
}

static void test_host_is_away(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal =
        begun("boot", "start", NULL, "qemu+unix:///system?socket=/nonexistent/s");
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_UNKNOWN);

    if (!strstr(job->error, "The machine test was started and stays"))
        fail_msg("“%s”", job->error);
    stays(journal);
}

static void test_cancelled(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = begun("boot", "start|cancel", NULL, HOST);

    WAIT_FOR(run_exists("waits"));
    run_cancel(journal);
    vd_job_unref(run_ended(journal, VD_JOB_CANCELLED));
    assert_true(run_exists(UUID) && run_exists("db-07.qcow2"));
}

static void starts_well(const char *title)
{
    g_autoptr(VdJournal) journal = begun("start", title, NULL, HOST);

    vd_job_unref(run_ended(journal, VD_JOB_DONE));
}

/* Before the machine ran, and after. */
static void test_daemon_restarts_while_it_starts(void **state)
{
    (void)state;
    starts_well("before");
}

static void test_daemon_restarts_when_it_started(void **state)
{
    (void)state;
    starts_well("after");
}

static void test_daemon_never_answers_a_start(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = begun("start", "never", NULL, HOST);
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_FAILED);

    assert_non_null(strstr(job->error, "It broke."));
    assert_true(run_exists(UUID) && run_exists("db-07.qcow2"));
}

int main(int argc, char **argv)
{
    vd_patience_set(6); /* with a host that does not answer */
    int other = run_other_main(argc, argv);
    if (other >= 0)
        return other;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_powered_off_before_it_was_done, run_setup,
                                        jobs_teardown),
        cmocka_unit_test_setup_teardown(test_of_each_reader, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_removed_meanwhile, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_powered_off_when_it_was_done, run_setup,
                                        jobs_teardown),
        cmocka_unit_test_setup_teardown(test_failed_and_powered_off, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_failed_and_up, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_heard_to_its_end, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_daemon_restarts_while_it_starts, run_setup,
                                        jobs_teardown),
        cmocka_unit_test_setup_teardown(test_daemon_restarts_when_it_started, run_setup,
                                        jobs_teardown),
        cmocka_unit_test_setup_teardown(test_daemon_never_answers_a_start, run_setup,
                                        jobs_teardown),
        cmocka_unit_test_setup_teardown(test_host_is_away, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_cancelled, run_setup, jobs_teardown),
    };
    return cmocka_run_group_tests_name("boot", tests, NULL, NULL);
}
