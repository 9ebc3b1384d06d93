/* Faults in any order: three hosts that hang, refuse, break, answer late and lose machines while
 * requests are made of them. Whatever happened, once all is well again every host is up and lists
 * what it has, every request has ended once, and no thread is left behind. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/engine/fake-backend.h"
#include "tests/engine/loop.h"
#include "src/virt/mailbox.h"

#define STEPS    250
#define MACHINES 30

static const char *const ids[] = {"a", "b", "c"};
static const char *const uris[] = {"qemu://a/system", "qemu://b/system", "qemu://c/system"};

static const VdVirtOptions options = {.interval_ms = 30,
                                      .sample = TRUE,
                                      .events = TRUE,
                                      .connect_soft_ms = 5,
                                      .connect_hard_ms = 20,
                                      .call_soft_ms = 5,
                                      .call_hard_ms = 20};
static const VdTuning tuning = {.backoff_ms = 3,
                                .merge_ms = 2,
                                .refresh_min_ms = 40,
                                .refresh_max_ms = 40,
                                .max_stuck = 3,
                                .dear_soft_ms = 10,
                                .dear_hard_ms = 30,
                                .shard = 8,
                                .quarantine_ms = 10};

typedef struct {
    Fake *fake;
    Client *client;
    GRand *rand;
    GSource *tick; /* the loop turns even when nothing is under way */
    guint asked;
    gboolean there[3][MACHINES];
} Storm;

static gboolean op(VdVirtCall *call, GError **error)
{
    (void)call;
    return vd_fail(error, VD_ERR_FAILED, NULL, "the fake does not run functions");
}

static void machine_changes(Storm *storm, guint at)
{
    guint number = (guint)g_rand_int_range(storm->rand, 0, MACHINES);
    const char *uri = uris[at];
    gboolean *there = &storm->there[at][number];
    if (!*there)
        fake_add(storm->fake, uri, number, VD_VM_RUNNING);
    else if (g_rand_boolean(storm->rand))
        fake_set_state(storm->fake, uri, number,
                       g_rand_boolean(storm->rand) ? VD_VM_OFF : VD_VM_RUNNING);
    else
        fake_stick(storm->fake, uri, number, g_rand_boolean(storm->rand));
    *there = TRUE;
    fake_event(storm->fake, uri, number);
}

static void client_acts(Storm *storm, guint at)
{
    VdVirt *virt = storm->client->virt;
    switch (g_rand_int_range(storm->rand, 0, 6)) {
    case 0:
        vd_virt_reconnect(virt, ids[at]);
        break;
    case 1:
        vd_virt_disconnect(virt, ids[at]);
        break;
    case 2:
        vd_virt_refresh(virt, ids[at]);
        break;
    default:
        client_call(storm->client, ids[at],
                    fake_uuid((guint)g_rand_int_range(storm->rand, 0, MACHINES)), op,
                    g_rand_boolean(storm->rand), "working…");
        storm->asked++;
    }
}

static void step(Storm *storm)
{
    guint at = (guint)g_rand_int_range(storm->rand, 0, 3);
    const char *uri = uris[at];
    FakeOp what = (FakeOp)g_rand_int_range(storm->rand, 0, FAKE_OPS);
    switch (g_rand_int_range(storm->rand, 0, 10)) {
    case 0:
        fake_hang(storm->fake, uri, what, g_rand_int_range(storm->rand, 1, 3));
        break;
    case 1:
    case 2:
        fake_release(storm->fake, uri, what);
        break;
    case 3:
        fake_fail(storm->fake, uri, what, VD_ERR_UNREACHABLE,
                  g_rand_boolean(storm->rand) ? "failed" : NULL);
        break;
    case 4:
        if (g_rand_int_range(storm->rand, 0, 4) == 0)
            fake_close(storm->fake, uri, VD_CLOSED_EOF);
        break;
    case 5:
    case 6:
        client_acts(storm, at);
        break;
    default:
        machine_changes(storm, at);
    }
    /* between two turns and forty, so that deadlines pass in between */
    for (int turns = g_rand_int_range(storm->rand, 1, 10); turns > 0; turns--)
        g_main_context_iteration(storm->client->context, g_rand_boolean(storm->rand));
}

static void calm_down(Storm *storm)
{
    for (guint at = 0; at < 3; at++) {
        for (guint what = 0; what < FAKE_OPS; what++) {
            fake_fail(storm->fake, uris[at], (FakeOp)what, VD_ERR_FAILED, NULL);
            fake_release(storm->fake, uris[at], (FakeOp)what);
        }
        for (guint number = 0; number < MACHINES; number++) {
            if (storm->there[at][number])
                fake_stick(storm->fake, uris[at], number, FALSE);
        }
    }
}

