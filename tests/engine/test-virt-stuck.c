/* Machines whose monitor does not answer, on the scripted backend: found, set apart, forced off,
 * and well again, while the others are measured.
 * About 30 s on two processors, most of it waiting. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "src/virt/ops.h"
#include "src/virt/pace.h"
#include "tests/engine/sampling.h"

static gboolean stuck(Client *client, gconstpointer name)
{
    const VdVm *vm = client_vm(client, "a", name);
    return vm && vm->stuck_since > 0;
}

static gboolean well(Client *client, gconstpointer name)
{
    return !stuck(client, name) && is_measured(client, name);
}

typedef struct {
    gint64 since;
    guint count, but;
} Fresh;

/* All but one have been measured since. */
static gboolean fresh(Client *client, gconstpointer data)
{
    const Fresh *wanted = data;
    const VdHost *host = client_host(client, "a");
    for (guint i = 0; i < wanted->count; i++) {
        const VdVm *vm = vd_host_find(host, fake_uuid(i));
        if (i != wanted->but && (vm->now.taken < wanted->since || vm->now.mem_used < 0))
            return FALSE;
    }
    return TRUE;
}

static void quarantine(gboolean one_by_one)
{
    Case c;
    case_up(&c, 40, one_by_one);
    assert_true(client_wait(c.client, is_measured, "vm13", 30));
    fake_stick(c.fake, A, 13, TRUE);
    assert_true(client_wait(c.client, stuck, "vm13", 30));
    const VdVm *vm = client_vm(c.client, "a", "vm13");
    assert_true(vm->now.mem_used < 0 && vm->now.disk_read < 0); /* – and not 0 */
    assert_true(vm->now.cpu >= 0);                              /* that needs no monitor */
    for (guint i = 0; i < 40; i++) {
        if (i != 13)
            assert_int_equal(vd_host_find(client_host(c.client, "a"), fake_uuid(i))->stuck_since,
                             0);
    }
    VdVirtMeter meter;
    vd_virt_meter(c.client->virt, &meter);
    assert_int_equal(meter.abandoned, 1);
    Fresh others = {g_get_monotonic_time(), 40, 13};
    assert_true(client_wait(c.client, fresh, &others, 30));
    assert_true(client_wait(c.client, is_up, "a", 30));
    assert_true(stuck(c.client, "vm13"));
    fake_stick(c.fake, A, 13, FALSE); /* it answers again */
    assert_true(client_wait(c.client, well, "vm13", 30));
    case_finish(&c);
}

static void test_quarantine(void **state)
{
    (void)state;
    quarantine(FALSE);
}

static void test_quarantine_without_bulk(void **state)
{
    (void)state;
    quarantine(TRUE);
}

/* Three in one shard, each found behind the other, with no more lanes than that. */
static void test_several_stuck(void **state)
{
    (void)state;
    Case c;
    case_up(&c, 24, FALSE);
    assert_true(client_wait(c.client, is_measured, "vm9", 30));
    fake_stick(c.fake, A, 9, TRUE);
    fake_stick(c.fake, A, 11, TRUE);
    assert_true(client_wait(c.client, stuck, "vm9", 30));
    assert_true(client_wait(c.client, stuck, "vm11", 30));
    assert_false(stuck(c.client, "vm10"));
    VdVirtMeter meter;
    vd_virt_meter(c.client->virt, &meter);
    assert_int_equal(meter.abandoned, 2);
    fake_stick(c.fake, A, 9, FALSE);
    assert_true(client_wait(c.client, well, "vm9", 30));
    assert_true(stuck(c.client, "vm11"));
    case_finish(&c);
}

static gboolean others_fresh(Client *client, gconstpointer data)
{
    const Fresh *wanted = data; /* all from number `but` on */
    for (guint i = wanted->but; i < wanted->count; i++) {
        const VdVm *vm = vd_host_find(client_host(client, "a"), fake_uuid(i));
        if (vm->stuck_since || vm->now.taken < wanted->since || vm->now.mem_used < 0)
            return FALSE;
    }
    return TRUE;
}

static gboolean first_stuck(Client *client, gconstpointer data)
{
    const Fresh *wanted = data;
    for (guint i = 0; i < wanted->but; i++)
        if (!vd_host_find(client_host(client, "a"), fake_uuid(i))->stuck_since)
            return FALSE;
    return TRUE;
}

static gboolean two_are_paused(Client *client, gconstpointer data)
{
    (void)data;
    const VdVm *one = client_vm(client, "a", "vm22"), *other = client_vm(client, "a", "vm23");
    return one && other && one->state == VD_VM_PAUSED && other->state == VD_VM_PAUSED;
}

