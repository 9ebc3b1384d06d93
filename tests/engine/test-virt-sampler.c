/* Figures on the scripted backend: rates, and machines whose monitor does not answer. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "src/virt/pace.h"
#include "tests/engine/fake-backend.h"
#include "tests/engine/loop.h"

#define A "qemu://a/system"

static const VdVirtOptions options = {.interval_ms = 120, .sample = TRUE, .events = TRUE};
static const VdTuning tuning = {.backoff_ms = 10,
                                .merge_ms = 20,
                                .refresh_min_ms = 3600000,
                                .refresh_max_ms = 3600000,
                                .max_stuck = 3,
                                .dear_soft_ms = 500,
                                .dear_hard_ms = 1500,
                                .shard = 8,
                                .quarantine_ms = 50,
                                .hold_ms = 3600000};

/* ---- rates ---- */

static VdCounters reading(gint64 seconds, guint64 value)
{
    VdCounters counters = {.has = VD_HAS_CPU | VD_HAS_NET | VD_HAS_BLOCK | VD_HAS_MEM, .vcpus = 2};
    counters.taken = counters.cpu_taken = seconds * G_USEC_PER_SEC;
    counters.cpu_time = value * 1000000;
    counters.rx = counters.tx = counters.disk_read = counters.disk_write = value;
    counters.mem_total = 1000;
    counters.rss = 400;
    counters.unused = counters.available = counters.usable = G_MAXUINT64;
    return counters;
}

static void test_rates(void **state)
{
    (void)state;
    VdMeasure measure = {0};
    VdFigures figures = vd_figures_none;
    VdCounters first = reading(10, 1000), second = reading(12, 2000);
    vd_measure_add(&measure, &first, &figures);
    assert_true(figures.cpu < 0 && figures.net_rx < 0 && figures.disk_read < 0);
    assert_true(figures.mem_used == 400 && figures.mem_total == 1000);
    vd_measure_add(&measure, &second, &figures);
    assert_true(figures.net_rx == 500 && figures.net_tx == 500);
    assert_true(figures.disk_read == 500 && figures.disk_write == 500);
    assert_true(figures.cpu == 25); /* one second of two processors' two seconds each */
    assert_int_equal(figures.taken, 12 * G_USEC_PER_SEC);
}

static void test_rates_that_cannot_be(void **state)
{
    (void)state;
    VdMeasure measure = {0};
    VdFigures figures = vd_figures_none;
    VdCounters first = reading(10, 1000), back = reading(12, 10), again = reading(14, 2010);
    VdCounters before = reading(3, 5000);
    vd_measure_add(&measure, &first, &figures);
    vd_measure_add(&measure, &back, &figures);
    assert_true(figures.cpu < 0 && figures.net_rx < 0 && figures.disk_write < 0);
    vd_measure_add(&measure, &again, &figures);
    assert_true(figures.net_rx == 1000);
    assert_true(figures.cpu == 50);
    vd_measure_add(&measure, &before, &figures); /* a time that went back */
    assert_true(figures.cpu < 0 && figures.net_rx < 0);
    VdCounters wild = reading(5, 5000000);
    vd_measure_add(&measure, &wild, &figures);
    assert_true(figures.cpu == 100); /* never more than there is */
    vd_measure_expire(&measure, 100 * G_USEC_PER_SEC, 60 * G_USEC_PER_SEC, &figures);
    assert_true(figures.cpu < 0 && figures.mem_used < 0 && figures.net_tx < 0);
}

/* A host that slept for ten hours, a counter that wraps, one that jumps by more than can be, two
 * readings of one moment: never a negative rate, never more than there is, never infinite. */
