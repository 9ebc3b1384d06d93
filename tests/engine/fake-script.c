/* The script of the fake: what a test says of its hosts and machines, and what it asks of them. */
#include "config.h"

#include <string.h>

#include "tests/engine/fake-private.h"
#include "tests/engine/loop.h"

const char *fake_uuid(guint number)
{
    static char text[5][37];
    static guint at;
    at = (at + 1) % 5;
    g_snprintf(text[at], sizeof text[at], "11111111-0000-4000-8000-%012x", number);
    return text[at];
}

void fake_make_uuid(guint number, char uuid[37])
{
    g_snprintf(uuid, 37, "11111111-0000-4000-8000-%012x", number);
}

/* ---- the site, under the lock ---- */

static void machine_free(gpointer data)
{
    Machine *machine = data;
    g_free(machine->name);
    g_free(machine);
}

Site *fake_site(Fake *fake, const char *uri)
{
    Site *site = g_hash_table_lookup(fake->sites, uri);
    if (site)
        return site;
    site = g_new0(Site, 1);
    site->fake = fake;
    site->uri = g_strdup(uri);
    site->machines = g_ptr_array_new_with_free_func(machine_free);
    g_hash_table_insert(fake->sites, site->uri, site);
    return site;
}

static void site_free(gpointer data)
{
    Site *site = data;
    g_ptr_array_unref(site->machines);
    for (guint i = 0; i < FAKE_OPS; i++)
        g_free(site->message[i]);
    g_free(site->uri);
    g_free(site);
}

Machine *fake_machine(Site *site, const char *uuid)
{
    for (guint i = 0; i < site->machines->len; i++) {
        Machine *machine = g_ptr_array_index(site->machines, i);
        char text[37];
        fake_make_uuid(machine->number, text);
        if (strcmp(text, uuid) == 0)
            return machine;
    }
    return NULL;
}

/* ---- on the test's thread ---- */

Fake *fake_new(void)
{
    Fake *fake = g_new0(Fake, 1);
    fake->backend = fake_table;
    fake->backend.self = fake;
    fake->sites = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, site_free);
    pthread_mutex_init(&fake->lock, NULL);
    pthread_cond_init(&fake->changed, NULL);
    return fake;
}

const VdBackend *fake_backend(Fake *fake)
{
    return &fake->backend;
}

void fake_ask(Fake *fake, const char *uri)
{
    pthread_mutex_lock(&fake->lock);
    fake_site(fake, uri)->asks = TRUE;
    pthread_mutex_unlock(&fake->lock);
}

static void release_all(Site *site)
{
    for (guint op = 0; op < FAKE_OPS; op++) {
        site->hang[op] = 0;
        site->epoch[op]++;
    }
    for (guint i = 0; i < site->machines->len; i++) {
        Machine *machine = g_ptr_array_index(site->machines, i);
        machine->stuck = machine->locked = FALSE;
    }
}

void fake_free(Fake *fake)
{
    GHashTableIter iter;
    gpointer site;
    pthread_mutex_lock(&fake->lock);
    g_hash_table_iter_init(&iter, fake->sites);
    while (g_hash_table_iter_next(&iter, NULL, &site))
        release_all(site);
    pthread_cond_broadcast(&fake->changed);
    while (fake->conns > 0 || fake->opening > 0)
        pthread_cond_wait(&fake->changed, &fake->lock);
    pthread_mutex_unlock(&fake->lock);
    if (lanes_end(NULL) != 0)
        g_error("a lane lives on: one of this case, or of one that failed before it");
    g_hash_table_unref(fake->sites);
    pthread_mutex_destroy(&fake->lock);
    pthread_cond_destroy(&fake->changed);
    g_free(fake);
}

static Site *lock_site(Fake *fake, const char *uri)
{
    pthread_mutex_lock(&fake->lock);
    return fake_site(fake, uri);
}