typedef struct {
    Fake *fake;
    guint number, asked;
} Fetched;

static gboolean asked_again(Client *client, gconstpointer data)
{
    const Fetched *it = data;
    (void)client;
    return fake_asked(it->fake, A, it->number, VD_GROUP_MEM) > it->asked + 1;
}

static Fetched fetched_now(Fake *fake, guint number)
{
    return (Fetched){fake, number, fake_asked(fake, A, number, VD_GROUP_MEM)};
}

/* More than lanes may hang on: the rest is found by processor times that stand still, and the dear
 * figures of those that live go on. Of paused machines no processor time tells: they are asked
 * alone until one of them hangs, and again when fewer do. */
static void test_many_stuck(void **state)
{
    (void)state;
    Case c;
    case_up(&c, 24, FALSE);
    assert_true(client_wait(c.client, is_measured, "vm23", 30));
    for (guint i = 22; i < 24; i++) {
        fake_set_state(c.fake, A, i, VD_VM_PAUSED);
        fake_event(c.fake, A, i);
    }
    assert_true(client_wait(c.client, two_are_paused, NULL, 30));
    for (guint i = 0; i < 6; i++)
        fake_stick(c.fake, A, i, TRUE);
    Fresh after = {0, 22, 6};
    assert_true(client_wait(c.client, first_stuck, &after, 120));
    Fetched paused = fetched_now(c.fake, 23);
    assert_true(client_wait(c.client, asked_again, &paused, 60));
    fake_stick(c.fake, A, 23, TRUE);
    assert_true(client_wait(c.client, stuck, "vm23", 60));
    paused = fetched_now(c.fake, 22);
    for (guint i = 6; i < 12; i++)
        fake_stick(c.fake, A, i, TRUE);
    after.but = 12;
    assert_true(client_wait(c.client, first_stuck, &after, 120));
    VdVirtMeter meter;
    vd_virt_meter(c.client->virt, &meter);
    assert_in_range(meter.abandoned, 7, 8);
    after.since = g_get_monotonic_time();
    assert_true(client_wait(c.client, others_fresh, &after, 60));
    assert_true(client_wait(c.client, first_stuck, &after, 30));
    assert_true(two_are_paused(c.client, NULL) && !stuck(c.client, "vm22"));
    assert_int_equal(fake_asked(c.fake, A, 22, VD_GROUP_MEM), paused.asked);
    for (guint i = 0; i < 24; i++)
        fake_stick(c.fake, A, i, FALSE);
    after = (Fresh){g_get_monotonic_time(), 24, 0};
    assert_true(client_wait(c.client, others_fresh, &after, 60));
    assert_true(client_wait(c.client, asked_again, &paused, 60));
    case_finish(&c);
}

static gboolean never_run(VdVirtCall *call, GError **error)
{
    (void)call;
    (void)error;
    return TRUE;
}

static void forced_off(VdDoc *doc, const GError *error, gpointer data)
{
    (void)doc;
    (void)error;
    *(gboolean *)data = TRUE;
}

static gboolean is_set(Client *client, gconstpointer flag)
{
    (void)client;
    return *(const gboolean *)flag;
}

/* Number 3 is asked to be forced off, and libvirt holds its lock for that. What was handed to a
 * lane before the request may still touch it: the second call after it is the first that knows. */
static void begin_forcing(Case *c, VdVirtFunc func, gboolean *ended)
{
    guint cheap = fake_calls(c->fake, A, FAKE_CHEAP), dear = fake_calls(c->fake, A, FAKE_DEAR);
    fake_hang(c->fake, A, FAKE_RUN, 1);
    vd_virt_call(c->client->virt, "a", fake_uuid(3), func, NULL, "r-FORCE0", TRUE, "powering off…",
                 forced_off, ended);
    assert_true(wait_called(c->client, c->fake, A, FAKE_CHEAP, cheap + 2));
    assert_true(wait_called(c->client, c->fake, A, FAKE_DEAR, dear + 2));
    fake_lock(c->fake, A, 3, TRUE);
}

static void end_forcing(Case *c, const gboolean *ended)
{
    assert_false(*ended);
    fake_lock(c->fake, A, 3, FALSE);
    fake_stick(c->fake, A, 3, FALSE);
    fake_release(c->fake, A, FAKE_RUN);
    assert_true(client_wait(c->client, is_set, ended, 30));
}

