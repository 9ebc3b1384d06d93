/* Operations on the scripted backend: pending, outcomes, and what happens when they hang. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "src/base/error.h"
#include "tests/engine/fake-waits.h"

#define A "qemu://a/system"

/* Given up soon, but not before a lane of a loaded machine has got as far as to hang. */
static const VdVirtOptions quick = {.events = TRUE,
                                    .connect_soft_ms = 40,
                                    .connect_hard_ms = 1000,
                                    .call_soft_ms = 40,
                                    .call_hard_ms = 1000};
/* Soon slow, never given up. */
static const VdVirtOptions patient = {.events = TRUE, .call_soft_ms = 40, .call_hard_ms = 600000};
static const VdTuning tuning = {.backoff_ms = 10,
                                .merge_ms = 20,
                                .refresh_min_ms = 3600000,
                                .refresh_max_ms = 3600000,
                                .max_stuck = 3,
                                .dear_soft_ms = 40,
                                .dear_hard_ms = 120,
                                .shard = 16,
                                .quarantine_ms = 20};

typedef struct {
    Fake *fake;
    Client *client;
} Case;

static gboolean op(VdVirtCall *call, GError **error)
{
    (void)call;
    return vd_fail(error, VD_ERR_FAILED, NULL, "the fake does not run functions");
}

static void up(Case *c, const VdVirtOptions *options)
{
    c->fake = fake_new();
    c->client = client_new(options, fake_backend(c->fake), &tuning);
    fake_add_many(c->fake, A, 3);
    vd_virt_add_host(c->client->virt, "a", A);
    assert_true(client_wait(c->client, is_up, "a", 30));
}

static void finish(Case *c)
{
    assert_true(client_free(c->client) < CLIENT_QUIT_MS);
    fake_free(c->fake);
}

static const VdVm *row(Case *c, const char *name)
{
    return client_vm(c->client, "a", name);
}

static gboolean pending(Client *client, gconstpointer name)
{
    const VdVm *vm = client_vm(client, "a", name);
    return vm && vm->pending;
}

static gboolean settled(Client *client, gconstpointer name)
{
    return !pending(client, name);
}

static void test_pending(void **state)
{
    (void)state;
    Case c;
    guint one = 1;
    up(&c, &patient);
    fake_hang(c.fake, A, FAKE_RUN, -1);
    client_call(c.client, "a", fake_uuid(1), op, TRUE, "pausing…");
    client_turn(c.client);
    assert_string_equal(row(&c, "vm1")->pending, "pausing…"); /* before any answer */
    assert_null(row(&c, "vm0")->pending);
    assert_true(wait_hanging(c.client, c.fake, A, FAKE_RUN, 1));
    fake_release(c.fake, A, FAKE_RUN);
    assert_true(client_wait(c.client, has_ended, &one, 30));
    assert_null(c.client->error);
    assert_true(client_wait(c.client, settled, "vm1", 30));
    assert_int_equal(row(&c, "vm1")->state, VD_VM_PAUSED); /* never the former state in between */
    finish(&c);
}

static void test_failed(void **state)
{
    (void)state;
    Case c;
    guint one = 1;
    up(&c, &patient);
    fake_fail(c.fake, A, FAKE_RUN, VD_ERR_NO_SPACE, "the pool is full");
    client_call(c.client, "a", fake_uuid(1), op, TRUE, "pausing…");
    assert_true(client_wait(c.client, has_ended, &one, 30));
    assert_int_equal(vd_error_code(c.client->error), VD_ERR_NO_SPACE);
    assert_string_equal(c.client->error->message, "the pool is full");
    assert_true(client_wait(c.client, settled, "vm1", 30));
    assert_int_equal(row(&c, "vm1")->state, VD_VM_RUNNING);
    finish(&c);
}

static void outcome_of_hanging(gboolean changes, VdErrorCode code, int status)
{
    Case c;
    guint one = 1;
    up(&c, &quick);
    fake_hang(c.fake, A, FAKE_RUN, -1);
    client_call(c.client, "a", fake_uuid(1), op, changes, "pausing…");
    assert_true(client_wait(c.client, has_ended, &one, 30));
    assert_int_equal(vd_error_code(c.client->error), code);
    assert_int_equal(vd_error_exit_status(c.client->error), status);
    assert_true(client_wait(c.client, settled, "vm1", 30));
    assert_true(client_wait(c.client, is_up, "a", 30)); /* a request is not the host */
    finish(&c);
}

