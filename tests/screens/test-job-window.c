/* The window of a job on a canvas: its steps, its end, what it says while it is undone, and the
 * form that tries it again. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "src/base/i18n.h"
#include "tests/screens/fake-app.h"
#include "tests/screens/fake-form.h"
#include "ui/forms.h"

static VdJob *job_make(VdJobState job_state)
{
    VdJob *job = vd_job_new("r-7K2M9Q");
    gint64 now = g_get_real_time();
    job->verb = g_strdup("deploy");
    job->title = g_strdup("deploy db-07");
    job->target = g_strdup("db-07");
    job->host = g_strdup("kvm1");
    job->state = job_state;
    job->started = now - 41 * G_USEC_PER_SEC;
    job->note = g_strdup("No KVM here: emulated, slow.");
    static const char *const labels[] = {"check", "disk", "grow", "customise", "start"};
    for (guint i = 0; i < G_N_ELEMENTS(labels); i++) {
        VdStep *step = vd_job_add_step(job, labels[i], labels[i], 5);
        step->text = g_strdup("what it does");
        step->state = i < 2 ? VD_STEP_DONE : i == 2 ? VD_STEP_RUNNING : VD_STEP_WAITING;
        step->fraction = i < 2 ? 1 : i == 2 ? 0.44 : 0;
        step->started = i <= 2 ? job->started : 0;
        step->ended = i < 2 ? job->started + 100000 : 0;
    }
    if (job_state == VD_JOB_FAILED) {
        ((VdStep *)g_ptr_array_index(job->steps, 2))->state = VD_STEP_FAILED;
        job->ended = now;
        job->error = g_strdup("The file system is full.");
        job->detail = g_strdup("resize2fs: No space left on device");
        job->undone = g_strdup("the disk was removed");
    }
    return job;
}

static VdApp *job_open(VdJobState job_state, int width, int height, gboolean ascii)
{
    VdApp *app = vd_fake_new(width, height, ascii);
    g_ptr_array_add(vd_fake()->jobs, job_make(job_state));
    vd_app_push(app, vd_job_window_new(app, "r-7K2M9Q"));
    return app;
}

static void test_job_running(void **state)
{
    (void)state;
    job_open(VD_JOB_RUNNING, 80, 24, FALSE);
    vd_fake_shows("deploy db-07 · r-7K2M9Q · 00:41");
    vd_fake_shows("✓ check     what it does");
    vd_fake_shows("▸ grow");
    vd_fake_shows(" 44%");
    vd_fake_shows("Total");
    vd_fake_shows("No KVM here: emulated, slow.");
    vd_fake_type("c");
    assert_string_equal(vd_fake()->last_verb->id, "job.cancel");
    assert_string_equal(vd_fake()->last_target, "r-7K2M9Q");
    vd_fake()->log = "one\ntwo\033[31m three\nfour";
    vd_fake_type("l");
    vd_fake_shows("Log of deploy db-07");
    vd_fake_shows("four");
    g_autofree char *screen = vd_fake_screen();
    assert_null(strchr(screen, '\033'));
    vd_fake_type("<Esc>");
    assert_string_equal(vd_fake_top()->class->name, "job");
    vd_fake_free();
}

/* Nobody works on its step. */
static void test_job_interrupted(void **state)
{
    (void)state;
    job_open(VD_JOB_INTERRUPTED, 80, 24, FALSE);
    vd_fake_shows("▸ grow      what it does");
    vd_fake_shows_not(" 44%");
    vd_fake_shows_not("41s");
    vd_fake_shows("Interrupted: its process is gone.");
    vd_fake_free();
}

static void test_job_failed(void **state)
{
    (void)state;
    job_open(VD_JOB_FAILED, 80, 24, FALSE);
    vd_fake_shows("✗ grow");
    vd_fake_shows("grow: The file system is full.");
    vd_fake_shows("resize2fs: No space left on device");
    vd_fake_shows("Taken back: the disk was removed");
    vd_fake_shows("Request r-7K2M9Q. r tries again, l shows the log.");
    /* Once nobody knows what it was, and then all of it but the password. */
    vd_fake_type("r");
    assert_string_equal(vd_fake_top()->class->name, "job");
    g_autoptr(VdArgs) asked = vd_args_new();
    vd_args_set(asked, "name", "db-07");
    vd_args_set(asked, "image", "debian-12");
    vd_args_set(asked, "no-grow", "true");
    vd_args_add(asked, "ssh-key", "/one.pub");
    vd_args_add(asked, "ssh-key", "/two.pub");
    vd_args_set(asked, "address", "192.0.2.7/24");
    vd_fake()->retry = asked;
    vd_fake()->retry_verb = &vd_fake_deploy;
    vd_fake_type("r");
    assert_string_equal(vd_fake_top()->class->name, "form");
    VdForm *form = (VdForm *)vd_fake_top();
    assert_string_equal(vd_form_value(form, "name"), "db-07");
    assert_string_equal(vd_form_value(form, "image"), "debian-12");
    assert_string_equal(vd_form_value(form, "address"), "192.0.2.7/24");
    assert_string_equal(vd_form_value(form, "ssh-key"), "/one.pub, /two.pub");
    assert_true(vd_form_field(form, "no-grow")->on);
    assert_null(vd_form_value(form, "password"));
    vd_fake_shows("type it again");
    vd_fake_shows("Passwords are not kept: type them again.");
    /* Without it the machine would be another one. */
    vd_fake_type("<F2>");
    assert_int_equal(vd_fake()->submitted, 0);
    vd_fake_shows("it was given and is not kept: type it again");
    assert_int_equal(vd_form_field(form, "password")->state, VD_FIELD_BAD);
    vd_fake_type("<F3>");
    vd_fake_shows("--password-file FILE");
    vd_fake_type("<Esc>");
    vd_form_focus(form, 0);
    while (strcmp(vd_form_focused(form)->spec->name, "password") != 0)
        vd_fake_type("<Tab>");
    vd_fake_type("horse<Tab>");
    assert_int_equal(vd_form_field(form, "password")->state, VD_FIELD_GOOD);
    vd_fake_free();
}

