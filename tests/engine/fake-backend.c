/* One lock and one condition for everything. A call that hangs waits on the condition, so a
 * released one goes on at once; what it answers was fixed before it hung, as a late answer is. */
#include "config.h"

#include <pthread.h>
#include <string.h>

#include "tests/engine/fake-backend.h"

typedef struct {
    guint number;
    VdVmState state;
    gboolean stuck, held; /* held: a call hangs in its monitor */
    gboolean locked;      /* it is being forced off */
    guint64 counter, cpu;
    guint asked[VD_GROUPS_ALL + 1]; /* by group */
    char *name;                     /* NULL: "vmN" */
} Machine;

typedef struct {
    Fake *fake;
    char *uri;
    GPtrArray *machines; /* Machine*, by number */
    int hang[FAKE_OPS];
    guint epoch[FAKE_OPS]; /* raised by a release */
    guint calls[FAKE_OPS], hanging[FAKE_OPS], delay_ms[FAKE_OPS];
    VdErrorCode code[FAKE_OPS];
    char *message[FAKE_OPS];
    gboolean one_by_one, is_private, asks;
    guint looked, watchers, breaks;
    VdTap *tap;
} Site;

struct _Fake {
    VdBackend backend;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    GHashTable *sites; /* uri → Site */
    guint conns, opening, most_opening;
};

struct _VdBackendConn {
    gint refs;
    Site *site;
    guint breaks; /* the site's when it was opened */
    VdTap *tap;
};

const char *fake_uuid(guint number)
{
    static char text[5][37];
    static guint at;
    at = (at + 1) % 5;
    g_snprintf(text[at], sizeof text[at], "11111111-0000-4000-8000-%012x", number);
    return text[at];
}

static void machine_free(gpointer data)
{
    Machine *machine = data;
    g_free(machine->name);
    g_free(machine);
}

static void make_uuid(guint number, char uuid[37])
{
    g_snprintf(uuid, 37, "11111111-0000-4000-8000-%012x", number);
}

/* ---- the site, under the lock ---- */

static Site *site_of(Fake *fake, const char *uri)
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

static Machine *machine_of(Site *site, const char *uuid)
{
    for (guint i = 0; i < site->machines->len; i++) {
        Machine *machine = g_ptr_array_index(site->machines, i);
        char text[37];
        make_uuid(machine->number, text);
        if (strcmp(text, uuid) == 0)
            return machine;
    }
    return NULL;
}

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
    Site *site = site_of(fake, uri);
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
    make_uuid(machine->number, row.uuid);
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
        const Machine *machine = machine_of(site, g_ptr_array_index(uuids, i));
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
    make_uuid(machine->number, counters.uuid);
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
        make_uuid(machine->number, uuid);
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
    Machine *machine = machine_of(site, g_ptr_array_index(sample->uuids, i));
    if (!machine || machine->held)
        return; /* NOWAIT: somebody holds its job */
    if (site->one_by_one)
        g_atomic_int_set(&sample->asking, (gint)i);
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
    Machine *machine = run->uuid ? machine_of(site, run->uuid) : NULL;
    if (ok && machine)
        machine->state = VD_VM_PAUSED; /* the one thing that the fake's operations do */
    pthread_mutex_unlock(&site->fake->lock);
    return ok;
}

static void f_cache_free(VdBackendCache *cache)
{
    (void)cache;
}

static const VdBackend table = {
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

/* ---- the script, on the test's thread ---- */

Fake *fake_new(void)
{
    Fake *fake = g_new0(Fake, 1);
    fake->backend = table;
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
    site_of(fake, uri)->asks = TRUE;
    pthread_mutex_unlock(&fake->lock);
}

static void release_all(Site *site)
{
    for (guint op = 0; op < FAKE_OPS; op++) {
        site->hang[op] = 0;
        site->epoch[op]++;
    }
    for (guint i = 0; i < site->machines->len; i++)
        ((Machine *)g_ptr_array_index(site->machines, i))->stuck = FALSE;
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
    while (lane_lives()) /* it may be on its way in, or out */
        g_usleep(1000);
    g_hash_table_unref(fake->sites);
    pthread_mutex_destroy(&fake->lock);
    pthread_cond_destroy(&fake->changed);
    g_free(fake);
}

static Site *lock_site(Fake *fake, const char *uri)
{
    pthread_mutex_lock(&fake->lock);
    return site_of(fake, uri);
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
    Machine *machine = machine_of(site, fake_uuid(number));
    g_free(machine->name);
    machine->name = g_strdup(name);
    unlock(fake);
}

void fake_remove(Fake *fake, const char *uri, guint number)
{
    Site *site = lock_site(fake, uri);
    Machine *machine = machine_of(site, fake_uuid(number));
    g_ptr_array_remove(site->machines, machine);
    unlock(fake);
}

void fake_set_state(Fake *fake, const char *uri, guint number, VdVmState state)
{
    Site *site = lock_site(fake, uri);
    machine_of(site, fake_uuid(number))->state = state;
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
    machine_of(site, fake_uuid(number))->stuck = stuck;
    unlock(fake);
}

void fake_lock(Fake *fake, const char *uri, guint number, gboolean locked)
{
    Site *site = lock_site(fake, uri);
    machine_of(site, fake_uuid(number))->locked = locked;
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
    make_uuid(number, uuid);
    guint asked = machine_of(lock_site(fake, uri), uuid)->asked[group];
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