static void test_rates_over_gaps(void **state)
{
    (void)state;
    VdMeasure measure = {0};
    VdFigures figures = vd_figures_none;
    VdCounters first = reading(10, 1000), slept = reading(36010, 2000), same = reading(36010, 9000);
    vd_measure_add(&measure, &first, &figures);
    vd_measure_add(&measure, &slept, &figures);
    assert_true(figures.net_rx > 0 && figures.net_rx < 1 && figures.cpu >= 0 && figures.cpu < 1);
    vd_measure_add(&measure, &same, &figures); /* is left out, and the base stays */
    assert_true(figures.net_rx < 1 && figures.disk_read < 1);
    VdCounters wraps = reading(36012, 0);
    wraps.rx = G_MAXUINT64;
    wraps.tx = 3;
    vd_measure_add(&measure, &wraps, &figures);
    assert_true(figures.net_rx > 0 && figures.net_rx < 2e19 && figures.net_tx < 0);
    VdCounters after = reading(36014, 0);
    after.rx = 5;
    after.tx = 2003;
    after.vcpus = 0; /* of a machine that has just ended */
    vd_measure_add(&measure, &after, &figures);
    assert_true(figures.net_rx < 0 && figures.net_tx == 1000 && figures.cpu < 0);
}

static void test_memory(void **state)
{
    (void)state;
    VdMeasure measure = {0};
    VdFigures figures = vd_figures_none;
    VdCounters told = reading(1, 0);
    told.unused = 900;
    vd_measure_add(&measure, &told, &figures);
    assert_true(figures.mem_used == 100); /* the guest's word before the resident size */
    told.unused = G_MAXUINT64;
    told.rss = 5000; /* more than it has: QEMU's own */
    vd_measure_add(&measure, &told, &figures);
    assert_true(figures.mem_used == 1000);
}

/* ---- sampling ---- */

typedef struct {
    Fake *fake;
    Client *client;
} Case;

static void up_as(Case *c, const VdVirtOptions *as, guint machines, gboolean one_by_one)
{
    c->fake = fake_new();
    c->client = client_new(as, fake_backend(c->fake), &tuning);
    fake_add_many(c->fake, A, machines);
    if (one_by_one)
        fake_one_by_one(c->fake, A);
    vd_virt_add_host(c->client->virt, "a", A);
    assert_true(client_wait(c->client, is_up, "a", 30));
    g_autofree VdWantRow *rows = g_new0(VdWantRow, machines);
    g_autoptr(GPtrArray) uuids = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < machines; i++) {
        g_ptr_array_add(uuids, g_strdup(fake_uuid(i)));
        rows[i] = (VdWantRow){"a", g_ptr_array_index(uuids, i)};
    }
    vd_virt_want(c->client->virt, rows, machines);
}

static void up(Case *c, guint machines, gboolean one_by_one)
{
    up_as(c, &options, machines, one_by_one);
}

static void finish(Case *c)
{
    assert_true(client_free(c->client) < CLIENT_QUIT_MS);
    fake_free(c->fake);
}

static gboolean measured(Client *client, gconstpointer name)
{
    const VdVm *vm = client_vm(client, "a", name);
    return vm && vm->now.cpu >= 0 && vm->now.mem_used > 0 && vm->now.disk_read > 0 &&
           vm->now.net_rx > 0;
}

static gboolean stuck(Client *client, gconstpointer name)
{
    const VdVm *vm = client_vm(client, "a", name);
    return vm && vm->stuck_since > 0;
}

static gboolean well(Client *client, gconstpointer name)
{
    return !stuck(client, name) && measured(client, name);
}

static gboolean detailed(Client *client, gconstpointer name)
{
    const VdVm *vm = client_vm(client, "a", name);
    return vm && vm->title && vm->address && strcmp(vm->address, "192.0.2.7") == 0;
}

static gboolean summed_up(Client *client, gconstpointer id)
{
    const VdHost *host = client_host(client, id);
    return host->now.mem_used == 1 << 20 && host->now.net_rx > 0 && host->now.disk_write > 0;
}