static void test_unknown_outcome(void **state)
{
    (void)state;
    outcome_of_hanging(TRUE, VD_ERR_UNKNOWN, 5);
}

static void test_question_times_out(void **state)
{
    (void)state;
    outcome_of_hanging(FALSE, VD_ERR_TIMEOUT, 1);
}

static gboolean answered_late(Client *client, gconstpointer name)
{
    const VdVm *vm = client_vm(client, "a", name);
    return vm && vm->state == VD_VM_PAUSED;
}

/* What became of an abandoned call shows by itself when it comes back. */
static void test_late_outcome_is_shown(void **state)
{
    (void)state;
    Case c;
    guint one = 1;
    up(&c, &quick);
    fake_hang(c.fake, A, FAKE_RUN, -1);
    client_call(c.client, "a", fake_uuid(1), op, TRUE, NULL);
    assert_true(client_wait(c.client, has_ended, &one, 30));
    fake_release(c.fake, A, FAKE_RUN);
    assert_true(client_wait(c.client, answered_late, "vm1", 30));
    assert_int_equal(c.client->ended, 1); /* and nobody is told twice */
    finish(&c);
}

static gboolean all_closed(Client *client, gconstpointer fake)
{
    (void)client;
    return fake_conns((Fake *)(gpointer)fake) == 1; /* the monitor's */
}

/* The action lane cannot even connect: nothing was done, and nothing is done later either. */
static void test_never_begun(void **state)
{
    (void)state;
    Case c;
    guint one = 1;
    up(&c, &quick);
    fake_hang(c.fake, A, FAKE_OPEN, -1);
    client_call(c.client, "a", fake_uuid(1), op, TRUE, "pausing…");
    assert_true(wait_hanging(c.client, c.fake, A, FAKE_OPEN, 1));
    assert_true(client_wait(c.client, has_ended, &one, 30));
    assert_int_equal(vd_error_code(c.client->error), VD_ERR_UNREACHABLE);
    fake_release(c.fake, A, FAKE_OPEN);
    assert_true(client_wait(c.client, all_closed, c.fake, 30));
    assert_int_equal(fake_calls(c.fake, A, FAKE_RUN), 0);
    finish(&c);
}

/* A stuck guest is forced off while a request on it hangs. */
static void test_second_lane(void **state)
{
    (void)state;
    Case c;
    guint one = 1, two = 2;
    up(&c, &patient);
    fake_hang(c.fake, A, FAKE_RUN, 1);
    client_call(c.client, "a", fake_uuid(1), op, TRUE, "stopping…");
    assert_true(wait_hanging(c.client, c.fake, A, FAKE_RUN, 1));
    client_call(c.client, "a", fake_uuid(1), op, TRUE, "powering off…");
    assert_true(client_wait(c.client, has_ended, &one, 30));
    assert_null(c.client->error);
    assert_int_equal(fake_hanging(c.fake, A, FAKE_RUN), 1); /* the first one still does */
    fake_release(c.fake, A, FAKE_RUN);
    assert_true(client_wait(c.client, has_ended, &two, 30));
    assert_true(client_wait(c.client, settled, "vm1", 30));
    finish(&c);
}

static void patient_done(VdDoc *doc, const GError *error, gpointer data)
{
    (void)doc;
    assert_null(error);
    ((Client *)data)->ended++;
}

static gboolean long_past(Client *client, gconstpointer data)
{
    (void)client;
    return g_get_monotonic_time() > *(const gint64 *)data;
}

/* An operation that says it takes long is not given up at the usual deadline. */
static void test_expected_to_take_long(void **state)
{
    (void)state;
    Case c;
    guint one = 1;
    up(&c, &quick);
    fake_hang(c.fake, A, FAKE_RUN, -1);
    vd_virt_call(c.client->virt, "a", fake_uuid(1), op, NULL, "r-PATNT0", TRUE, NULL, patient_done,
                 c.client);
    assert_true(wait_hanging(c.client, c.fake, A, FAKE_RUN, 1));
    gint64 deadline = g_get_monotonic_time() + 1400000; /* the usual one is at 1 s */
    assert_true(client_wait(c.client, long_past, &deadline, 30));
    assert_int_equal(c.client->ended, 0);
    fake_release(c.fake, A, FAKE_RUN);
    assert_true(client_wait(c.client, has_ended, &one, 30));
    finish(&c);
}