/* While a machine that hangs is forced off, libvirt holds its lock: the others' figures go on. */
static void test_forced_off(void **state)
{
    (void)state;
    Case c;
    gboolean ended = FALSE;
    case_up(&c, 10, FALSE);
    assert_true(client_wait(c.client, is_measured, "vm9", 30));
    fake_stick(c.fake, A, 3, TRUE);
    assert_true(client_wait(c.client, stuck, "vm3", 30));
    begin_forcing(&c, never_run, &ended);
    Fresh others = {g_get_monotonic_time() + 500000, 10, 3};
    assert_true(client_wait(c.client, fresh, &others, 30));
    assert_true(client_wait(c.client, is_up, "a", 30));
    end_forcing(&c, &ended);
    assert_true(client_wait(c.client, well, "vm3", 30));
    case_finish(&c);
}

static gboolean five_is_paused(Client *client, gconstpointer data)
{
    (void)data;
    const VdVm *vm = client_vm(client, "a", "vm5");
    return vm && vm->state == VD_VM_PAUSED;
}

/* data: a gint64 *, monotonic */
static gboolean it_is_later(Client *client, gconstpointer until)
{
    (void)client;
    return g_get_monotonic_time() > *(const gint64 *)until;
}

/* data: Fresh; so long after the call began that it would be slow */
static void while_it_hangs(Case *c, const VdVirtOptions *as)
{
    gint64 until = g_get_monotonic_time() + 2000 * (gint64)as->call_soft_ms;
    assert_true(client_wait(c->client, it_is_later, &until, 30));
}

/* Meanwhile the host is not called slow, for a listing that waits for that machine alone, and what
 * happens to the others shows; nothing is listed that would have to wait. Once it is over a listing
 * that goes on hanging has no excuse. */
static void test_forced_off_is_one(void **state)
{
    (void)state;
    Case c;
    gboolean ended = FALSE;
    VdVirtOptions quick = sampling_options;
    quick.call_soft_ms = 400;
    case_up_as(&c, &quick, 10, FALSE);
    fake_stick(c.fake, A, 3, TRUE);
    assert_true(client_wait(c.client, stuck, "vm3", 30));
    assert_true(client_wait(c.client, is_up, "a", 30));
    fake_hang(c.fake, A, FAKE_LIST, 1);
    vd_virt_refresh(c.client->virt, "a");
    assert_true(wait_hanging(c.client, c.fake, A, FAKE_LIST, 1));
    begin_forcing(&c, never_run, &ended);
    while_it_hangs(&c, &quick);
    assert_true(client_wait(c.client, is_up, "a", 30));
    assert_int_equal(fake_hanging(c.fake, A, FAKE_LIST), 1);
    fake_lock(c.fake, A, 3, FALSE);
    guint lists = fake_calls(c.fake, A, FAKE_LIST);
    fake_release(c.fake, A, FAKE_LIST);
    fake_set_state(c.fake, A, 5, VD_VM_PAUSED);
    vd_virt_refresh(c.client->virt, "a");
    fake_event(c.fake, A, 5);
    assert_true(client_wait(c.client, five_is_paused, NULL, 30));
    assert_int_equal(fake_calls(c.fake, A, FAKE_LIST), lists);
    fake_hang(c.fake, A, FAKE_LIST, 1);
    fake_stick(c.fake, A, 3, FALSE);
    fake_release(c.fake, A, FAKE_RUN);
    assert_true(client_wait(c.client, is_set, &ended, 30));
    assert_true(client_wait(c.client, is_slow, "a", 30));
    fake_release(c.fake, A, FAKE_LIST);
    assert_true(client_wait(c.client, is_up, "a", 30));
    case_finish(&c);
}

/* Nobody had found out yet that it hangs: it is left alone from the request on, and nobody waits
 * for it, neither a listing nor cheap or dear figures. */