static gboolean all_well(Client *client, gconstpointer data)
{
    const Storm *storm = data;
    VdVirtMeter meter;
    vd_virt_meter(client->virt, &meter);
    if (client->ended < storm->asked || meter.abandoned > 0)
        return FALSE;
    for (guint at = 0; at < 3; at++) {
        guint count = 0;
        const VdHost *host = client_host(client, ids[at]);
        for (guint number = 0; number < MACHINES; number++)
            count += storm->there[at][number];
        if (host->state == VD_HOST_OFF || host->state == VD_HOST_DOWN)
            vd_virt_reconnect(client->virt, ids[at]);
        if (host->state != VD_HOST_UP || host->vms->len != count)
            return FALSE;
        for (guint i = 0; i < count; i++) {
            const VdVm *vm = vd_host_vm(host, i);
            if (vm->pending || vm->stuck_since)
                return FALSE;
        }
    }
    return TRUE;
}

static gboolean go_on(gpointer data)
{
    (void)data;
    return G_SOURCE_CONTINUE;
}

static void storm_begin(Storm *storm, guint32 seed)
{
    *storm = (Storm){.fake = fake_new(), .rand = g_rand_new_with_seed(seed)};
    storm->client = client_new(&options, fake_backend(storm->fake), &tuning);
    storm->tick = g_timeout_source_new(2);
    g_source_set_callback(storm->tick, go_on, NULL, NULL);
    g_source_attach(storm->tick, storm->client->context);
    for (guint at = 0; at < 3; at++)
        vd_virt_add_host(storm->client->virt, ids[at], uris[at]);
}

static void storm_end(Storm *storm)
{
    g_source_destroy(storm->tick);
    g_source_unref(storm->tick);
    assert_true(client_free(storm->client) < CLIENT_QUIT_MS);
    fake_free(storm->fake);
    g_rand_free(storm->rand);
}

static void test_storms(void **state)
{
    (void)state;
    for (guint32 seed = 1; seed <= 4; seed++) {
        Storm storm;
        storm_begin(&storm, seed);
        for (guint i = 0; i < STEPS; i++)
            step(&storm);
        calm_down(&storm);
        assert_true(client_wait(storm.client, all_well, &storm, 60));
        assert_int_equal(storm.client->ended, storm.asked);
        storm_end(&storm);
    }
}

/* And at the worst moment, whichever that is, leaving takes no time. */
static void test_leave_in_a_storm(void **state)
{
    (void)state;
    for (guint32 seed = 100; seed < 106; seed++) {
        Storm storm;
        storm_begin(&storm, seed);
        for (guint i = 0; i < STEPS / 4; i++)
            step(&storm);
        storm_end(&storm);
    }
}

/* ---- answers of many hosts at once ---- */

enum { ANSWERS = 10 };

typedef struct {
    GMainContext *context;
    guint typed, read; /* keys */
    guint answers,
        unread; /* those that came; those that came before a key that was typed earlier */
} Keyboard;

static gboolean read_key(gpointer data)
{
    ((Keyboard *)data)->read++;
    return G_SOURCE_REMOVE;
}

/* Takes as long as a turn of the loop may go on with answers; meanwhile a key is typed. */
static void answer_slowly(gpointer data)
{
    Keyboard *keyboard = data;
    g_autoptr(GSource) key = g_idle_source_new();
    gint64 until = g_get_monotonic_time() + VD_MAILBOX_TURN_MS * G_TIME_SPAN_MILLISECOND;
    keyboard->unread += keyboard->read < keyboard->typed;
    keyboard->answers++;
    keyboard->typed++;
    g_source_set_priority(key, G_PRIORITY_HIGH);
    g_source_set_callback(key, read_key, keyboard, NULL);
    g_source_attach(key, keyboard->context);
    while (g_get_monotonic_time() <= until)
        continue;
}

/* A key is read before the next of them, however many wait. */
static void test_answers_let_keys_in(void **state)
{
    (void)state;
    Keyboard keyboard = {.context = g_main_context_new()};
    VdMailbox *box = vd_mailbox_new(keyboard.context);
    for (guint i = 0; i < ANSWERS; i++)
        vd_mailbox_post(box, answer_slowly, &keyboard, NULL);
    while (keyboard.read < ANSWERS)
        (void)g_main_context_iteration(keyboard.context, TRUE);
    assert_int_equal(keyboard.answers, ANSWERS);
    assert_int_equal(keyboard.unread, 0);
    vd_mailbox_close(box);
    vd_mailbox_unref(box);
    g_main_context_unref(keyboard.context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_storms),
        cmocka_unit_test(test_leave_in_a_storm),
        cmocka_unit_test(test_answers_let_keys_in),
    };
    return cmocka_run_group_tests_name("virt-storm", tests, NULL, NULL);
}
