/* Hosts that hang, answer late, refuse or break, on the scripted backend: what is shown, how many
 * threads it costs, and that nobody waits. Deadlines are short here; every wait is for a condition.
 */
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
#define B "qemu://b/system"
#define C "qemu://c/system"

static const VdVirtOptions quick = {.events = TRUE,
                                    .connect_soft_ms = 40,
                                    .connect_hard_ms = 400,
                                    .call_soft_ms = 40,
                                    .call_hard_ms = 400};
/* For cases in which nothing may be given up, however slow the machine that runs them. */
static const VdVirtOptions patient = {.events = TRUE};
static const VdTuning tuning = {.backoff_ms = 10,
                                .merge_ms = 50,
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

static void begin(Case *c, const VdVirtOptions *options)
{
    c->fake = fake_new();
    c->client = client_new(options, fake_backend(c->fake), &tuning);
}

/* With the host a, of which so many attempts to connect hang; -1: all. */
static void begin_hanging(Case *c, const VdVirtOptions *options, int attempts)
{
    begin(c, options);
    fake_add_many(c->fake, A, 2);
    fake_hang(c->fake, A, FAKE_OPEN, attempts);
    vd_virt_add_host(c->client->virt, "a", A);
}

static void finish(Case *c)
{
    assert_true(client_free(c->client) < CLIENT_QUIT_MS);
    fake_free(c->fake);
}

static void up_with(Case *c, const VdVirtOptions *options, guint machines)
{
    begin(c, options);
    fake_add_many(c->fake, A, machines);
    vd_virt_add_host(c->client->virt, "a", A);
    assert_true(client_wait(c->client, is_up, "a", 30));
}

static gboolean none_abandoned(Client *client, gconstpointer data)
{
    (void)data;
    VdVirtMeter meter;
    vd_virt_meter(client->virt, &meter);
    return meter.abandoned == 0;
}

/* data: a guint * */
static gboolean so_many_abandoned(Client *client, gconstpointer data)
{
    VdVirtMeter meter;
    vd_virt_meter(client->virt, &meter);
    return meter.abandoned >= *(const guint *)data;
}

static guint lanes(const Case *c)
{
    VdVirtMeter meter;
    vd_virt_meter(c->client->virt, &meter);
    return meter.lanes;
}

static gboolean never(VdVirtCall *call, GError **error)
{
    (void)call;
    return vd_fail(error, VD_ERR_FAILED, NULL, "the fake does not run functions");
}

static gboolean nothing_runs(Client *client, gconstpointer data)
{
    (void)data;
    VdMeterReading reading;
    vd_virt_read_meter(client->virt, &reading);
    gboolean idle = !g_array_index(reading.hosts, VdHostMeter, 0).doing;
    g_array_unref(reading.hosts);
    return idle;
}

/* ---- connecting and listing ---- */

static void test_dead_host_delays_nobody(void **state)
{
    (void)state;
    Case c;
    begin(&c, &patient);
    fake_add_many(c.fake, A, 3);
    fake_add_many(c.fake, B, 4);
    fake_hang(c.fake, C, FAKE_OPEN, -1);
    vd_virt_add_host(c.client->virt, "c", C);
    vd_virt_add_host(c.client->virt, "a", A);
    vd_virt_add_host(c.client->virt, "b", B);
    assert_true(client_wait(c.client, is_up, "a", 30));
    assert_true(client_wait(c.client, is_up, "b", 30));
    assert_int_equal(client_host(c.client, "a")->vms->len, 3);
    assert_int_equal(client_host(c.client, "b")->vms->len, 4);
    assert_int_equal(client_host(c.client, "c")->state, VD_HOST_CONNECTING);
    finish(&c);
}

static gboolean has_moved(Client *client, gconstpointer host)
{
    const VdHost *now = client_host(client, host);
    return now && now->state != VD_HOST_CONNECTING;
}

static void test_hang_abandoned_new_lane(void **state)
{
    (void)state;
    Case c;
    begin_hanging(&c, &quick, 1);
    /* One that was never up is not called slow meanwhile. */
    assert_true(client_wait(c.client, has_moved, "a", 30));
    assert_true(is_down(c.client, "a"));
    assert_non_null(client_host(c.client, "a")->error);
    assert_true(client_host(c.client, "a")->next_try > 0);
    assert_true(client_wait(c.client, is_up, "a", 30)); /* the second lane */
    assert_null(client_host(c.client, "a")->error);
    guint one = 1;
    assert_true(so_many_abandoned(c.client, &one));
    fake_release(c.fake, A, FAKE_OPEN);
    assert_true(client_wait(c.client, none_abandoned, NULL, 30));
    assert_true(client_wait(c.client, is_up, "a", 30));
    finish(&c);
}

static void test_late_answer_is_dropped(void **state)
{
    (void)state;
    Case c;
    begin(&c, &quick);
    fake_add_many(c.fake, A, 2);
    fake_hang(c.fake, A, FAKE_LIST, 1); /* its answer holds both machines */
    vd_virt_add_host(c.client->virt, "a", A);
    assert_true(wait_hanging(c.client, c.fake, A, FAKE_LIST, 1));
    fake_remove(c.fake, A, 1);
    assert_true(client_wait(c.client, is_up, "a", 30));
    assert_null(client_vm(c.client, "a", "vm1"));
    fake_release(c.fake, A, FAKE_LIST);
    assert_true(client_wait(c.client, none_abandoned, NULL, 30));
    client_turn(c.client);
    assert_null(client_vm(c.client, "a", "vm1"));
    assert_int_equal(client_host(c.client, "a")->vms->len, 1);
    finish(&c);
}

static gboolean given_up(Client *client, gconstpointer id)
{
    const VdHost *host = client_host(client, id);
    guint three = 3;
    return host && host->state == VD_HOST_DOWN && host->next_try == 0 &&
           so_many_abandoned(client, &three);
}

/* One whose thread had not begun in time does not hang: it leaves, and another takes its place. */
static void test_bound_on_lanes(void **state)
{
    (void)state;
    Case c;
    begin_hanging(&c, &quick, -1);
    assert_true(wait_hanging(c.client, c.fake, A, FAKE_OPEN, 3));
    assert_true(client_wait(c.client, given_up, "a", 30));
    assert_int_equal(lanes(&c), 3);
    assert_int_equal(fake_calls(c.fake, A, FAKE_OPEN), 3);
    vd_virt_reconnect(c.client->virt, "a"); /* by hand, once more */
    assert_true(wait_called(c.client, c.fake, A, FAKE_OPEN, 4));
    assert_true(client_wait(c.client, given_up, "a", 30));
    assert_int_equal(lanes(&c), 4);
    fake_release(c.fake, A, FAKE_OPEN); /* it answers: nobody needs to tell us */
    assert_true(client_wait(c.client, is_up, "a", 30));
    assert_true(client_wait(c.client, none_abandoned, NULL, 30));
    finish(&c);
}

static void test_refused_is_tried_again(void **state)
{
    (void)state;
    Case c;
    begin(&c, &patient);
    fake_fail(c.fake, A, FAKE_OPEN, VD_ERR_UNREACHABLE, "no daemon there");
    vd_virt_add_host(c.client->virt, "a", A);
    assert_true(client_wait(c.client, is_down, "a", 30));
    assert_string_equal(client_host(c.client, "a")->error, "no daemon there");
    assert_string_equal(client_host(c.client, "a")->detail, "fake");
    fake_fail(c.fake, A, FAKE_OPEN, VD_ERR_FAILED, NULL);
    assert_true(client_wait(c.client, is_up, "a", 30));
    finish(&c);
}

static void test_denied_is_not(void **state)
{
    (void)state;
    Case c;
    begin(&c, &patient);
    fake_fail(c.fake, A, FAKE_OPEN, VD_ERR_DENIED, "not you");
    vd_virt_add_host(c.client->virt, "a", A);
    assert_true(client_wait(c.client, is_down, "a", 30));
    assert_int_equal(client_host(c.client, "a")->next_try, 0);
    guint one = 1;
    client_call(c.client, "a", NULL, never, TRUE, NULL);
    assert_true(client_wait(c.client, has_ended, &one, 30));
    assert_int_equal(vd_error_code(c.client->error), VD_ERR_DENIED);
    fake_fail(c.fake, A, FAKE_OPEN, VD_ERR_FAILED, NULL);
    vd_virt_reconnect(c.client->virt, "a");
    assert_true(client_wait(c.client, is_up, "a", 30));
    finish(&c);
}

static gboolean one_is_there(Client *client, gconstpointer id)
{
    return client_host(client, id)->vms->len == 1;
}

/* As many as libvirt's protocol lists, and none. */
static void test_sizes(void **state)
{
    (void)state;
    Case c;
    begin(&c, &patient);
    fake_add_many(c.fake, A, 16384);
    fake_event(c.fake, B, 0); /* B is there, and has nothing */
    vd_virt_add_host(c.client->virt, "a", A);
    vd_virt_add_host(c.client->virt, "b", B);
    assert_true(client_wait(c.client, is_up, "a", 60));
    assert_true(client_wait(c.client, is_up, "b", 30));
    const VdHost *many = client_host(c.client, "a"), *none = client_host(c.client, "b");
    assert_int_equal(many->vms->len, 16384);
    assert_int_equal(none->vms->len, 0);
    assert_true(none->listed);
    fake_add(c.fake, B, 7, VD_VM_RUNNING);
    fake_event(c.fake, B, 7);
    assert_true(client_wait(c.client, one_is_there, "b", 30));
    finish(&c);
}

static gboolean renamed(Client *client, gconstpointer data)
{
    const VdVm *vm = vd_host_find(client_host(client, "a"), fake_uuid(1));
    return vm && strcmp(vm->raw_name, data) == 0;
}

/* Bytes that are no UTF-8, and sequences that a terminal would obey. */
static void test_hostile_names(void **state)
{
    (void)state;
    static const char *const names[] = {"\xff\xfe\x80 latin \xe9", "\033]0;own\007\033[2J", "",
                                        "\xc3", "\n\r\t\x7f\xc2\x9b"};
    Case c;
    up_with(&c, &patient, 3);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        fake_name(c.fake, A, 1, names[i]);
        fake_event(c.fake, A, 1);
        assert_true(client_wait(c.client, renamed, names[i], 30));
        const VdVm *vm = vd_host_find(client_host(c.client, "a"), fake_uuid(1));
        assert_true(g_utf8_validate(vm->name, -1, NULL));
        for (const char *at = vm->name; *at; at = g_utf8_next_char(at))
            assert_false(g_unichar_iscntrl(g_utf8_get_char(at)));
    }
    finish(&c);
}

