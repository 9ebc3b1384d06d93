/* The engine's timers: in which order they fire, and what a timer's own function may do to others.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/virt/clock.h"

enum { TIMERS = 4 };

typedef struct {
    GMainContext *context;
    VdClock *clock;
    VdTimer *timers[TIMERS];
    GString *fired;
} Case;

typedef struct {
    Case *c;
    char letter;
    void (*more)(Case *c);
} Mark;

static void mark(gpointer data)
{
    const Mark *mark = data;
    g_string_append_c(mark->c->fired, mark->letter);
    if (mark->more)
        mark->more(mark->c);
}

static void begin(Case *c)
{
    *c = (Case){.context = g_main_context_new(), .fired = g_string_new(NULL)};
    c->clock = vd_clock_new(c->context);
}

static void finish(Case *c)
{
    for (guint i = 0; i < TIMERS; i++)
        vd_timer_clear(&c->timers[i]);
    vd_clock_close(c->clock);
    vd_clock_free(c->clock);
    g_string_free(c->fired, TRUE);
    g_main_context_unref(c->context);
}

/* Turns until so many have fired; the test's time limit ends what never does. */
static void turn_until(Case *c, gsize fired)
{
    while (c->fired->len < fired)
        (void)g_main_context_iteration(c->context, TRUE);
}

static void test_by_time(void **state)
{
    (void)state;
    Case c;
    begin(&c);
    Mark marks[] = {{&c, 'a', NULL}, {&c, 'b', NULL}, {&c, 'c', NULL}, {&c, 'd', NULL}};
    vd_timer_set(&c.timers[0], c.clock, 30, mark, &marks[0]);
    vd_timer_set(&c.timers[1], c.clock, 0, mark, &marks[1]);
    vd_timer_set(&c.timers[2], c.clock, 0, mark, &marks[2]);
    vd_timer_set(&c.timers[3], c.clock, 10, mark, &marks[3]);
    gint64 began = g_get_monotonic_time();
    turn_until(&c, 4);
    assert_string_equal("bcda", c.fired->str);
    assert_true(g_get_monotonic_time() - began >= 29 * G_TIME_SPAN_MILLISECOND);
    for (guint i = 0; i < TIMERS; i++)
        assert_null(c.timers[i]);
    assert_false(g_main_context_pending(c.context));
    finish(&c);
}

static void test_replaced_and_cleared(void **state)
{
    (void)state;
    Case c;
    begin(&c);
    Mark marks[] = {{&c, 'a', NULL}, {&c, 'b', NULL}, {&c, 'c', NULL}};
    vd_timer_set(&c.timers[0], c.clock, 0, mark, &marks[0]);
    vd_timer_set(&c.timers[0], c.clock, 5, mark, &marks[1]);
    vd_timer_set(&c.timers[1], c.clock, 0, mark, &marks[0]);
    vd_timer_clear(&c.timers[1]);
    vd_timer_clear(&c.timers[1]);
    vd_timer_set(&c.timers[2], c.clock, 10, mark, &marks[2]);
    turn_until(&c, 2);
    assert_string_equal("bc", c.fired->str);
    finish(&c);
}

static Mark again; /* what set_again() sets */

static void set_again(Case *c)
{
    vd_timer_set(&c->timers[0], c->clock, 0, mark, &again);
}

/* One that always sets itself again leaves each turn its end. */
static void test_again_is_another_turn(void **state)
{
    (void)state;
    Case c;
    begin(&c);
    again = (Mark){&c, 'a', set_again};
    set_again(&c);
    for (gsize turns = 1; turns <= 50; turns++) {
        gsize before = c.fired->len;
        turn_until(&c, before + 1);
        assert_int_equal(before + 1, c.fired->len);
    }
    finish(&c);
}

static void clear_others(Case *c)
{
    vd_timer_clear(&c->timers[1]);
    vd_timer_clear(&c->timers[2]);
}

static void test_cleared_in_the_same_turn(void **state)
{
    (void)state;
    Case c;
    begin(&c);
    Mark first = {&c, 'a', clear_others}, other = {&c, 'b', NULL}, last = {&c, 'c', NULL};
    vd_timer_set(&c.timers[0], c.clock, 0, mark, &first);
    vd_timer_set(&c.timers[1], c.clock, 0, mark, &other);
    vd_timer_set(&c.timers[2], c.clock, 0, mark, &other);
    vd_timer_set(&c.timers[3], c.clock, 1, mark, &last);
    turn_until(&c, 2);
    assert_string_equal("ac", c.fired->str);
    finish(&c);
}

static void close_it(Case *c)
{
    for (guint i = 0; i < TIMERS; i++)
        vd_timer_clear(&c->timers[i]);
    vd_clock_close(c->clock);
    vd_clock_free(c->clock);
    c->clock = vd_clock_new(c->context);
}

/* The client is freed by what one of its timers led to. */
static void test_freed_by_its_own(void **state)
{
    (void)state;
    Case c;
    begin(&c);
    Mark first = {&c, 'a', close_it}, other = {&c, 'b', NULL};
    vd_timer_set(&c.timers[0], c.clock, 0, mark, &first);
    vd_timer_set(&c.timers[1], c.clock, 0, mark, &other);
    turn_until(&c, 1);
    while (g_main_context_iteration(c.context, FALSE))
        ;
    assert_string_equal("a", c.fired->str);
    finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_time),
        cmocka_unit_test(test_replaced_and_cleared),
        cmocka_unit_test(test_again_is_another_turn),
        cmocka_unit_test(test_cleared_in_the_same_turn),
        cmocka_unit_test(test_freed_by_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
