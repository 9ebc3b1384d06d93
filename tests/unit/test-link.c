/* The line to the terminal, on a simulated one, and the stopwatch's percentiles. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/base/histogram.h"
#include "ui/link.h"

/* ---- a line ---- */

typedef struct {
    VdLink link;
    double rate;    /* bytes a second, 0: no limit */
    gint64 latency; /* there and back */
    gboolean mute;  /* the terminal answers nothing */
    gint64 now;
    gint64 free_at;   /* when all that was sent has gone */
    gint64 answer_at; /* 0: none is due */
    gint64 last;      /* frame */
    gint64 most_late; /* the longest a frame's last byte took to arrive */
    guint frames;
    guint64 bytes;
} Line;

static void put(Line *line, gsize bytes)
{
    gint64 takes = line->rate > 0 ? (gint64)((double)bytes / line->rate * 1e6) : 0;
    line->free_at = MAX(line->free_at, line->now) + takes;
}

static void ask(Line *line)
{
    put(line, 4);
    if (!line->mute)
        line->answer_at = line->free_at + line->latency;
}

static void frame(Line *line, gsize bytes, gboolean key)
{
    put(line, bytes);
    line->most_late = MAX(line->most_late, line->free_at + line->latency / 2 - line->now);
    line->last = line->now;
    line->frames++;
    line->bytes += bytes;
    if (vd_link_sent(&line->link, bytes, key, line->now))
        ask(line);
}

/* Lets time go by in steps of a millisecond; figures: bytes of a frame for new figures, which is
 * always wanted; keys: one so often, with a frame of key_bytes; 0: none. */
static void run(Line *line, gint64 usec, gsize figures, gint64 keys, gsize key_bytes)
{
    gboolean waiting = FALSE;
    gint64 end = line->now + usec, next_key = line->now + keys;
    for (; line->now < end; line->now += 1000) {
        if (line->answer_at && line->now >= line->answer_at) {
            line->answer_at = 0;
            if (vd_link_answered(&line->link, line->now))
                ask(line);
        }
        if (keys && line->now >= next_key) {
            waiting = TRUE;
            next_key += keys;
        }
        if (waiting && vd_link_wait(&line->link, TRUE, line->last, line->now) <= 0) {
            frame(line, key_bytes, TRUE);
            waiting = FALSE;
        } else if (figures && vd_link_wait(&line->link, FALSE, line->last, line->now) <= 0) {
            frame(line, figures, FALSE);
        }
    }
}

static Line started(double rate, gint64 latency)
{
    Line line = {.rate = rate, .latency = latency, .now = G_USEC_PER_SEC};
    if (vd_link_sent(&line.link, 0, TRUE, line.now))
        ask(&line);
    frame(&line, 5000, TRUE); /* a whole screen */
    return line;
}

/* New figures take a quarter of it, and a key's frame is never far behind. */
static void thin_lines_are_found_and_spared(void **state)
{
    (void)state;
    static const gint64 latencies[] = {1000, 40000, 600000};
    for (guint i = 0; i < G_N_ELEMENTS(latencies); i++) {
        Line line = started(8000, latencies[i]);
        run(&line, 10 * G_USEC_PER_SEC, 1200, 0, 0);
        assert_true(line.link.rate > 8000 / 1.7 && line.link.rate < 8000 * 1.7);
        assert_true(vd_link_thin(&line.link));
        line.bytes = 0;
        run(&line, 60 * G_USEC_PER_SEC, 1200, 0, 0);
        assert_true(line.bytes / 60 < 4000);
        assert_true(line.bytes / 60 > 800); /* and is used */
    }
}

/* Paging through a list by a held key: no more than one screen is ever on its way. */
static void keys_do_not_queue(void **state)
{
    (void)state;
    Line line = started(8000, 20000);
    run(&line, 5 * G_USEC_PER_SEC, 1200, 0, 0);
    line.most_late = 0;
    line.frames = 0;
    run(&line, 30 * G_USEC_PER_SEC, 1200, 33000, 5000);
    assert_true(line.most_late < 1100000); /* a screen of 5000 takes 0.63 s */
    assert_true(line.frames > 30);
}