static void unlock(Fake *fake)
{
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

void fake_add(Fake *fake, const char *uri, guint number, VdVmState state)
{
    Site *site = lock_site(fake, uri);
    Machine *machine = g_new0(Machine, 1);
    machine->number = number;
    machine->state = state;
    g_ptr_array_add(site->machines, machine);
    unlock(fake);
}

void fake_add_many(Fake *fake, const char *uri, guint count)
{
    for (guint i = 0; i < count; i++)
        fake_add(fake, uri, i, VD_VM_RUNNING);
}

void fake_name(Fake *fake, const char *uri, guint number, const char *name)
{
    Site *site = lock_site(fake, uri);
    Machine *machine = fake_machine(site, fake_uuid(number));
    g_free(machine->name);
    machine->name = g_strdup(name);
    unlock(fake);
}

void fake_remove(Fake *fake, const char *uri, guint number)
{
    Site *site = lock_site(fake, uri);
    Machine *machine = fake_machine(site, fake_uuid(number));
    g_ptr_array_remove(site->machines, machine);
    unlock(fake);
}

void fake_set_state(Fake *fake, const char *uri, guint number, VdVmState state)
{
    Site *site = lock_site(fake, uri);
    fake_machine(site, fake_uuid(number))->state = state;
    unlock(fake);
}

void fake_hang(Fake *fake, const char *uri, FakeOp op, int times)
{
    lock_site(fake, uri)->hang[op] = times;
    unlock(fake);
}

void fake_release(Fake *fake, const char *uri, FakeOp op)
{
    Site *site = lock_site(fake, uri);
    site->hang[op] = 0;
    site->epoch[op]++;
    unlock(fake);
}

void fake_fail(Fake *fake, const char *uri, FakeOp op, VdErrorCode code, const char *message)
{
    Site *site = lock_site(fake, uri);
    site->code[op] = code;
    g_free(site->message[op]);
    site->message[op] = g_strdup(message);
    unlock(fake);
}

void fake_stick(Fake *fake, const char *uri, guint number, gboolean stuck)
{
    Site *site = lock_site(fake, uri);
    fake_machine(site, fake_uuid(number))->stuck = stuck;
    unlock(fake);
}

void fake_lock(Fake *fake, const char *uri, guint number, gboolean locked)
{
    Site *site = lock_site(fake, uri);
    fake_machine(site, fake_uuid(number))->locked = locked;
    unlock(fake);
}

void fake_delay(Fake *fake, const char *uri, FakeOp op, guint ms)
{
    lock_site(fake, uri)->delay_ms[op] = ms;
    unlock(fake);
}

guint fake_asked(Fake *fake, const char *uri, guint number, guint group)
{
    char uuid[37];
    fake_make_uuid(number, uuid);
    guint asked = fake_machine(lock_site(fake, uri), uuid)->asked[group];
    unlock(fake);
    return asked;
}

void fake_one_by_one(Fake *fake, const char *uri)
{
    lock_site(fake, uri)->one_by_one = TRUE;
    unlock(fake);
}

void fake_private(Fake *fake, const char *uri)
{
    lock_site(fake, uri)->is_private = TRUE;
    unlock(fake);
}

void fake_break(Fake *fake, const char *uri)
{
    lock_site(fake, uri)->breaks++;
    unlock(fake);
}

void fake_event(Fake *fake, const char *uri, guint number)
{
    Site *site = lock_site(fake, uri);
    if (site->tap)
        vd_tap_hint(site->tap, fake_uuid(number));
    unlock(fake);
}

void fake_close(Fake *fake, const char *uri, VdTapClosed why)
{
    Site *site = lock_site(fake, uri);
    site->breaks++;
    if (site->tap)
        vd_tap_gone(site->tap, why);
    unlock(fake);
}

static guint read_number(Fake *fake, const guint *place)
{
    pthread_mutex_lock(&fake->lock);
    guint number = *place;
    pthread_mutex_unlock(&fake->lock);
    return number;
}

guint fake_calls(Fake *fake, const char *uri, FakeOp op)
{
    Site *site = lock_site(fake, uri);
    unlock(fake);
    return read_number(fake, &site->calls[op]);
}

guint fake_hanging(Fake *fake, const char *uri, FakeOp op)
{
    Site *site = lock_site(fake, uri);
    unlock(fake);
    return read_number(fake, &site->hanging[op]);
}

guint fake_looked(Fake *fake, const char *uri)
{
    Site *site = lock_site(fake, uri);
    unlock(fake);
    return read_number(fake, &site->looked);
}

guint fake_conns(Fake *fake)
{
    return read_number(fake, &fake->conns);
}

guint fake_most_opening(Fake *fake)
{
    return read_number(fake, &fake->most_opening);
}

guint fake_watchers(Fake *fake, const char *uri)
{
    Site *site = lock_site(fake, uri);
    unlock(fake);
    return read_number(fake, &site->watchers);
}
