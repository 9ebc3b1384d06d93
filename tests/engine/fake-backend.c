/* The scripted backend as lanes use it. One lock and one condition for everything. A call that
 * hangs waits on the condition, so a released one goes on at once; what it answers was fixed before
 * it hung, as a late answer is. */
#include "config.h"

#include <string.h>

#include "tests/engine/fake-private.h"

/* Counts the call and hangs if the script says so; FALSE with an error if it says to fail. */
static gboolean enter(Site *site, FakeOp op, GError **error)
{
    Fake *fake = site->fake;
    site->calls[op]++;
    pthread_cond_broadcast(&fake->changed);
    if (site->delay_ms[op] > 0) {
        gulong usec = site->delay_ms[op] * 1000;
        pthread_mutex_unlock(&fake->lock);
        g_usleep(usec);
        pthread_mutex_lock(&fake->lock);
    }
    if (site->hang[op] != 0) {
        guint epoch = site->epoch[op];
        if (site->hang[op] > 0)
            site->hang[op]--;
        site->hanging[op]++;
        while (site->epoch[op] == epoch)
            pthread_cond_wait(&fake->changed, &fake->lock);
        site->hanging[op]--;
    }
    if (!site->message[op])
        return TRUE;
    return vd_fail(error, site->code[op], "fake", "%s", site->message[op]);
}

/* ---- the backend, on lanes ---- */

/* Asks for a password, outside the lock; TRUE if it was the right one. */
static gboolean let_in(Site *site, VdAsker *asker)
{
    g_autoptr(VdQuestion) question = vd_question_new(asker ? vd_asker_host(asker) : "", "Who?");
    vd_question_add(question, "Password", NULL, TRUE);
    pthread_mutex_unlock(&site->fake->lock);
    gboolean answered = asker && vd_asker_ask(asker, question);
    gboolean right = answered && strcmp(vd_question_answer(question, 0), "sesame") == 0;
    pthread_mutex_lock(&site->fake->lock);
    return right;
}

static VdBackendConn *f_open(const VdBackend *backend, const char *uri, VdAsker *asker,
                             VdOpened *ret, GError **error)
{
    Fake *fake = backend->self;
    VdBackendConn *conn = NULL;
    pthread_mutex_lock(&fake->lock);
    Site *site = fake_site(fake, uri);
    fake->opening++;
    fake->most_opening = MAX(fake->most_opening, fake->opening);
    if (site->asks && !let_in(site, asker)) {
        (void)vd_fail(error, VD_ERR_DENIED, "fake", "wrong password");
        site->calls[FAKE_OPEN]++;
        ret->hopeless = TRUE;
    } else if (enter(site, FAKE_OPEN, error)) {
        ret->asked = site->asks;
        conn = g_new0(VdBackendConn, 1);
        conn->refs = 1;
        conn->site = site;
        conn->breaks = site->breaks;
        ret->is_private = site->is_private;
        fake->conns++;
    } else {
        ret->hopeless = site->code[FAKE_OPEN] == VD_ERR_DENIED;
    }
    fake->opening--;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
    return conn;
}

static VdBackendConn *f_ref(VdBackendConn *conn)
{
    g_atomic_int_inc(&conn->refs);
    return conn;
}

static void f_unwatch(VdBackendConn *conn)
{
    Fake *fake = conn->site->fake;
    pthread_mutex_lock(&fake->lock);
    VdTap *tap = g_steal_pointer(&conn->tap);
    if (tap && conn->site->tap == tap)
        conn->site->tap = NULL;
    pthread_mutex_unlock(&fake->lock);
    vd_tap_unref(tap);
}

static void f_unref(VdBackendConn *conn)
{
    if (!g_atomic_int_dec_and_test(&conn->refs))
        return;
    f_unwatch(conn);
    Fake *fake = conn->site->fake;
    pthread_mutex_lock(&fake->lock);
    fake->conns--;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
    g_free(conn);
}

static gboolean f_alive(VdBackendConn *conn)
{
    pthread_mutex_lock(&conn->site->fake->lock);
    gboolean alive = conn->breaks == conn->site->breaks;
    pthread_mutex_unlock(&conn->site->fake->lock);
    return alive;
}