static void fast_lines_wait_for_nothing(void **state)
{
    (void)state;
    static const gint64 latencies[] = {200, 30000, 300000};
    for (guint i = 0; i < G_N_ELEMENTS(latencies); i++) {
        Line line = started(0, latencies[i]);
        run(&line, 5 * G_USEC_PER_SEC, 1200, 0, 0);
        assert_true(vd_link_interval(&line.link) == 100000);
        line.frames = 0;
        run(&line, 10 * G_USEC_PER_SEC, 0, 33000, 5000);
        assert_true(line.frames > 270); /* every key has its frame */
    }
}

/* The terminal's own program got no processor for a moment. */
static void one_late_answer_makes_no_thin_line(void **state)
{
    (void)state;
    Line line = {.now = G_USEC_PER_SEC, .latency = 1000};
    if (vd_link_sent(&line.link, 0, TRUE, line.now))
        ask(&line);
    run(&line, 100000, 0, 0, 0);
    line.latency = 2 * G_USEC_PER_SEC;
    frame(&line, 5000, FALSE); /* the first that is measured */
    run(&line, 3 * G_USEC_PER_SEC, 0, 0, 0);
    assert_true(vd_link_interval(&line.link) > 100000);
    assert_false(vd_link_thin(&line.link));
    line.latency = 200;
    run(&line, 20 * G_USEC_PER_SEC, 1200, 0, 0);
    assert_true(vd_link_interval(&line.link) == 100000);
    assert_false(vd_link_thin(&line.link));
}

static void who_never_answers_is_not_waited_for(void **state)
{
    (void)state;
    Line line = started(0, 1000);
    line.answer_at = 0;
    line.mute = TRUE;
    run(&line, 60 * G_USEC_PER_SEC, 1200, 0, 0);
    assert_false(line.link.answers);
    line.frames = 0;
    run(&line, 10 * G_USEC_PER_SEC, 0, 33000, 5000);
    assert_true(line.frames > 290);
    /* One that answered, and then does not any more, holds nothing up for long. */
    line = started(8000, 1000);
    run(&line, 5 * G_USEC_PER_SEC, 1200, 0, 0);
    line.mute = TRUE;
    run(&line, 60 * G_USEC_PER_SEC, 1200, 0, 0);
    line.frames = 0;
    run(&line, 20 * G_USEC_PER_SEC, 1200, 0, 0);
    assert_true(line.frames >= 20);
}

/* ---- percentiles ---- */

static void percentiles_are_right_to_an_eighth(void **state)
{
    (void)state;
    VdHistogram histogram = {0};
    assert_int_equal(vd_histogram_at(&histogram, 99), 0);
    for (gint64 i = 1; i <= 100000; i++)
        vd_histogram_add(&histogram, i);
    static const double percents[] = {0.1, 1, 10, 50, 90, 99, 99.9};
    for (guint i = 0; i < G_N_ELEMENTS(percents); i++) {
        double exact = percents[i] * 1000;
        double told = (double)vd_histogram_at(&histogram, percents[i]);
        assert_true(told >= exact - 1 && told <= exact * 1.126);
    }
    assert_int_equal(vd_histogram_at(&histogram, 100), 100000);
    vd_histogram_add(&histogram, -5);
    vd_histogram_add(&histogram, G_MAXINT64 / 4);
    assert_int_equal(histogram.worst, G_MAXINT64 / 4);
    assert_int_equal(histogram.n, 100002);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thin_lines_are_found_and_spared),
        cmocka_unit_test(keys_do_not_queue),
        cmocka_unit_test(fast_lines_wait_for_nothing),
        cmocka_unit_test(one_late_answer_makes_no_thin_line),
        cmocka_unit_test(who_never_answers_is_not_waited_for),
        cmocka_unit_test(percentiles_are_right_to_an_eighth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
