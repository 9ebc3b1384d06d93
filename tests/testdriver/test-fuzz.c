/* A daemon that lies: the engine is connected to a real libvirtd through a proxy that damages what
 * the daemon says, by seeds. That may cost the connection, again and again, but never the program;
 * when the daemon talks sense again, the host is back with all its machines.
 * About 10 s on two processors. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "src/base/error.h"
#include "tests/engine/loop.h"
#include "tests/lab/sick.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>

/* What libvirt itself loses when a connection breaks while it is opened or closed: the client with
 * all that it holds, in a circle, where two threads think that the other one closes it; and its
 * last error, where it was closed already (9.0, virNetClientMarkClose). A connection that we lose
 * shows by what we keep beside it. libvirt has no frame pointers to find these names by. */
const char *__asan_default_options(void)
{
    return "fast_unwind_on_malloc=0";
}

const char *__lsan_default_suppressions(void)
{
    return "leak:virConnectOpenAuth\nleak:virSaveLastError\n";
}
#endif

/* Seconds of the whole, and of one kind of damage. */
#define FUZZ_SECONDS 5
#define SEED_SECONDS 0.5

static const VdVirtOptions options = {.interval_ms = 250,
                                      .sample = TRUE,
                                      .events = TRUE,
                                      .connect_soft_ms = 200,
                                      .connect_hard_ms = 1000,
                                      .call_soft_ms = 200,
                                      .call_hard_ms = 1000};
static const VdTuning tuning = {.backoff_ms = 10,
                                .merge_ms = 20,
                                .refresh_min_ms = 100,
                                .refresh_max_ms = 100,
                                .max_stuck = 3,
                                .dear_soft_ms = 200,
                                .dear_hard_ms = 600,
                                .shard = 8,
                                .quarantine_ms = 50};

typedef struct {
    SickDaemon *daemon;
    SickLink *link;
    char *at;
    Client *client;
} Ward;

static gboolean over(Client *client, gconstpointer end)
{
    (void)client;
    return g_get_monotonic_time() >= *(const gint64 *)end;
}

static void ward_open(Ward *ward)
{
    ward->daemon = sick_daemon_new();
    sick_daemon_ready(ward->daemon);
    ward->at = g_build_filename(ward->daemon->folder, "link", NULL);
    ward->link = sick_link_new(ward->at, ward->daemon->socket);
    g_autofree char *uri = g_strdup_printf("test+unix:///default?socket=%s", ward->at);
    ward->client = client_new(&options, NULL, &tuning);
    vd_virt_add_host(ward->client->virt, "liar", uri);
    assert_true(client_wait(ward->client, is_up, "liar", 60));
}

static void ward_close(Ward *ward)
{
    assert_true(client_free(ward->client) < CLIENT_QUIT_MS);
    sick_link_free(ward->link);
    sick_daemon_free(ward->daemon);
    g_free(ward->at);
}

static gboolean well(Client *client, gconstpointer id)
{
    const VdHost *host = client_host(client, id);
    if (host && host->state == VD_HOST_DOWN && host->next_try == 0)
        vd_virt_reconnect(client->virt, id); /* as people do with a host that refused */
    return is_up(client, id) && client_vm(client, id, "test") && host->error == NULL;
}

static void fuzz(Ward *ward, guint permille)
{
    guint damaged = 0;
    guint seeds = (guint)(FUZZ_SECONDS / SEED_SECONDS);
    for (guint seed = 1; seed <= seeds; seed++) {
        sick_link_tell(ward->link, "reset");
        sick_link_tell(ward->link, "fuzz %u %u", seed + permille * 1000, permille);
        if (!is_up(ward->client, "liar"))
            vd_virt_reconnect(ward->client->virt, "liar");
        vd_virt_refresh(ward->client->virt, "liar");
        gint64 end = g_get_monotonic_time() + (gint64)(SEED_SECONDS * G_USEC_PER_SEC);
        assert_true(client_wait(ward->client, over, &end, 60));
        damaged += sick_link_count(ward->link).damaged;
    }
    sick_note("%u messages were damaged", damaged);
    assert_true(damaged > 5);
    sick_link_tell(ward->link, "fuzz 0 0");
    sick_link_tell(ward->link, "drop"); /* and with them what a cut message has left in the way */
    assert_true(client_wait(ward->client, well, "liar", 90));
}

static void test_some_damage(void **state)
{
    (void)state;
    Ward ward = {0};
    ward_open(&ward);
    fuzz(&ward, 60);
    ward_close(&ward);
}

static void test_much_damage(void **state)
{
    (void)state;
    Ward ward = {0};
    ward_open(&ward);
    fuzz(&ward, 500);
    ward_close(&ward);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_some_damage),
        cmocka_unit_test(test_much_damage),
    };
    return cmocka_run_group_tests_name("fuzz", tests, NULL, lanes_end);
}
