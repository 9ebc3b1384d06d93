/* Two names for one host: whose machines are shown, as hosts come, go and turn out to be the same.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/deck/private.h"

typedef struct {
    VdDeck deck;
} Case;

static void begin(Case *c, const char *const *names)
{
    *c = (Case){0};
    c->deck.names = g_ptr_array_new();
    for (; *names; names++)
        g_ptr_array_add(c->deck.names, (gpointer)*names);
    c->deck.fleet = vd_fleet_new();
    c->deck.faces =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)vd_host_unref);
}

static void finish(Case *c)
{
    vd_fleet_unref(c->deck.fleet);
    g_hash_table_unref(c->deck.faces);
    g_ptr_array_unref(c->deck.names);
}

/* A host with one machine is published, as the engine does, and shown. */
static void publish(Case *c, const char *id, VdHostState state, const char *identity)
{
    VdHost *face = vd_host_new(id, "qemu+tcp://x/system");
    face->state = state;
    face->listed = TRUE;
    face->identity = identity ? g_ref_string_new(identity) : NULL;
    vd_roster_add(face->vms, vd_vm_new("11111111-1111-4111-8111-111111111111", "web"));
    VdHost *now = vd_deck_show_host(&c->deck, c->deck.fleet, face);
    VdHost *before = vd_fleet_host(c->deck.fleet, id);
    if (before)
        g_ptr_array_remove(c->deck.fleet->hosts, before);
    g_ptr_array_add(c->deck.fleet->hosts, now);
    vd_host_unref(face);
}

static void shows(Case *c, const char *id, const char *same_as)
{
    const VdHost *host = vd_fleet_host(c->deck.fleet, id);
    if (same_as)
        assert_string_equal(host->same_as, same_as);
    else
        assert_null(host->same_as);
    assert_int_equal(host->vms->len, same_as ? 0 : 1);
}

static void test_twins(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d", NULL};
    Case c;
    begin(&c, names);
    publish(&c, "b", VD_HOST_UP, NULL);
    publish(&c, "a", VD_HOST_UP, NULL);
    shows(&c, "a", NULL); /* nothing is known of them yet */
    shows(&c, "b", NULL);
    publish(&c, "b", VD_HOST_UP, "one");
    publish(&c, "c", VD_HOST_UP, "another");
    publish(&c, "a", VD_HOST_UP, "one");
    shows(&c, "a", NULL);
    shows(&c, "b", "a");
    shows(&c, "c", NULL);
    publish(&c, "d", VD_HOST_SLOW, "one");
    shows(&c, "d", "a");
    /* The first goes: the next of them stands in, until it is back. */
    publish(&c, "a", VD_HOST_DOWN, "one");
    shows(&c, "a", "b");
    shows(&c, "b", NULL);
    shows(&c, "d", "b");
    publish(&c, "a", VD_HOST_UP, "one");
    shows(&c, "a", NULL);
    shows(&c, "b", "a");
    /* Another machine behind the same name. */
    publish(&c, "a", VD_HOST_UP, "new");
    shows(&c, "a", NULL);
    shows(&c, "b", NULL);
    shows(&c, "d", "b");
    finish(&c);
}

static void test_all_down_and_gone(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", NULL};
    Case c;
    begin(&c, names);
    publish(&c, "a", VD_HOST_DOWN, "one");
    publish(&c, "b", VD_HOST_DOWN, "one");
    shows(&c, "a", NULL);
    shows(&c, "b", "a");
    g_ptr_array_remove(c.deck.fleet->hosts, vd_fleet_host(c.deck.fleet, "a"));
    vd_deck_forget_face(&c.deck, c.deck.fleet, "a");
    shows(&c, "b", NULL);
    finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_all_down_and_gone),
    };
    return cmocka_run_group_tests_name("twins", tests, NULL, NULL);
}