static void test_forced_off_before_found(void **state)
{
    (void)state;
    Case c;
    gboolean ended = FALSE;
    VdVirtOptions quick = sampling_options;
    quick.call_soft_ms = 400;
    case_up_as(&c, &quick, 10, FALSE);
    assert_true(client_wait(c.client, is_measured, "vm9", 30));
    begin_forcing(&c, vd_op_vm_poweroff, &ended);
    guint lists = fake_calls(c.fake, A, FAKE_LIST);
    vd_virt_refresh(c.client->virt, "a");
    fake_set_state(c.fake, A, 5, VD_VM_PAUSED);
    fake_event(c.fake, A, 3);
    fake_event(c.fake, A, 5);
    Fresh others = {g_get_monotonic_time() + 500000, 10, 3};
    assert_true(client_wait(c.client, fresh, &others, 30));
    assert_true(client_wait(c.client, five_is_paused, NULL, 30));
    while_it_hangs(&c, &quick);
    assert_true(client_wait(c.client, is_up, "a", 30));
    assert_int_equal(fake_calls(c.fake, A, FAKE_LIST), lists);
    assert_false(stuck(c.client, "vm3"));
    VdVirtMeter meter;
    vd_virt_meter(c.client->virt, &meter);
    assert_int_equal(meter.abandoned, 0);
    end_forcing(&c, &ended);
    assert_true(wait_called(c.client, c.fake, A, FAKE_LIST, lists + 1));
    assert_true(client_wait(c.client, is_up, "a", 30));
    assert_true(client_wait(c.client, well, "vm3", 30));
    case_finish(&c);
}

static gboolean left_behind(Client *client, gconstpointer data)
{
    (void)data;
    VdVirtMeter meter;
    vd_virt_meter(client->virt, &meter);
    return meter.abandoned > 0;
}

/* A host that answers nothing is mute as a whole: none of its machines is to blame, and one lane is
 * enough to find it out. */
static void test_mute_host(void **state)
{
    (void)state;
    static const FakeOp ops[] = {FAKE_LIST, FAKE_LOOK, FAKE_CHEAP, FAKE_DEAR};
    Case c;
    case_up(&c, 1, FALSE);
    assert_true(client_wait(c.client, is_measured, "vm0", 30));
    for (guint i = 0; i < G_N_ELEMENTS(ops); i++)
        fake_hang(c.fake, A, ops[i], -1);
    assert_true(client_wait(c.client, left_behind, NULL, 30));
    guint asked = fake_calls(c.fake, A, FAKE_DEAR);
    gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC;
    while (g_get_monotonic_time() < end)
        (void)g_main_context_iteration(c.client->context, TRUE);
    assert_false(stuck(c.client, "vm0"));
    assert_int_equal(fake_calls(c.fake, A, FAKE_DEAR), asked);
    for (guint i = 0; i < G_N_ELEMENTS(ops); i++)
        fake_release(c.fake, A, ops[i]);
    Fresh all = {g_get_monotonic_time(), 1, G_MAXUINT};
    assert_true(client_wait(c.client, fresh, &all, 30));
    case_finish(&c);
}

static void test_slow_figures(void **state)
{
    (void)state;
    Case c;
    VdVirtOptions soon = sampling_options;
    soon.call_soft_ms = 60;
    soon.call_hard_ms = 600000;
    c.fake = fake_new();
    c.client = client_new(&soon, fake_backend(c.fake), &sampling_tuning);
    fake_add_many(c.fake, A, 2);
    fake_hang(c.fake, A, FAKE_CHEAP, -1);
    vd_virt_add_host(c.client->virt, "a", A);
    assert_true(wait_hanging(c.client, c.fake, A, FAKE_CHEAP, 1));
    assert_true(client_wait(c.client, is_slow, "a", 30));
    assert_int_equal(fake_calls(c.fake, A, FAKE_CHEAP), 1); /* ticks do not pile up */
    VdMeterReading reading;
    vd_virt_read_meter(c.client->virt, &reading);
    assert_int_equal(reading.hosts->len, 1);
    const VdHostMeter *meter = &g_array_index(reading.hosts, VdHostMeter, 0);
    assert_string_equal(meter->host, "a");
    assert_string_equal(meter->doing, "figures");
    assert_true(meter->since > 0 && meter->since <= g_get_monotonic_time() - 60000);
    assert_int_equal(meter->soft_ms, 60);
    assert_true(meter->calls >= 2 && meter->worst >= meter->median); /* opened, listed */
    g_array_unref(reading.hosts);
    fake_release(c.fake, A, FAKE_CHEAP);
    assert_true(client_wait(c.client, is_up, "a", 30));
    case_finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quarantine),
        cmocka_unit_test(test_quarantine_without_bulk),
        cmocka_unit_test(test_several_stuck),
        cmocka_unit_test(test_many_stuck),
        cmocka_unit_test(test_forced_off),
        cmocka_unit_test(test_forced_off_is_one),
        cmocka_unit_test(test_forced_off_before_found),
        cmocka_unit_test(test_mute_host),
        cmocka_unit_test(test_slow_figures),
    };
    return cmocka_run_group_tests_name("virt-stuck", tests, NULL, NULL);
}