static gboolean f_watch(VdBackendConn *conn, VdTap *tap)
{
    pthread_mutex_lock(&conn->site->fake->lock);
    conn->tap = vd_tap_ref(tap);
    conn->site->tap = tap;
    conn->site->watchers++;
    pthread_mutex_unlock(&conn->site->fake->lock);
    return TRUE;
}

static gboolean f_facts(VdBackendConn *conn, guint what, VdHost *host, GError **error)
{
    (void)what;
    pthread_mutex_lock(&conn->site->fake->lock);
    gboolean ok = enter(conn->site, FAKE_FACTS, error);
    pthread_mutex_unlock(&conn->site->fake->lock);
    host->cpus = 4;
    host->memory = 1 << 30;
    host->hostname = g_ref_string_new("fake");
    return ok;
}

static void add_row(GArray *rows, const Machine *machine)
{
    VdRow row = {.id = -1, .persistent = TRUE, .informed = TRUE, .vcpus = 2, .max_mem = 1 << 26};
    fake_make_uuid(machine->number, row.uuid);
    row.raw_name =
        machine->name ? g_strdup(machine->name) : g_strdup_printf("vm%u", machine->number);
    row.state = machine->state;
    if (machine->state != VD_VM_OFF)
        row.id = (int)machine->number + 1;
    g_array_append_val(rows, row);
}

static gboolean f_list(VdBackendConn *conn, VdNeedsInfo needs, gpointer data, GArray *rows,
                       GError **error)
{
    (void)needs;
    (void)data;
    Site *site = conn->site;
    pthread_mutex_lock(&site->fake->lock);
    for (guint i = 0; i < site->machines->len; i++)
        add_row(rows, g_ptr_array_index(site->machines, i));
    gboolean ok = enter(site, FAKE_LIST, error);
    for (guint i = 0; i < site->machines->len; i++) {
        const Machine *machine = g_ptr_array_index(site->machines, i);
        while (machine->locked)
            pthread_cond_wait(&site->fake->changed, &site->fake->lock);
    }
    pthread_mutex_unlock(&site->fake->lock);
    return ok;
}

static gboolean f_look(VdBackendConn *conn, GPtrArray *uuids, GArray *rows, GError **error)
{
    Site *site = conn->site;
    pthread_mutex_lock(&site->fake->lock);
    site->looked += uuids->len;
    for (guint i = 0; i < uuids->len; i++) {
        const Machine *machine = fake_machine(site, g_ptr_array_index(uuids, i));
        while (machine && machine->locked)
            pthread_cond_wait(&site->fake->changed, &site->fake->lock);
        if (machine) {
            add_row(rows, machine);
            continue;
        }
        VdRow row = {.gone = TRUE};
        g_strlcpy(row.uuid, g_ptr_array_index(uuids, i), sizeof row.uuid);
        g_array_append_val(rows, row);
    }
    gboolean ok = enter(site, FAKE_LOOK, error);
    pthread_mutex_unlock(&site->fake->lock);
    return ok;
}

static void add_counters(GArray *array, Machine *machine, guint has)
{
    VdCounters counters = {.has = has, .state = machine->state, .vcpus = 2, .max_mem = 1 << 26};
    fake_make_uuid(machine->number, counters.uuid);
    counters.taken = counters.cpu_taken = g_get_monotonic_time();
    machine->counter += 1000;
    machine->cpu += machine->stuck || machine->state == VD_VM_PAUSED ? 0 : 1000;
    counters.cpu_time = machine->cpu;
    counters.rx = counters.tx = machine->counter;
    counters.disk_read = counters.disk_write = machine->counter;
    counters.mem_total = 1 << 26;
    counters.rss = 1 << 20;
    counters.unused = counters.available = counters.usable = G_MAXUINT64;
    g_array_append_val(array, counters);
}

static gboolean among(const GPtrArray *uuids, const char *uuid)
{
    for (guint i = 0; uuids && i < uuids->len; i++)
        if (strcmp(g_ptr_array_index(uuids, i), uuid) == 0)
            return TRUE;
    return !uuids;
}