/* ---- events ---- */

static gboolean state_is_paused(Client *client, gconstpointer name)
{
    const VdVm *vm = client_vm(client, "a", name);
    return vm && vm->state == VD_VM_PAUSED;
}

static void test_events_run_together(void **state)
{
    (void)state;
    Case c;
    up_with(&c, &patient, 40);
    guint before = fake_calls(c.fake, A, FAKE_LIST);
    for (guint i = 0; i < 3; i++)
        fake_set_state(c.fake, A, i, VD_VM_PAUSED);
    for (guint i = 0; i < 1000; i++)
        fake_event(c.fake, A, i % 3);
    for (guint i = 0; i < 3; i++) {
        g_autofree char *name = g_strdup_printf("vm%u", i);
        assert_true(client_wait(c.client, state_is_paused, name, 30));
    }
    assert_int_equal(fake_calls(c.fake, A, FAKE_LOOK), 1);
    assert_int_equal(fake_looked(c.fake, A), 3);
    assert_int_equal(fake_calls(c.fake, A, FAKE_LIST), before);
    for (guint i = 0; i < 40; i++) { /* so many that one listing costs less */
        fake_set_state(c.fake, A, i, VD_VM_PAUSED);
        fake_event(c.fake, A, i);
    }
    assert_true(client_wait(c.client, state_is_paused, "vm39", 30));
    assert_int_equal(fake_calls(c.fake, A, FAKE_LIST), before + 1);
    assert_int_equal(fake_calls(c.fake, A, FAKE_LOOK), 1);
    finish(&c);
}

