/* The loop is the test's own thread; a condition is looked at after each turn of it, so a test
 * waits exactly as long as the engine needs, and fails when the time is up. */
#include "config.h"

#include <string.h>

#include "tests/engine/loop.h"

#define LANES_USEC (60 * G_USEC_PER_SEC)

static void changed(VdHost *host, gpointer data)
{
    Client *client = data;
    client->published++;
    g_hash_table_replace(client->hosts, g_strdup(host->id), vd_host_ref(host));
}

Client *client_new(const VdVirtOptions *options, const VdBackend *backend, const VdTuning *tuning)
{
    Client *client = g_new0(Client, 1);
    client->context = g_main_context_new();
    client->hosts =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)vd_host_unref);
    client->virt = vd_virt_new_on(client->context, options, backend ? backend : &vd_backend_libvirt,
                                  tuning ? tuning : &vd_tuning_usual, changed, client);
    return client;
}

/* Whether a thread of this process is a lane's, by its name. */
static gboolean lane_lives(void)
{
    g_autoptr(GDir) tasks = g_dir_open("/proc/self/task", 0, NULL);
    const char *id;
    while (tasks && (id = g_dir_read_name(tasks))) {
        g_autofree char *path = g_build_filename("/proc/self/task", id, "comm", NULL);
        g_autofree char *name = NULL;
        if (g_file_get_contents(path, &name, NULL, NULL) && g_str_has_prefix(name, "vd-") &&
            !g_str_has_prefix(name, "vd-events"))
            return TRUE;
    }
    return FALSE;
}

int lanes_end(void **state)
{
    gint64 until = g_get_monotonic_time() + LANES_USEC;
    (void)state;
    while (lane_lives()) { /* it may be on its way in, or out */
        if (g_get_monotonic_time() > until)
            return -1;
        g_usleep(1000);
    }
    return 0;
}

gint64 client_free(Client *client)
{
    gint64 begun = g_get_monotonic_time();
    vd_virt_free(client->virt);
    gint64 took = (g_get_monotonic_time() - begun) / 1000;
    g_hash_table_unref(client->hosts);
    g_main_context_unref(client->context);
    vd_doc_unref(client->doc);
    g_clear_error(&client->error);
    g_free(client);
    return took;
}

VdHost *client_host(Client *client, const char *id)
{
    return g_hash_table_lookup(client->hosts, id);
}

VdVm *client_vm(Client *client, const char *host, const char *name)
{
    VdHost *found = client_host(client, host);
    for (guint i = 0; found && i < found->vms->len; i++) {
        VdVm *vm = vd_host_vm(found, i);
        if (strcmp(vm->raw_name, name) == 0)
            return vm;
    }
    return NULL;
}

static void ended(VdDoc *doc, const GError *error, gpointer data)
{
    Client *client = data;
    client->ended++;
    vd_doc_unref(client->doc);
    client->doc = doc ? vd_doc_ref(doc) : NULL;
    g_clear_error(&client->error);
    client->error = error ? g_error_copy(error) : NULL;
}

void client_call(Client *client, const char *host, const char *uuid, VdVirtFunc func,
                 gboolean changes, const char *pending)
{
    vd_virt_call(client->virt, host, uuid, func, NULL, "r-TEST00", changes, pending, ended, client);
}

static gboolean wake(gpointer data)
{
    (void)data;
    return G_SOURCE_CONTINUE;
}

gboolean client_wait(Client *client, Condition condition, gconstpointer data, int seconds)
{
    gint64 until = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
    GSource *tick = g_timeout_source_new(10); /* for conditions outside the loop */
    g_source_set_callback(tick, wake, NULL, NULL);
    g_source_attach(tick, client->context);
    gboolean met = condition(client, data);
    while (!met && g_get_monotonic_time() < until) {
        g_main_context_iteration(client->context, TRUE);
        met = condition(client, data);
    }
    g_source_destroy(tick);
    g_source_unref(tick);
    return met;
}

void client_turn(Client *client)
{
    while (g_main_context_iteration(client->context, FALSE)) {
    }
}

static gboolean in_state(Client *client, const char *host, VdHostState state)
{
    const VdHost *found = client_host(client, host);
    return found && found->state == state;
}

gboolean is_up(Client *client, gconstpointer host)
{
    return in_state(client, host, VD_HOST_UP);
}

gboolean is_slow(Client *client, gconstpointer host)
{
    return in_state(client, host, VD_HOST_SLOW);
}

gboolean is_down(Client *client, gconstpointer host)
{
    return in_state(client, host, VD_HOST_DOWN);
}

gboolean has_ended(Client *client, gconstpointer count)
{
    return client->ended >= *(const guint *)count;
}
