/* Figures on the scripted backend: rates, and what is asked by demand.
 * About 12 s on two processors. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "src/virt/pace.h"
#include "tests/engine/sampling.h"

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
    case_up(&c, 3, FALSE);
    assert_true(client_wait(c.client, is_measured, "vm0", 30));
    assert_true(client_wait(c.client, is_measured, "vm2", 30));
    assert_true(client_wait(c.client, detailed, "vm1", 30));
    assert_true(client_wait(c.client, summed_up, "a", 30));
    case_finish(&c);
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

static gboolean all_have_rates(Client *client, gconstpointer id)
{
    const VdHost *host = client_host(client, id);
    guint known = 0;
    for (guint i = 0; i < host->vms->len; i++)
        known += vd_host_vm(host, i)->now.cpu >= 0;
    return known == MANY;
}

static guint asked_in_all(Fake *fake, guint group, guint from, guint to)
{
    guint sum = 0;
    for (guint i = from; i < to; i++)
        sum += fake_asked(fake, A, i, group);
    return sum;
}

static gboolean some_asked(Client *client, gconstpointer fake)
{
    (void)client;
    return asked_in_all((Fake *)fake, VD_GROUP_CPU, 0, MANY) > 0;
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
    c->client = client_new(&sampling_options, fake_backend(c->fake), &sampling_tuning);
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
    /* Nor is anything dear once no dear column is shown: a pass that has begun is the last one. It
     * has a lane of its own, so the others' pace does not tell when it is over. */
    vd_virt_want_groups(c.client->virt, VD_GROUP_CPU, 0);
    gint64 until = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    guint memory;
    do {
        guint cheap = fake_asked(c.fake, A, 0, VD_GROUP_CPU);
        Asked later = {c.fake, VD_GROUP_CPU, 0, SHOWN, cheap + 6};
        memory = asked_in_all(c.fake, VD_GROUP_MEM, 0, MANY);
        assert_true(client_wait(c.client, all_asked, &later, 30));
    } while (asked_in_all(c.fake, VD_GROUP_MEM, 0, MANY) != memory &&
             g_get_monotonic_time() < until);
    assert_int_equal(asked_in_all(c.fake, VD_GROUP_MEM, 0, MANY), memory);
    case_finish(&c);
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
    case_finish(&c);
}

/* Whoever sorts by processor time does not wait for the next interval, nor for the one after it,
 * which a rate would need: were they waited for, this would take twenty minutes. */
static void test_sorting_is_at_once(void **state)
{
    (void)state;
    static const VdVirtOptions rarely = {.interval_ms = 600000, .sample = TRUE, .events = TRUE};
    Case c;
    c.fake = fake_new();
    c.client = client_new(&rarely, fake_backend(c.fake), &sampling_tuning);
    fake_add_many(c.fake, A, MANY);
    vd_virt_want_groups(c.client->virt, VD_GROUP_CPU, 0);
    vd_virt_add_host(c.client->virt, "a", A);
    assert_true(client_wait(c.client, is_up, "a", 30));
    assert_true(client_wait(c.client, some_asked, c.fake, 30));
    assert_true(asked_in_all(c.fake, VD_GROUP_CPU, 0, MANY) < MANY);
    vd_virt_want_groups(c.client->virt, VD_GROUP_CPU, VD_GROUP_CPU);
    assert_true(client_wait(c.client, all_have_rates, "a", 60));
    case_finish(&c);
}

/* Round trips are few however many machines there are (row L of the experiments behind
 * doc/never-blocks.md): lists and figures come in bulk, processor times some at a time. */
static void test_few_round_trips(void **state)
{
    (void)state;
    enum { MACHINES = 500, AT_ONCE = 128 };
    Case c;
    case_up(&c, MACHINES, FALSE);
    show_few(&c, VD_GROUPS_ALL, 0);
    assert_true(client_wait(c.client, is_measured, "vm0", 30));
    guint before = fake_calls(c.fake, A, FAKE_CHEAP);
    Asked few = {c.fake, VD_GROUP_CPU, 0, SHOWN, fake_asked(c.fake, A, 0, VD_GROUP_CPU) + 4};
    guint asked = asked_in_all(c.fake, VD_GROUP_CPU, 0, MACHINES);
    assert_true(client_wait(c.client, all_asked, &few, 30));
    asked = asked_in_all(c.fake, VD_GROUP_CPU, 0, MACHINES) - asked;
    guint samples = fake_calls(c.fake, A, FAKE_CHEAP) - before;
    assert_true(asked <= (samples + 1) * AT_ONCE);
    assert_int_equal(fake_calls(c.fake, A, FAKE_LIST), 1);
    assert_int_equal(fake_calls(c.fake, A, FAKE_LOOK), 0);
    case_finish(&c);
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
    case_up(&c, 3, FALSE);
    assert_true(client_wait(c.client, is_measured, "vm0", 30));
    fake_delay(c.fake, A, FAKE_CHEAP, 150);
    assert_true(client_wait(c.client, stretched, NULL, 30));
    assert_true(client_wait(c.client, is_up, "a", 30));
    fake_delay(c.fake, A, FAKE_CHEAP, 0);
    assert_true(client_wait(c.client, as_usual, NULL, 30));
    fake_delay(c.fake, A, FAKE_DEAR, 250); /* the same with dear figures */
    assert_true(client_wait(c.client, stretched, NULL, 30));
    fake_delay(c.fake, A, FAKE_DEAR, 0);
    assert_true(client_wait(c.client, as_usual, NULL, 30));
    case_finish(&c);
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
        cmocka_unit_test(test_rates),           cmocka_unit_test(test_rates_that_cannot_be),
        cmocka_unit_test(test_rates_over_gaps), cmocka_unit_test(test_memory),
        cmocka_unit_test(test_figures),         cmocka_unit_test(test_by_demand),
        cmocka_unit_test(test_by_sort),         cmocka_unit_test(test_sorting_is_at_once),
        cmocka_unit_test(test_few_round_trips), cmocka_unit_test(test_stretch),
        cmocka_unit_test(test_hiccup),
    };
    return cmocka_run_group_tests_name("virt-sampler", tests, NULL, NULL);
}