static void test_lost_events_are_caught(void **state)
{
    (void)state;
    Case c;
    VdTuning often = tuning;
    often.refresh_min_ms = often.refresh_max_ms = 50;
    c.fake = fake_new();
    c.client = client_new(&patient, fake_backend(c.fake), &often);
    fake_add_many(c.fake, A, 3);
    vd_virt_add_host(c.client->virt, "a", A);
    assert_true(client_wait(c.client, is_up, "a", 30));
    fake_set_state(c.fake, A, 1, VD_VM_PAUSED); /* and no event */
    assert_true(client_wait(c.client, state_is_paused, "vm1", 30));
    finish(&c);
}

static void test_broken_connection(void **state)
{
    (void)state;
    Case c;
    up_with(&c, &patient, 3);
    assert_int_equal(fake_watchers(c.fake, A), 1);
    fake_close(c.fake, A, VD_CLOSED_KEEPALIVE);
    assert_true(client_wait(c.client, is_down, "a", 30));
    const VdHost *host = client_host(c.client, "a");
    assert_non_null(strstr(host->error, "a"));
    assert_int_equal(host->vms->len, 3); /* its rows stay, with their age */
    assert_true(host->seen > 0);
    assert_true(wait_called(c.client, c.fake, A, FAKE_OPEN, 2));
    assert_true(client_wait(c.client, is_up, "a", 30));
    assert_int_equal(fake_watchers(c.fake, A), 2);
    fake_set_state(c.fake, A, 1, VD_VM_PAUSED);
    fake_event(c.fake, A, 1);
    assert_true(client_wait(c.client, state_is_paused, "vm1", 30));
    finish(&c);
}