static gboolean f_cheap(VdBackendConn *conn, VdBackendCache **cache, VdCheapSample *sample,
                        GError **error)
{
    (void)cache;
    Site *site = conn->site;
    pthread_mutex_lock(&site->fake->lock);
    gboolean ok = enter(site, FAKE_CHEAP, error);
    for (guint i = 0; ok && i < site->machines->len; i++) {
        Machine *machine = g_ptr_array_index(site->machines, i);
        char uuid[37];
        fake_make_uuid(machine->number, uuid);
        if (!among(sample->only, uuid))
            continue;
        while (machine->locked)
            pthread_cond_wait(&site->fake->changed, &site->fake->lock);
        gboolean cpu = !sample->info || g_hash_table_contains(sample->info, uuid);
        machine->asked[VD_GROUP_CPU] += cpu;
        if (machine->state != VD_VM_OFF)
            add_counters(sample->counters, machine,
                         VD_HAS_STATE | (cpu ? VD_HAS_CPU : 0u) | VD_HAS_NET);
    }
    sample->node = (VdNodeCounters){.taken = g_get_monotonic_time(),
                                    .has_mem = TRUE,
                                    .mem_used = 1 << 20,
                                    .mem_total = 1 << 30};
    pthread_mutex_unlock(&site->fake->lock);
    return ok;
}

static void dear_one(Site *site, VdDearSample *sample, guint i)
{
    Machine *machine = fake_machine(site, g_ptr_array_index(sample->uuids, i));
    if (!machine || machine->held)
        return; /* NOWAIT: somebody holds its job */
    if (site->one_by_one)
        g_atomic_int_set(&sample->asking, (gint)i);
    while (machine->locked)
        pthread_cond_wait(&site->fake->changed, &site->fake->lock);
    if (machine->stuck) {
        machine->held = TRUE;
        site->hanging[FAKE_DEAR]++;
        while (machine->stuck)
            pthread_cond_wait(&site->fake->changed, &site->fake->lock);
        site->hanging[FAKE_DEAR]--;
        machine->held = FALSE;
    }
    machine->asked[VD_GROUP_MEM] += (sample->groups & VD_GROUP_MEM) != 0;
    machine->asked[VD_GROUP_DISK] += (sample->groups & VD_GROUP_DISK) != 0;
    add_counters(sample->counters, machine,
                 (sample->groups & VD_GROUP_MEM ? VD_HAS_MEM : 0u) |
                     (sample->groups & VD_GROUP_DISK ? VD_HAS_BLOCK : 0u));
}

static gboolean f_dear(VdBackendConn *conn, VdBackendCache **cache, VdDearSample *sample,
                       GError **error)
{
    (void)cache;
    Site *site = conn->site;
    pthread_mutex_lock(&site->fake->lock);
    gboolean ok = enter(site, FAKE_DEAR, error);
    for (guint i = 0; ok && i < sample->uuids->len; i++)
        dear_one(site, sample, i);
    pthread_mutex_unlock(&site->fake->lock);
    return ok;
}

static void f_detail(VdBackendConn *conn, const char *uuid, VdDetail *detail)
{
    pthread_mutex_lock(&conn->site->fake->lock);
    (void)enter(conn->site, FAKE_DETAIL, NULL);
    pthread_mutex_unlock(&conn->site->fake->lock);
    if (detail->title)
        detail->ret_title = g_strdup_printf("title of %s", uuid);
    if (detail->address)
        detail->ret_address = g_strdup("192.0.2.7");
}

static gboolean f_run(VdBackendConn *conn, const VdRun *run, VdDoc **ret_doc, GError **error)
{
    Site *site = conn->site;
    (void)ret_doc;
    if (run->request && g_str_equal(run->request, "r-PATNT0"))
        g_atomic_int_set(run->patience, 3600000);
    pthread_mutex_lock(&site->fake->lock);
    gboolean ok = enter(site, FAKE_RUN, error);
    Machine *machine = run->uuid ? fake_machine(site, run->uuid) : NULL;
    if (ok && machine)
        machine->state = VD_VM_PAUSED; /* the one thing that the fake's operations do */
    pthread_mutex_unlock(&site->fake->lock);
    return ok;
}

static void f_cache_free(VdBackendCache *cache)
{
    (void)cache;
}

const VdBackend fake_table = {
    .open = f_open,
    .ref = f_ref,
    .unref = f_unref,
    .alive = f_alive,
    .watch = f_watch,
    .unwatch = f_unwatch,
    .facts = f_facts,
    .list = f_list,
    .look = f_look,
    .cheap = f_cheap,
    .dear = f_dear,
    .detail = f_detail,
    .cache_free = f_cache_free,
    .run = f_run,
};