static void test_connection_breaks_under_it(void **state)
{
    (void)state;
    Case c;
    guint one = 1;
    up(&c, &patient);
    fake_hang(c.fake, A, FAKE_RUN, -1);
    client_call(c.client, "a", fake_uuid(1), op, TRUE, "pausing…");
    assert_true(wait_hanging(c.client, c.fake, A, FAKE_RUN, 1));
    fake_fail(c.fake, A, FAKE_RUN, VD_ERR_UNREACHABLE, "end of file");
    fake_close(c.fake, A, VD_CLOSED_EOF);
    fake_release(c.fake, A, FAKE_RUN);
    assert_true(client_wait(c.client, has_ended, &one, 30));
    assert_int_equal(vd_error_code(c.client->error), VD_ERR_UNKNOWN);
    assert_true(client_wait(c.client, settled, "vm1", 30));
    assert_true(client_wait(c.client, is_up, "a", 30));
    finish(&c);
}

/* Requests made while the host is being connected wait for it, and fail with its reason. */
static void test_queued_fail_with_the_host(void **state)
{
    (void)state;
    Case c;
    guint two = 2;
    c.fake = fake_new();
    c.client = client_new(&patient, fake_backend(c.fake), &tuning);
    fake_fail(c.fake, A, FAKE_OPEN, VD_ERR_UNREACHABLE, "no daemon there");
    fake_hang(c.fake, A, FAKE_OPEN, -1);
    vd_virt_add_host(c.client->virt, "a", A);
    assert_true(wait_hanging(c.client, c.fake, A, FAKE_OPEN, 1));
    client_call(c.client, "a", fake_uuid(1), op, TRUE, NULL);
    client_call(c.client, "a", fake_uuid(2), op, TRUE, NULL);
    client_turn(c.client);
    assert_int_equal(c.client->ended, 0);
    fake_release(c.fake, A, FAKE_OPEN);
    assert_true(client_wait(c.client, has_ended, &two, 30));
    assert_string_equal(c.client->error->message, "no daemon there");
    assert_int_equal(vd_error_exit_status(c.client->error), 3);
    finish(&c);
}

static void test_removed_host(void **state)
{
    (void)state;
    Case c;
    guint two = 2;
    up(&c, &patient);
    fake_hang(c.fake, A, FAKE_RUN, 1);
    client_call(c.client, "a", fake_uuid(1), op, TRUE, NULL);
    assert_true(wait_hanging(c.client, c.fake, A, FAKE_RUN, 1));
    client_call(c.client, "a", fake_uuid(2), op, TRUE, NULL);
    vd_virt_remove_host(c.client->virt, "a");
    assert_true(client_wait(c.client, has_ended, &two, 30)); /* each exactly once */
    finish(&c);
}

/* A connection with a state of its own is shared by all lanes. */
static void test_private_connection(void **state)
{
    (void)state;
    Case c;
    guint one = 1;
    c.fake = fake_new();
    c.client = client_new(&patient, fake_backend(c.fake), &tuning);
    fake_private(c.fake, A);
    fake_add_many(c.fake, A, 3);
    vd_virt_add_host(c.client->virt, "a", A);
    assert_true(client_wait(c.client, is_up, "a", 30));
    client_call(c.client, "a", fake_uuid(1), op, TRUE, NULL);
    assert_true(client_wait(c.client, has_ended, &one, 30));
    assert_null(c.client->error);
    assert_int_equal(fake_calls(c.fake, A, FAKE_OPEN), 1);
    finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pending),
        cmocka_unit_test(test_failed),
        cmocka_unit_test(test_unknown_outcome),
        cmocka_unit_test(test_question_times_out),
        cmocka_unit_test(test_late_outcome_is_shown),
        cmocka_unit_test(test_never_begun),
        cmocka_unit_test(test_second_lane),
        cmocka_unit_test(test_expected_to_take_long),
        cmocka_unit_test(test_connection_breaks_under_it),
        cmocka_unit_test(test_queued_fail_with_the_host),
        cmocka_unit_test(test_removed_host),
        cmocka_unit_test(test_private_connection),
    };
    return cmocka_run_group_tests_name("virt-calls", tests, NULL, NULL);
}