static void up_and_broken(Case *c, const VdTuning *tuned)
{
    c->fake = fake_new();
    c->client = client_new(&patient, fake_backend(c->fake), tuned);
    fake_add_many(c->fake, A, 3);
    vd_virt_add_host(c->client->virt, "a", A);
    assert_true(client_wait(c->client, is_up, "a", 30));
    fake_fail(c->fake, A, FAKE_OPEN, VD_ERR_UNREACHABLE, "no daemon there");
    fake_fail(c->fake, A, FAKE_LIST, VD_ERR_UNREACHABLE, "Cannot list the machines: keepalive");
    vd_virt_refresh(c->client->virt, "a");
}

/* The call that fails of a dead connection may come before the word that it is dead. */
static void test_broken_in_a_listing(void **state)
{
    (void)state;
    Case c;
    VdTuning slow = tuning;
    slow.farewell_ms = slow.backoff_ms = 3600000;
    up_and_broken(&c, &slow);
    assert_true(wait_called(c.client, c.fake, A, FAKE_LIST, 2));
    assert_true(client_wait(c.client, nothing_runs, NULL, 30));
    fake_close(c.fake, A, VD_CLOSED_KEEPALIVE);
    assert_true(client_wait(c.client, is_down, "a", 30));
    assert_string_equal(client_host(c.client, "a")->error, "a stopped answering.");
    finish(&c);
}

/* And where the word never comes the call's own reason has to do. */
static void test_broken_without_a_word(void **state)
{
    (void)state;
    Case c;
    VdTuning slow = tuning;
    slow.farewell_ms = 20;
    slow.backoff_ms = 3600000;
    up_and_broken(&c, &slow);
    assert_true(client_wait(c.client, is_down, "a", 30));
    assert_non_null(strstr(client_host(c.client, "a")->error, "Cannot list"));
    finish(&c);
}

/* A retry that hangs is no news: the host stays away, since when it was lost. */
static void test_lost_stays_down(void **state)
{
    (void)state;
    Case c;
    up_with(&c, &quick, 3);
    fake_hang(c.fake, A, FAKE_OPEN, -1);
    fake_close(c.fake, A, VD_CLOSED_KEEPALIVE);
    assert_true(client_wait(c.client, is_down, "a", 30));
    gint64 since = client_host(c.client, "a")->since;
    for (guint n = 2; n <= 3; n++) {
        assert_true(wait_called(c.client, c.fake, A, FAKE_OPEN, n));
        client_turn(c.client);
        assert_int_equal(client_host(c.client, "a")->state, VD_HOST_DOWN);
        assert_int_equal(client_host(c.client, "a")->since, since);
    }
    fake_release(c.fake, A, FAKE_OPEN);
    assert_true(client_wait(c.client, is_up, "a", 30));
    finish(&c);
}

static gboolean up_if_asked(Client *client, gconstpointer id)
{
    vd_virt_reconnect(client->virt, id);
    return is_up(client, id);
}

/* Who mended the way to a host need not wait until the attempt from before is given up. */
static void test_retry_beside_one_that_hangs(void **state)
{
    static const VdVirtOptions soon_slow = {.events = TRUE, .connect_soft_ms = 20};
    (void)state;
    Case c;
    begin_hanging(&c, &soon_slow, 1);
    assert_true(wait_hanging(c.client, c.fake, A, FAKE_OPEN, 1));
    assert_true(client_wait(c.client, up_if_asked, "a", 30));
    assert_true(fake_calls(c.fake, A, FAKE_OPEN) <=
                4); /* the beat of keys is not that of attempts */
    fake_release(c.fake, A, FAKE_OPEN);
    assert_true(client_wait(c.client, none_abandoned, NULL, 30));
    assert_true(is_up(c.client, "a"));
    finish(&c);
}

