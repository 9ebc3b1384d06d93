/* Hosts that ask before they let one in, that refuse, that wait for their turn with ssh, and
 * addresses that are tried: on the scripted backend. The deadlines are short, so that a question
 * that did not hold them would show.
 * About 10 s on two processors. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "src/base/error.h"
#include "tests/engine/fake-backend.h"
#include "tests/engine/loop.h"

#define A "qemu+tcp://a/system"
#define B "qemu+tcp://b/system"

static VdQuestion *asked; /* the open one */
static guint questions;

static void on_ask(VdQuestion *question, gboolean open, gpointer data)
{
    (void)data;
    questions += open;
    g_clear_pointer(&asked, vd_question_unref);
    if (open)
        asked = vd_question_ref(question);
}

static const VdTuning tuning = {.backoff_ms = 10,
                                .merge_ms = 50,
                                .refresh_min_ms = 3600000,
                                .refresh_max_ms = 3600000,
                                .max_stuck = 3,
                                .dear_soft_ms = 1000,
                                .dear_hard_ms = 10000,
                                .shard = 16,
                                .quarantine_ms = 20};

typedef struct {
    Fake *fake;
    Client *client;
} Case;

static void begin(Case *c, gboolean can_ask)
{
    VdVirtOptions options = {.events = TRUE,
                             .ask = can_ask ? on_ask : NULL,
                             .connect_soft_ms = 40,
                             .connect_hard_ms = 2000};
    questions = 0;
    c->fake = fake_new();
    c->client = client_new(&options, fake_backend(c->fake), &tuning);
    fake_add_many(c->fake, A, 3);
    fake_ask(c->fake, A);
    fake_add_many(c->fake, B, 2);
}

static void finish(Case *c)
{
    assert_true(client_free(c->client) < CLIENT_QUIT_MS);
    fake_free(c->fake);
    g_clear_pointer(&asked, vd_question_unref);
}

static gboolean is_asked(Client *client, gconstpointer data)
{
    (void)client;
    (void)data;
    return asked != NULL;
}

static gboolean not_asked(Client *client, gconstpointer data)
{
    return !is_asked(client, data);
}

/* data: a gint64 *, monotonic */
static gboolean it_is_later(Client *client, gconstpointer until)
{
    (void)client;
    return g_get_monotonic_time() > *(const gint64 *)until;
}

static void give(const char *word)
{
    const char *answers[] = {word, NULL};
    vd_question_give(asked, word ? answers : NULL);
}

static gboolean never(VdVirtCall *call, GError **error)
{
    (void)call;
    return vd_fail(error, VD_ERR_FAILED, NULL, "the fake does not run functions");
}

/* However long the person thinks, the host is not given up; and it is asked for one connection, not
 * for each lane. */
static void test_asked_once(void **state)
{
    (void)state;
    Case c;
    begin(&c, TRUE);
    vd_virt_add_host(c.client->virt, "a", A);
    vd_virt_add_host(c.client->virt, "b", B);
    assert_true(client_wait(c.client, is_asked, NULL, 30));
    assert_string_equal(vd_question_host(asked), "a");
    assert_true(client_wait(c.client, is_up, "b", 30)); /* the others go on */
    gint64 until = g_get_monotonic_time() + 3 * G_USEC_PER_SEC;
    assert_true(client_wait(c.client, it_is_later, &until, 30));
    VdHost *host = client_host(c.client, "a");
    assert_int_equal(host->state, VD_HOST_CONNECTING);
    assert_non_null(strstr(host->error, "asks"));
    give("sesame");
    assert_true(client_wait(c.client, is_up, "a", 30));
    assert_null(asked);
    assert_null(client_host(c.client, "a")->error);
    guint ended = c.client->ended + 1;
    client_call(c.client, "a", fake_uuid(0), never, TRUE, "testing…");
    assert_true(client_wait(c.client, has_ended, &ended, 30));
    assert_null(c.client->error);
    assert_int_equal(questions, 1);
    assert_int_equal(fake_conns(c.fake), 2);
    finish(&c);
}

/* The answer was wrong or refused: no retry by itself, but when it is told to. */
static void refused_with(const char *word, gboolean can_ask)
{
    Case c;
    begin(&c, can_ask);
    vd_virt_add_host(c.client->virt, "a", A);
    if (can_ask) {
        assert_true(client_wait(c.client, is_asked, NULL, 30));
        give(word);
    }
    assert_true(client_wait(c.client, is_down, "a", 30));
    VdHost *host = client_host(c.client, "a");
    assert_int_equal(host->next_try, 0);
    assert_non_null(host->error);
    gint64 until = g_get_monotonic_time() + G_USEC_PER_SEC / 2; /* fifty times the first wait */
    assert_true(client_wait(c.client, it_is_later, &until, 30));
    assert_int_equal(fake_calls(c.fake, A, FAKE_OPEN), 1);
    if (can_ask) {
        vd_virt_reconnect(c.client->virt, "a");
        assert_true(client_wait(c.client, is_asked, NULL, 30));
        give("sesame");
        assert_true(client_wait(c.client, is_up, "a", 30));
    }
    finish(&c);
}

