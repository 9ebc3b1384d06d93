#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/engine/sampling.h"

const VdVirtOptions sampling_options = {.interval_ms = 120, .sample = TRUE, .events = TRUE};
const VdTuning sampling_tuning = {.backoff_ms = 10,
                                  .merge_ms = 20,
                                  .refresh_min_ms = 3600000,
                                  .refresh_max_ms = 3600000,
                                  .max_stuck = 3,
                                  .dear_soft_ms = 500,
                                  .dear_hard_ms = 1500,
                                  .shard = 8,
                                  .quarantine_ms = 50,
                                  .hold_ms = 3600000};

void case_up_as(Case *c, const VdVirtOptions *as, guint machines, gboolean one_by_one)
{
    c->fake = fake_new();
    c->client = client_new(as, fake_backend(c->fake), &sampling_tuning);
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

void case_up(Case *c, guint machines, gboolean one_by_one)
{
    case_up_as(c, &sampling_options, machines, one_by_one);
}

void case_finish(Case *c)
{
    assert_true(client_free(c->client) < CLIENT_QUIT_MS);
    fake_free(c->fake);
}

gboolean is_measured(Client *client, gconstpointer name)
{
    const VdVm *vm = client_vm(client, "a", name);
    return vm && vm->now.cpu >= 0 && vm->now.mem_used > 0 && vm->now.disk_read > 0 &&
           vm->now.net_rx > 0;
}