/* However often it is asked for by hand. */
static void test_bound_on_retries(void **state)
{
    static const VdVirtOptions never_slow = {.events = TRUE, .connect_soft_ms = 3600000};
    (void)state;
    Case c;
    begin_hanging(&c, &never_slow, -1);
    for (guint n = 1; n <= 8; n++) {
        assert_true(wait_hanging(c.client, c.fake, A, FAKE_OPEN, n));
        vd_virt_reconnect(c.client->virt, "a"); /* is heard, and changes nothing */
        vd_virt_disconnect(c.client->virt, "a");
        vd_virt_reconnect(c.client->virt, "a");
    }
    assert_true(client_wait(c.client, is_down, "a", 30));
    for (guint n = 0; n < 20; n++)
        vd_virt_reconnect(c.client->virt, "a");
    client_turn(c.client);
    assert_int_equal(lanes(&c), 8);
    assert_int_equal(fake_calls(c.fake, A, FAKE_OPEN), 8);
    fake_release(c.fake, A, FAKE_OPEN);
    assert_true(client_wait(c.client, none_abandoned, NULL, 30));
    vd_virt_reconnect(c.client->virt, "a");
    assert_true(client_wait(c.client, is_up, "a", 30));
    finish(&c);
}

static void test_disconnect(void **state)
{
    (void)state;
    Case c;
    guint one = 1;
    up_with(&c, &patient, 3);
    vd_virt_disconnect(c.client->virt, "a");
    client_turn(c.client);
    assert_int_equal(client_host(c.client, "a")->state, VD_HOST_OFF);
    client_call(c.client, "a", fake_uuid(1), never, TRUE, NULL);
    assert_true(client_wait(c.client, has_ended, &one, 30));
    assert_int_equal(vd_error_exit_status(c.client->error), 3);
    vd_virt_reconnect(c.client->virt, "a");
    assert_true(client_wait(c.client, is_up, "a", 30));
    finish(&c);
}

/* ---- quitting ---- */

static void test_quit_at_once(void **state)
{
    (void)state;
    Case c;
    begin(&c, &patient);
    fake_hang(c.fake, A, FAKE_OPEN, -1);
    fake_hang(c.fake, B, FAKE_LIST, -1);
    fake_add_many(c.fake, C, 2);
    fake_hang(c.fake, C, FAKE_RUN, -1);
    vd_virt_add_host(c.client->virt, "a", A);
    vd_virt_add_host(c.client->virt, "b", B);
    vd_virt_add_host(c.client->virt, "c", C);
    assert_true(client_wait(c.client, is_up, "c", 30));
    client_call(c.client, "c", fake_uuid(1), never, TRUE, "starting…");
    assert_true(wait_hanging(c.client, c.fake, A, FAKE_OPEN, 1));
    assert_true(wait_hanging(c.client, c.fake, B, FAKE_LIST, 1));
    assert_true(wait_hanging(c.client, c.fake, C, FAKE_RUN, 1));
    finish(&c); /* with all three hanging; then they free themselves */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dead_host_delays_nobody),
        cmocka_unit_test(test_hang_abandoned_new_lane),
        cmocka_unit_test(test_late_answer_is_dropped),
        cmocka_unit_test(test_bound_on_lanes),
        cmocka_unit_test(test_refused_is_tried_again),
        cmocka_unit_test(test_denied_is_not),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_events_run_together),
        cmocka_unit_test(test_lost_events_are_caught),
        cmocka_unit_test(test_broken_connection),
        cmocka_unit_test(test_broken_in_a_listing),
        cmocka_unit_test(test_broken_without_a_word),
        cmocka_unit_test(test_lost_stays_down),
        cmocka_unit_test(test_retry_beside_one_that_hangs),
        cmocka_unit_test(test_bound_on_retries),
        cmocka_unit_test(test_disconnect),
        cmocka_unit_test(test_quit_at_once),
    };
    return cmocka_run_group_tests_name("virt-lanes", tests, NULL, NULL);
}