static void press_on(VdForm *form, const char *field, const char *keys)
{
    vd_form_focus(form, 0);
    while (strcmp(vd_form_focused(form)->spec->name, field) != 0)
        vd_fake_type("<Tab>");
    vd_fake_type(keys);
}

/* Passwords that were given and are not wanted any more need not be typed: the form says so by its
 * other fields, whatever its shape. */
static void test_retry_without(void **state)
{
    static const VdArgSpec words[] = {
        {.name = "name", .label = "Name", .type = VD_ARG_NAME},
        {.name = "password", .label = "Root password", .type = VD_ARG_SECRET},
        {.name = "locked", .label = "Lock root", .type = VD_ARG_FLAG},
        {.name = "user", .label = "User", .type = VD_ARG_TEXT},
        {.name = "user-password", .label = "User's password", .type = VD_ARG_SECRET},
        {.name = NULL},
    };
    VdVerb verb = vd_fake_deploy;
    (void)state;
    verb.id = "install";
    verb.args = words;
    job_open(VD_JOB_FAILED, 80, 24, FALSE);
    g_autoptr(VdArgs) asked = vd_args_new();
    vd_args_set(asked, "name", "db-07");
    vd_args_set(asked, "user", "ann");
    vd_fake()->retry = asked;
    vd_fake()->retry_verb = &verb;
    vd_fake_type("r");
    VdForm *form = (VdForm *)vd_fake_top();
    vd_fake_type("<F3>");
    vd_fake_shows("--password-file FILE");
    vd_fake_shows("--user-password-file FILE");
    vd_fake_type("<Esc><F2>");
    assert_int_equal(vd_fake()->submitted, 0);
    press_on(form, "locked", " ");
    vd_fake_type("<F3>");
    vd_fake_shows_not("--password-file FILE");
    vd_fake_type("<Esc><F2>");
    assert_int_equal(vd_fake()->submitted, 0);
    assert_string_equal(vd_form_focused(form)->spec->name, "user-password");
    press_on(form, "user", "<Backspace><Backspace><Backspace><F2>");
    assert_int_equal(vd_fake()->submitted, 1);
    vd_fake_free();
}

/* A job that is being undone says so, and what it waits for. */
static void test_job_undoing(void **state)
{
    (void)state;
    job_open(VD_JOB_CANCELLING, 80, 24, FALSE);
    vd_fake_shows("Cancelling: what it made is being removed.");
    vd_fake_shows("No KVM here: emulated, slow.");
    vd_fake_free();
    VdApp *app = vd_fake_new(80, 24, FALSE);
    VdJob *job = job_make(VD_JOB_RUNNING);
    job->error = g_strdup("The file system is full.");
    g_ptr_array_add(vd_fake()->jobs, job);
    vd_app_push(app, vd_job_window_new(app, "r-7K2M9Q"));
    vd_fake_shows("Failed: what it made is being removed.");
    vd_fake_shows("The file system is full.");
    vd_fake_shows("No KVM here: emulated, slow.");
    vd_fake_free();
}

static void test_ascii(void **state)
{
    (void)state;
    job_open(VD_JOB_FAILED, 80, 24, TRUE);
    vd_fake_7bit();
    vd_fake_shows("x grow");
    vd_fake_free();
}

/* Every size from a whole screen down to one cell, with the log opened. */
static void test_sizes(void **state)
{
    (void)state;
    for (guint i = 0; i < vd_fake_sizes_count; i++) {
        job_open(i % 2 ? VD_JOB_RUNNING : VD_JOB_FAILED, vd_fake_sizes[i][0], vd_fake_sizes[i][1],
                 FALSE);
        vd_fake_type("<Down><Down><Down><Up>l<Down><Right><Esc>");
        vd_fake_free();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_job_running), cmocka_unit_test(test_job_interrupted),
        cmocka_unit_test(test_job_failed),  cmocka_unit_test(test_retry_without),
        cmocka_unit_test(test_job_undoing), cmocka_unit_test(test_ascii),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests_name("job window", tests, NULL, NULL);
}