static void test_figures(void **state)
{
    (void)state;
    Case c;
    up(&c, 3, FALSE);
    assert_true(client_wait(c.client, measured, "vm0", 30));
    assert_true(client_wait(c.client, measured, "vm2", 30));
    assert_true(client_wait(c.client, detailed, "vm1", 30));
    assert_true(client_wait(c.client, summed_up, "a", 30));
    finish(&c);
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
    up(&c, 40, one_by_one);
    assert_true(client_wait(c.client, measured, "vm13", 30));
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
    finish(&c);
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
    up(&c, 24, FALSE);
    assert_true(client_wait(c.client, measured, "vm9", 30));
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
    finish(&c);
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
    up(&c, 24, FALSE);
    assert_true(client_wait(c.client, measured, "vm23", 30));
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
    finish(&c);
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

/* While a machine that hangs is forced off, libvirt holds its lock: the others' figures go on. */
static void test_forced_off(void **state)
{
    (void)state;
    Case c;
    gboolean ended = FALSE;
    up(&c, 10, FALSE);
    assert_true(client_wait(c.client, measured, "vm9", 30));
    fake_stick(c.fake, A, 3, TRUE);
    assert_true(client_wait(c.client, stuck, "vm3", 30));
    fake_hang(c.fake, A, FAKE_RUN, 1);
    vd_virt_call(c.client->virt, "a", fake_uuid(3), never_run, NULL, "r-FORCE0", TRUE,
                 "powering off…", forced_off, &ended);
    fake_lock(c.fake, A, 3, TRUE);
    Fresh others = {g_get_monotonic_time() + 500000, 10, 3};
    assert_true(client_wait(c.client, fresh, &others, 30));
    assert_true(client_wait(c.client, is_up, "a", 30));
    assert_false(ended);
    fake_lock(c.fake, A, 3, FALSE);
    fake_stick(c.fake, A, 3, FALSE);
    fake_release(c.fake, A, FAKE_RUN);
    assert_true(client_wait(c.client, is_set, &ended, 30));
    assert_true(client_wait(c.client, well, "vm3", 30));
    finish(&c);
}

static gboolean list_hangs(Client *client, gconstpointer fake)
{
    (void)client;
    return fake_hanging((Fake *)(gpointer)fake, A, FAKE_LIST) > 0;
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
    VdVirtOptions quick = options;
    quick.call_soft_ms = 400;
    up_as(&c, &quick, 10, FALSE);
    fake_stick(c.fake, A, 3, TRUE);
    assert_true(client_wait(c.client, stuck, "vm3", 30));
    assert_true(client_wait(c.client, is_up, "a", 30));
    fake_hang(c.fake, A, FAKE_LIST, 1);
    vd_virt_refresh(c.client->virt, "a");
    assert_true(client_wait(c.client, list_hangs, c.fake, 30));
    fake_hang(c.fake, A, FAKE_RUN, 1);
    vd_virt_call(c.client->virt, "a", fake_uuid(3), never_run, NULL, "r-FORCE0", TRUE,
                 "powering off…", forced_off, &ended);
    fake_lock(c.fake, A, 3, TRUE);
    while_it_hangs(&c, &quick);
    assert_true(client_wait(c.client, is_up, "a", 30));
    assert_true(list_hangs(c.client, c.fake));
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
    finish(&c);
}

static gboolean cheap_hangs(Client *client, gconstpointer fake)
{
    (void)client;
    return fake_hanging((Fake *)(gpointer)fake, A, FAKE_CHEAP) > 0;
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
    up(&c, 1, FALSE);
    assert_true(client_wait(c.client, measured, "vm0", 30));
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
    finish(&c);
}

static void test_slow_figures(void **state)
{
    (void)state;
    Case c;
    VdVirtOptions soon = options;
    soon.call_soft_ms = 60;
    soon.call_hard_ms = 600000;
    c.fake = fake_new();
    c.client = client_new(&soon, fake_backend(c.fake), &tuning);
    fake_add_many(c.fake, A, 2);
    fake_hang(c.fake, A, FAKE_CHEAP, -1);
    vd_virt_add_host(c.client->virt, "a", A);
    assert_true(client_wait(c.client, cheap_hangs, c.fake, 30));
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
    finish(&c);
}

/* ---- by demand ---- */

enum { MANY = 300, SHOWN = 10 };

typedef struct {
    Fake *fake;
    guint group, from, to, least;
} Asked;

static gboolean all_asked(Client *client, gconstpointer data)
{
    const Asked *asked = data;
    (void)client;
    for (guint i = asked->from; i < asked->to; i++)
        if (fake_asked(asked->fake, A, i, asked->group) < asked->least)
            return FALSE;
    return TRUE;
}

static guint asked_in_all(Fake *fake, guint group, guint from, guint to)
{
    guint sum = 0;
    for (guint i = from; i < to; i++)
        sum += fake_asked(fake, A, i, group);
    return sum;
}

/* The first few are on the screen. */
static void show_few(Case *c, guint shown, guint all)
{
    VdWantRow rows[SHOWN];
    char uuids[SHOWN][37];
    for (guint i = 0; i < SHOWN; i++) {
        g_strlcpy(uuids[i], fake_uuid(i), sizeof uuids[i]);
        rows[i] = (VdWantRow){"a", uuids[i]};
    }
    vd_virt_want(c->client->virt, rows, SHOWN);
    vd_virt_want_groups(c->client->virt, shown, all);
}

static void few_of_many(Case *c, guint shown, guint all)
{
    c->fake = fake_new();
    c->client = client_new(&options, fake_backend(c->fake), &tuning);
    fake_add_many(c->fake, A, MANY);
    show_few(c, shown, all);
    vd_virt_add_host(c->client->virt, "a", A);
    assert_true(client_wait(c->client, is_up, "a", 30));
    show_few(c, shown, all);
}

/* What is not shown is not asked; what nobody looks at is asked a little. */
static void test_by_demand(void **state)
{
    (void)state;
    Case c;
    few_of_many(&c, VD_GROUP_CPU | VD_GROUP_MEM, 0);
    Asked shown = {c.fake, VD_GROUP_MEM, 0, SHOWN, 6};
    assert_true(client_wait(c.client, all_asked, &shown, 30));
    assert_int_equal(asked_in_all(c.fake, VD_GROUP_DISK, 0, MANY), 0);
    guint passes = fake_asked(c.fake, A, 0, VD_GROUP_MEM);
    guint others = asked_in_all(c.fake, VD_GROUP_MEM, SHOWN, MANY);
    assert_true(others > 0 && others < passes * (MANY - SHOWN));
    /* Nor is anything dear once no dear column is shown. */
    vd_virt_want_groups(c.client->virt, VD_GROUP_CPU, 0);
    Asked cheap = {c.fake, VD_GROUP_CPU, 0, SHOWN, fake_asked(c.fake, A, 0, VD_GROUP_CPU) + 3};
    assert_true(client_wait(c.client, all_asked, &cheap, 30));
    guint memory = asked_in_all(c.fake, VD_GROUP_MEM, 0, MANY);
    cheap.least += 6;
    assert_true(client_wait(c.client, all_asked, &cheap, 30));
    assert_int_equal(asked_in_all(c.fake, VD_GROUP_MEM, 0, MANY), memory);
    finish(&c);
}

/* A list that is sorted by processor time needs all of them in each interval; one by disks, all
 * disks in each pass, and not their memory. */
static void test_by_sort(void **state)
{
    (void)state;
    Case c;
    few_of_many(&c, VD_GROUP_CPU, 0);
    guint begun = fake_calls(c.fake, A, FAKE_CHEAP);
    Asked few = {c.fake, VD_GROUP_CPU, 0, SHOWN, 5};
    assert_true(client_wait(c.client, all_asked, &few, 30));
    guint samples = fake_calls(c.fake, A, FAKE_CHEAP) - begun + 1;
    assert_true(asked_in_all(c.fake, VD_GROUP_CPU, 0, MANY) < samples * MANY * 2 / 3);
    vd_virt_want_groups(c.client->virt, VD_GROUP_CPU, VD_GROUP_CPU);
    guint sum = asked_in_all(c.fake, VD_GROUP_CPU, 0, MANY);
    begun = fake_calls(c.fake, A, FAKE_CHEAP);
    few.least = fake_asked(c.fake, A, 0, VD_GROUP_CPU) + 5;
    assert_true(client_wait(c.client, all_asked, &few, 30));
    samples = fake_calls(c.fake, A, FAKE_CHEAP) - begun;
    sum = asked_in_all(c.fake, VD_GROUP_CPU, 0, MANY) - sum;
    assert_true(sum >= (samples - 1) * MANY); /* all but the one that was on its way */
    vd_virt_want_groups(c.client->virt, VD_GROUP_CPU, VD_GROUP_DISK);
    Asked disks = {c.fake, VD_GROUP_DISK, 0, MANY, 2};
    assert_true(client_wait(c.client, all_asked, &disks, 30));
    assert_int_equal(asked_in_all(c.fake, VD_GROUP_MEM, 0, MANY), 0);
    finish(&c);
}

/* Round trips are few however many machines there are (row L of the experiments behind
 * doc/never-blocks.md): lists and figures come in bulk, processor times some at a time. */
static void test_few_round_trips(void **state)
{
    (void)state;
    enum { MACHINES = 500, AT_ONCE = 128 };
    Case c;
    up(&c, MACHINES, FALSE);
    show_few(&c, VD_GROUPS_ALL, 0);
    assert_true(client_wait(c.client, measured, "vm0", 30));
    guint before = fake_calls(c.fake, A, FAKE_CHEAP);
    Asked few = {c.fake, VD_GROUP_CPU, 0, SHOWN, fake_asked(c.fake, A, 0, VD_GROUP_CPU) + 4};
    guint asked = asked_in_all(c.fake, VD_GROUP_CPU, 0, MACHINES);
    assert_true(client_wait(c.client, all_asked, &few, 30));
    asked = asked_in_all(c.fake, VD_GROUP_CPU, 0, MACHINES) - asked;
    guint samples = fake_calls(c.fake, A, FAKE_CHEAP) - before;
    assert_true(asked <= (samples + 1) * AT_ONCE);
    assert_int_equal(fake_calls(c.fake, A, FAKE_LIST), 1);
    assert_int_equal(fake_calls(c.fake, A, FAKE_LOOK), 0);
    finish(&c);
}

static gboolean stretched(Client *client, gconstpointer data)
{
    (void)data;
    return client_host(client, "a")->interval_ms >= 360;
}

static gboolean as_usual(Client *client, gconstpointer data)
{
    (void)data;
    return client_host(client, "a")->interval_ms == 0;
}

/* A host that answers slowly is asked more rarely, says so, and is asked as usual when it is well.
 */
static void test_stretch(void **state)
{
    (void)state;
    Case c;
    up(&c, 3, FALSE);
    assert_true(client_wait(c.client, measured, "vm0", 30));
    fake_delay(c.fake, A, FAKE_CHEAP, 150);
    assert_true(client_wait(c.client, stretched, NULL, 30));
    assert_true(client_wait(c.client, is_up, "a", 30));
    fake_delay(c.fake, A, FAKE_CHEAP, 0);
    assert_true(client_wait(c.client, as_usual, NULL, 30));
    fake_delay(c.fake, A, FAKE_DEAR, 250); /* the same with dear figures */
    assert_true(client_wait(c.client, stretched, NULL, 30));
    fake_delay(c.fake, A, FAKE_DEAR, 0);
    assert_true(client_wait(c.client, as_usual, NULL, 30));
    finish(&c);
}

/* One answer that waited for something says nothing of the next; two do. */
static void test_hiccup(void **state)
{
    (void)state;
    VdPace pace;
    vd_pace_init(&pace, 1000);
    vd_pace_took(&pace, 10000);
    vd_pace_took(&pace, 10 * G_USEC_PER_SEC);
    vd_pace_took(&pace, 10000);
    assert_int_equal(pace.ms, 1000);
    vd_pace_took(&pace, G_USEC_PER_SEC);
    vd_pace_took(&pace, G_USEC_PER_SEC);
    assert_int_equal(pace.ms, 4000);
    vd_pace_took(&pace, 10000);
    assert_int_equal(pace.ms, 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_rates_that_cannot_be),
        cmocka_unit_test(test_rates_over_gaps),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_quarantine),
        cmocka_unit_test(test_quarantine_without_bulk),
        cmocka_unit_test(test_several_stuck),
        cmocka_unit_test(test_many_stuck),
        cmocka_unit_test(test_forced_off),
        cmocka_unit_test(test_forced_off_is_one),
        cmocka_unit_test(test_mute_host),
        cmocka_unit_test(test_slow_figures),
        cmocka_unit_test(test_by_demand),
        cmocka_unit_test(test_by_sort),
        cmocka_unit_test(test_few_round_trips),
        cmocka_unit_test(test_stretch),
        cmocka_unit_test(test_hiccup),
    };
    return cmocka_run_group_tests_name("virt-sampler", tests, NULL, NULL);
}