static void test_refusals(void **state)
{
    (void)state;
    refused_with("open", TRUE);
    refused_with(NULL, TRUE);
    refused_with(NULL, FALSE);
}

static void test_let_go_while_asking(void **state)
{
    (void)state;
    Case c;
    begin(&c, TRUE);
    vd_virt_add_host(c.client->virt, "a", A);
    assert_true(client_wait(c.client, is_asked, NULL, 30));
    g_autoptr(VdQuestion) question = vd_question_ref(asked);
    vd_virt_disconnect(c.client->virt, "a");
    assert_true(client_wait(c.client, not_asked, NULL, 30));
    assert_false(vd_question_open(question));
    vd_virt_reconnect(c.client->virt, "a");
    assert_true(client_wait(c.client, is_asked, NULL, 30));
    finish(&c); /* with a question open: the program leaves */
}

/* ---- turns with ssh ---- */

#define HOSTS 6

static const char *ssh_id(guint i)
{
    static const char *const ids[HOSTS] = {"s0", "s1", "s2", "s3", "s4", "s5"};
    return ids[i];
}

/* As the engine opens them. */
static const char *ssh_uri(guint i)
{
    static const char *const uris[HOSTS] = {"qemu+ssh://s0/system",     "qemu+ssh://s1/system",
                                            "qemu+libssh2://s2/system", "qemu+libssh://s3/system",
                                            "qemu+ssh://s4/system",     "qemu+ssh://s5/system"};
    return uris[i];
}

static void begin_ssh(Case *c, const VdVirtOptions *options, const VdTuning *turns)
{
    c->fake = fake_new();
    c->client = client_new(options, fake_backend(c->fake), turns);
    for (guint i = 0; i < HOSTS; i++)
        fake_add_many(c->fake, ssh_uri(i), 2);
}

static guint begun(const Case *c)
{
    guint sum = 0;
    for (guint i = 0; i < HOSTS; i++)
        sum += fake_calls(c->fake, ssh_uri(i), FAKE_OPEN);
    return sum;
}

/* data: the host's id */
static gboolean waits_its_turn(Client *client, gconstpointer id)
{
    const VdHost *host = client_host(client, id);
    return host && host->state == VD_HOST_CONNECTING && host->error &&
           strstr(host->error, "its turn");
}

static gboolean so_many_wait(Client *client, gconstpointer count)
{
    guint waiting = 0;
    for (guint i = 0; i < HOSTS; i++)
        waiting += waits_its_turn(client, ssh_id(i));
    return waiting == GPOINTER_TO_UINT(count);
}

static gboolean all_up(Client *client, gconstpointer data)
{
    for (guint i = 0; i < HOSTS; i++)
        if (!is_up(client, ssh_id(i)))
            return FALSE;
    return !data || fake_conns(((const Case *)data)->fake) == HOSTS * 3;
}

/* However many there are, two open at a time, those of the statistics as well; the rest says what
 * it waits for, is neither slow nor given up, and another way in is not held up. */
static void test_ssh_turns(void **state)
{
    (void)state;
    Case c;
    VdTuning turns = tuning;
    VdVirtOptions options = {.events = TRUE, .sample = TRUE};
    turns.ssh_at_once = 2;
    turns.ssh_hold_ms = 3600000;
    begin_ssh(&c, &options, &turns);
    for (guint i = 0; i < HOSTS; i++) {
        fake_hang(c.fake, ssh_uri(i), FAKE_OPEN, 1);
        vd_virt_add_host(c.client->virt, ssh_id(i), ssh_uri(i));
    }
    /* who is first is nobody's business */
    assert_true(client_wait(c.client, so_many_wait, GUINT_TO_POINTER(HOSTS - 2), 60));
    assert_int_equal(begun(&c), 2);
    for (guint i = 0; i < HOSTS; i++)
        fake_release(c.fake, ssh_uri(i), FAKE_OPEN);
    assert_true(client_wait(c.client, all_up, &c, 60));
    for (guint i = 0; i < HOSTS; i++)
        assert_null(client_host(c.client, ssh_id(i))->error);
    assert_true(fake_most_opening(c.fake) <= 2);
    finish(&c);
}

/* Those that hang keep the others for a moment only. */
static void test_ssh_dead_ones(void **state)
{
    (void)state;
    Case c;
    VdTuning turns = tuning;
    VdVirtOptions options = {.events = TRUE};
    turns.ssh_at_once = 2;
    turns.ssh_hold_ms = 20;
    begin_ssh(&c, &options, &turns);
    for (guint i = 0; i < HOSTS; i++) {
        fake_hang(c.fake, ssh_uri(i), FAKE_OPEN, i < HOSTS - 1 ? -1 : 0);
        vd_virt_add_host(c.client->virt, ssh_id(i), ssh_uri(i));
    }
    assert_true(client_wait(c.client, is_up, ssh_id(HOSTS - 1), 15));
    finish(&c);
}

