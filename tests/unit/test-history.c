/* Ten minutes of figures: gaps stay gaps, buckets hold means, old samples are not taken twice. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "src/deck/history.h"

#define UUID   "11111111-1111-4111-8111-111111111111"
#define BUCKET (5 * G_USEC_PER_SEC)

static VdHost *host_with(gint64 taken, double cpu, double used, double total)
{
    VdHost *host = vd_host_new("kvm1", "test:///x");
    VdVm *vm = vd_vm_new(UUID, "web-01");
    vm->state = VD_VM_RUNNING;
    vm->now.taken = taken;
    vm->now.cpu = cpu;
    vm->now.mem_used = used;
    vm->now.mem_total = total;
    vd_roster_add(host->vms, vm);
    return host;
}

static void feed(VdHistory *history, gint64 taken, double cpu)
{
    VdHost *host = host_with(taken, cpu, 512, 1024);
    vd_history_feed(history, NULL, host);
    vd_host_unref(host);
}

static void means_and_gaps(void **state)
{
    (void)state;
    VdHistory *history = vd_history_new();
    gint64 now = g_get_monotonic_time() / BUCKET * BUCKET;
    float out[4];
    feed(history, now - 2 * BUCKET, 40);
    feed(history, now, 10);
    feed(history, now + 1, 30);
    feed(history, now + 1, 90); /* the same sample again */
    guint n = vd_history_read(history, "kvm1", UUID, VD_SERIES_CPU, out, 4);
    assert_int_equal(n, 2);
    /* The clock may have gone to the next bucket since. */
    int shift = out[3] < 0 ? 1 : 0;
    assert_true(out[3 - shift] > 19.9f && out[3 - shift] < 20.1f);
    assert_true(out[2 - shift] < 0);
    assert_true(out[1 - shift] > 39.9f && out[1 - shift] < 40.1f);
    assert_int_equal(vd_history_read(history, "kvm1", UUID, VD_SERIES_MEM, out, 4), 2);
    assert_true(out[3 - shift] > 49.9f && out[3 - shift] < 50.1f);
    vd_history_free(history);
}

static void what_nobody_asked_is_none(void **state)
{
    (void)state;
    VdHistory *history = vd_history_new();
    float out[VD_HISTORY_BUCKETS];
    feed(history, g_get_monotonic_time(), VD_NONE);
    assert_int_equal(vd_history_read(history, "kvm1", UUID, VD_SERIES_CPU, out, VD_HISTORY_BUCKETS),
                     0);
    assert_true(out[0] < 0);
    assert_int_equal(vd_history_read(history, "other", UUID, VD_SERIES_CPU, out, 5), 0);
    vd_history_free(history);
}

static void ten_minutes_and_no_more(void **state)
{
    (void)state;
    VdHistory *history = vd_history_new();
    gint64 now = g_get_monotonic_time();
    for (gint64 i = VD_HISTORY_BUCKETS * 3; i >= 0; i--)
        feed(history, now + (7200 - i) * BUCKET, (double)(i % 100));
    float out[VD_HISTORY_BUCKETS];
    /* All of it lies in the future of the clock that reads: nothing of it may show. */
    assert_int_equal(vd_history_read(history, "kvm1", UUID, VD_SERIES_CPU, out, VD_HISTORY_BUCKETS),
                     0);
    vd_history_free(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_and_gaps),
        cmocka_unit_test(what_nobody_asked_is_none),
        cmocka_unit_test(ten_minutes_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