/* Its deadlines begin with its turn, and it goes before one that has failed; to be let go of or to
 * leave it needs none. */
static void test_ssh_patience(void **state)
{
    (void)state;
    Case c;
    VdTuning turns = tuning;
    VdVirtOptions options = {.events = TRUE, .connect_soft_ms = 40, .connect_hard_ms = 1500};
    turns.ssh_at_once = 1;
    turns.ssh_hold_ms = 3600000;
    begin_ssh(&c, &options, &turns);
    fake_hang(c.fake, ssh_uri(0), FAKE_OPEN, 1);
    vd_virt_add_host(c.client->virt, ssh_id(0), ssh_uri(0));
    assert_true(client_wait(c.client, is_down, ssh_id(0), 30)); /* and its lane hangs in there */
    for (guint i = 1; i < 4; i++) { /* one after the other, in that order */
        vd_virt_add_host(c.client->virt, ssh_id(i), ssh_uri(i));
        assert_true(client_wait(c.client, waits_its_turn, ssh_id(i), 30));
    }
    vd_virt_add_host(c.client->virt, "b", "qemu+tcp://b/system");
    assert_true(client_wait(c.client, is_up, "b", 30));
    gint64 until = g_get_monotonic_time() + 2 * G_USEC_PER_SEC; /* more than the deadline */
    assert_true(client_wait(c.client, it_is_later, &until, 30));
    for (guint i = 1; i < 4; i++)
        assert_true(waits_its_turn(c.client, ssh_id(i)));
    assert_int_equal(begun(&c), 1);
    vd_virt_disconnect(c.client->virt, ssh_id(1));
    fake_hang(c.fake, ssh_uri(3), FAKE_OPEN, -1);
    fake_release(c.fake, ssh_uri(0), FAKE_OPEN);
    assert_true(client_wait(c.client, is_up, ssh_id(2), 30));
    assert_int_equal(fake_calls(c.fake, ssh_uri(0), FAKE_OPEN), 1); /* it waits behind the third */
    assert_int_equal(fake_calls(c.fake, ssh_uri(1), FAKE_OPEN), 0);
    finish(&c);
}

/* ---- trying an address ---- */

typedef struct {
    guint ended;
    VdDoc *doc;
    GError *error;
} Tried;

static void tried(VdDoc *doc, const GError *error, gpointer data)
{
    Tried *it = data;
    it->ended++;
    it->doc = doc ? vd_doc_ref(doc) : NULL;
    it->error = error ? g_error_copy(error) : NULL;
}

static gboolean has_tried(Client *client, gconstpointer data)
{
    (void)client;
    return ((const Tried *)data)->ended > 0;
}

static void forget(Tried *it)
{
    vd_doc_unref(it->doc);
    g_clear_error(&it->error);
    *it = (Tried){0};
}

static void test_trial(void **state)
{
    (void)state;
    Case c;
    Tried it = {0};
    begin(&c, TRUE);
    vd_virt_test(c.client->virt, B, tried, &it);
    assert_true(client_wait(c.client, has_tried, &it, 30));
    assert_null(it.error);
    const VdSection *section = g_ptr_array_index(it.doc->sections, 0);
    char **row = g_ptr_array_index(section->rows, 0);
    assert_string_equal(row[0], B);
    assert_string_equal(row[7], "2");
    forget(&it);
    vd_virt_test(c.client->virt, "qemuu:///system", tried, &it);
    assert_int_equal(it.ended, 0); /* later, like all answers */
    assert_true(client_wait(c.client, has_tried, &it, 30));
    assert_non_null(strstr(it.error->message, "qemuu"));
    forget(&it);
    vd_virt_test(c.client->virt, A, tried, &it);
    assert_true(client_wait(c.client, is_asked, NULL, 30));
    give("wrong");
    assert_true(client_wait(c.client, has_tried, &it, 30));
    assert_int_equal(vd_error_code(it.error), VD_ERR_DENIED);
    /* How long it took is told as well, where that is any time at all. */
    assert_true(g_str_has_prefix(it.error->message, "wrong password."));
    forget(&it);
    fake_hang(c.fake, B, FAKE_OPEN, 1);
    vd_virt_test(c.client->virt, B, tried, &it);
    assert_true(client_wait(c.client, has_tried, &it, 30));
    assert_int_equal(vd_error_code(it.error), VD_ERR_UNREACHABLE);
    assert_non_null(strstr(it.error->message, "does not answer within "));
    forget(&it);
    vd_virt_test(c.client->virt, A, tried, &it); /* and nobody waits for it */
    assert_true(client_wait(c.client, is_asked, NULL, 30));
    finish(&c);
    assert_int_equal(it.ended, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asked_once),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_let_go_while_asking),
        cmocka_unit_test(test_ssh_turns),
        cmocka_unit_test(test_ssh_dead_ones),
        cmocka_unit_test(test_ssh_patience),
        cmocka_unit_test(test_trial),
    };
    return cmocka_run_group_tests_name("virt-hosts", tests, NULL, NULL);
}
