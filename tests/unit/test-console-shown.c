/* What the console shows: the filter, pages, figures, messages; events in, cells out, on a fake
 * deck and without a terminal. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/error.h"
#include "tests/unit/console-rig.h"
#include "tests/unit/fake-deck.h"
#include "ui/console.h"
#include "ui/page.h"

static void the_filter_works_as_it_is_typed(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 80, 24);
    press(&f, "/ a - 1");
    assert_true(shows(&f, "alpha-1"));
    assert_false(shows(&f, "alpha-2"));
    press(&f, "q"); /* typed, not done */
    assert_true(shows(&f, "Nothing fits the filter"));
    press(&f, "Backspace Enter");
    assert_string_equal(vd_tree_filter(vd_console_tree(f.app)), "a-1");
    press(&f, "Esc");
    assert_string_equal(vd_tree_filter(vd_console_tree(f.app)), "");
    stop(&f);
}

/* What cannot be understood is told beside it, and hides no machine. */
static void a_filter_that_makes_no_sense_is_told(void **state)
{
    static const struct {
        const char *keys, *told;
    } cases[] = {{"/ c p u > x x", "cpu needs a number of per cent: cpu>50"},
                 {"/ d i s k < m", "disk needs bytes a second"},
                 {"/ c p u : 5", "cpu takes > or <"},
                 {"/ s t a t e > o", "state takes a colon"},
                 {"/ s a t e : o", "no field is called sate"}};
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Fixture f;
        start(&f, 9, 80, 24);
        press(&f, cases[i].keys);
        assert_true(shows(&f, cases[i].told));
        press(&f, "Enter");
        assert_true(shows(&f, cases[i].told));
        stop(&f);
    }
    Fixture f;
    start(&f, 9, 80, 24);
    press(&f, "/ c p u >"); /* not typed yet */
    assert_true(shows(&f, "Enter keeps it"));
    press(&f, "x");
    assert_true(shows(&f, "alpha-1"));
    press(&f, "Backspace 9 9 %");
    assert_true(shows(&f, "Enter keeps it"));
    stop(&f);
}

static void an_answer_opens_a_page_and_an_error_is_said(void **state)
{
    static const VdColumn columns[] = {{"name", "Name", VD_COL_TEXT}, {"mem", "Mem", VD_COL_SIZE}};
    Fixture f;
    (void)state;
    start(&f, 9, 80, 24);
    press(&f, "j F3");
    g_autoptr(VdDoc) doc = vd_doc_new();
    VdSection *section = vd_doc_section(doc, VD_SECTION_FIELDS, "vm", "Machine", columns, 2);
    char **row = vd_section_row(section);
    vd_row_text(row, 0, "alpha-0");
    vd_row_size(row, 1, 2147483648u);
    fake_deck_answer(f.deck, doc, NULL);
    assert_true(shows(&f, "Mem   2 GiB"));
    press(&f, "Esc F3");
    g_autoptr(GError) error =
        g_error_new_literal(VD_ERROR, VD_ERR_UNREACHABLE, "The host does not answer.");
    fake_deck_answer(f.deck, NULL, error);
    assert_true(shows(&f, "The host does not answer."));
    assert_int_equal(f.app->expected, 0);
    stop(&f);
}

static void pages_break_and_are_searched(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 3, 40, 10);
    vd_app_push(f.app, vd_page_new_text("Page",
                                        "name   a sentence that is too long for one line\n"
                                        "one\ntwo\nthree\nfour\nfive\nsix\nseven\n",
                                        TRUE));
    assert_true(shows(&f, "name   a sentence that is too long"));
    assert_true(shows(&f, "       for one line")); /* below its column */
    assert_false(shows(&f, "seven"));
    press(&f, "/ s e v");
    assert_true(shows(&f, "seven"));
    press(&f, "Enter g");
    assert_false(shows(&f, "seven"));
    press(&f, "n");
    assert_true(shows(&f, "seven"));
    press(&f, "Esc");
    assert_null(vd_console_top(f.app));
    stop(&f);
}

/* A last column that begins far at the right goes to a line of its own, whole, rather than on at
 * the left border, in the middle of a path. */
static void a_far_column_has_its_own_line(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 3, 40, 10);
    vd_app_push(f.app, vd_page_new_text("Page",
                                        "Pool     State   Capacity   Free  Path\n"
                                        "default  active    30 GiB  9 GiB  /var/lib/libvirt\n",
                                        TRUE));
    assert_true(shows(&f, "default  active    30 GiB  9 GiB "));
    assert_true(shows(&f, "│     /var/lib/libvirt "));
    stop(&f);
}

/* A copy of what is there now, to be changed and published. */
static VdFleet *fleet_copy(Fixture *f)
{
    VdFleet *fleet = vd_fleet_new();
    const VdFleet *now = vd_deck_fleet(f->deck);
    for (guint i = 0; i < now->hosts->len; i++)
        g_ptr_array_add(fleet->hosts, vd_host_copy(g_ptr_array_index(now->hosts, i)));
    return fleet;
}

static void publish(Fixture *f, VdFleet *fleet)
{
    fake_deck_publish(f->deck, fleet);
    vd_console_changed(f->app, VD_CHANGED_FLEET);
}

/* A list of commands is as wide as its longest description, where the screen is. */
static void descriptions_are_whole_where_there_is_room(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 160, 45);
    press(&f, "F9");
    assert_true(shows(&f, "Show only what fits: words, !word, state:off, host:kvm2, cpu>50. "));
    press(&f, "Esc : f i l t e r");
    assert_true(shows(&f, "Show only what fits: words, !word, state:off, host:kvm2, cpu>50. "));
    stop(&f);
}

/* A host that was let go of: said once, with the age of its rows and the key; nobody counts its
 * machines as up, and nothing is asked of them. */
static void a_host_that_was_let_go_is_told(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 120, 30);
    assert_true(shows(&f, "2 hosts · 18 VMs 12 up"));
    VdFleet *fleet = fleet_copy(&f);
    VdHost *alpha = vd_fleet_host(fleet, "alpha");
    alpha->state = VD_HOST_OFF;
    alpha->seen = g_get_monotonic_time();
    publish(&f, fleet);
    assert_true(shows(&f, "2 hosts 1 disconnected · 18 VMs 6 up"));
    assert_true(shows(&f, "disconnected seen "));
    assert_true(shows(&f, " ago · r connects it"));
    press(&f, "j P");
    assert_true(shows(&f, "disconnected · running · "));
    assert_true(shows(&f, "alpha is disconnected; r on its row connects it."));
    assert_null(vd_console_top(f.app));
    assert_int_equal(fake_deck_requests(f.deck)->len, 0);
    stop(&f);
}

/* The same of one that does not answer, also while it is tried again: how many run is not known. */
static void a_host_that_is_down_has_nothing_up(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 120, 30);
    VdFleet *fleet = fleet_copy(&f);
    VdHost *alpha = vd_fleet_host(fleet, "alpha");
    alpha->state = VD_HOST_DOWN;
    alpha->seen = g_get_monotonic_time();
    publish(&f, fleet);
    assert_true(shows(&f, "2 hosts 1 down · 18 VMs 6 up"));
    press(&f, "j");
    assert_true(shows(&f, "down · running · "));
    fleet = fleet_copy(&f);
    vd_fleet_host(fleet, "alpha")->state = VD_HOST_CONNECTING;
    publish(&f, fleet);
    assert_true(shows(&f, "2 hosts · 18 VMs 6 up"));
    assert_true(shows(&f, "connecting seen ")); /* its rows are no younger for it */
    assert_false(shows(&f, "retries now"));
    fleet = fleet_copy(&f);
    vd_fleet_host(fleet, "alpha")->state = VD_HOST_SLOW;
    publish(&f, fleet);
    assert_true(shows(&f, "2 hosts · 18 VMs 12 up"));
    stop(&f);
}

/* What a title has no room for ends in a sign of it, before what a graph covers. */
static void a_long_title_is_seen_to_be_cut(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 160, 45);
    f.options.clock = 0; /* what the graphs cover is told */
    VdFleet *fleet = fleet_copy(&f);
    VdHost *host = g_ptr_array_index(fleet->hosts, 0);
    g_clear_pointer(&host->uri, g_ref_string_release);
    host->uri = g_ref_string_new("qemu+ssh://root@a-host-with-a-long-name.example.org:2222/system");
    publish(&f, fleet);
    assert_true(shows(&f, "… ── last "));
    stop(&f);
}

/* A host without figures has room for its state, however long the word for it is. */
static void a_hosts_state_is_a_whole_word(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 80, 24);
    VdFleet *fleet = fleet_copy(&f);
    VdHost *host = g_ptr_array_index(fleet->hosts, 0);
    host->state = VD_HOST_CONNECTING;
    host->error = g_ref_string_new("refused");
    publish(&f, fleet);
    assert_true(shows(&f, "connecting refused"));
    stop(&f);
}

/* A job that ended has one row, whose title has the room that the rest of it leaves. */
static void a_jobs_title_has_the_room_there_is(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 12, 160, 45);
    VdJob *job = vd_job_new("r-000000");
    job->title = g_strdup("deploy web-frontend-berlin-01");
    job->state = VD_JOB_DONE;
    fake_deck_add_job(f.deck, job);
    vd_console_changed(f.app, VD_CHANGED_JOBS);
    assert_true(shows(&f, "deploy web-frontend-berlin-01 done"));
    job->state = VD_JOB_FAILED; /* a long reason has at least half of it */
    job->error = g_strdup("there is no room on the pool default for it");
    vd_console_changed(f.app, VD_CHANGED_JOBS);
    assert_true(shows(&f, "deploy web-frontend-b"));
    assert_true(shows(&f, "failed: there is no"));
    stop(&f);
}

static void sentences_stand_below_their_row(void **state)
{
    static const VdColumn columns[] = {{"check", "Check", VD_COL_TEXT},
                                       {"todo", "What to do", VD_COL_TEXT}};
    (void)state;
    g_autoptr(VdDoc) doc = vd_doc_new();
    VdSection *section = vd_doc_section(doc, VD_SECTION_TABLE, "checks", "Checks", columns, 2);
    vd_row_text(vd_section_row(section), 0, "journal");
    char **row = vd_section_row(section);
    vd_row_text(row, 0, "kvm");
    vd_row_text(row, 1, "Load the module kvm_intel, or go on with emulation, which is slow.");
    g_autofree char *text = vd_page_doc_text(doc);
    assert_string_equal(text, "Check\njournal\nkvm\n"
                              "  Load the module kvm_intel, or go on with emulation, which is "
                              "slow.\n");
}

static void only_what_is_shown_is_wanted(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 5000, 80, 24);
    assert_in_range(fake_deck_wanted(f.deck), 5, 20);
    assert_int_equal(fake_deck_wanted_of_all(f.deck), 0);
    /* But what all rows are ordered or chosen by is wanted of all. */
    press(&f, "> >");
    assert_int_equal(fake_deck_wanted_of_all(f.deck), VD_GROUP_CPU);
    press(&f, "/ m e m > 5");
    assert_int_equal(fake_deck_wanted_of_all(f.deck), VD_GROUP_CPU | VD_GROUP_MEM);
    press(&f, "Esc < <");
    assert_int_equal(fake_deck_wanted_of_all(f.deck), 0);
    stop(&f);
}

static void rare_figures_are_told(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 12, 100, 24);
    assert_false(shows(&f, "figures every"));
    VdFleet *fleet = fleet_copy(&f);
    ((VdHost *)g_ptr_array_index(fleet->hosts, 0))->interval_ms = 4200;
    publish(&f, fleet);
    press(&f, "j");
    assert_true(shows(&f, "figures every 4s"));
    stop(&f);
}

/* In a narrow window the reason stands, and when it is tried again is left out. */
static void a_host_that_is_down_says_why(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 12, 40, 10);
    VdFleet *fleet = fleet_copy(&f);
    VdHost *host = g_ptr_array_index(fleet->hosts, 0);
    host->state = VD_HOST_DOWN;
    host->error = g_ref_string_new("refused");
    publish(&f, fleet);
    assert_true(shows(&f, "refused"));
    vd_canvas_resize(f.app->canvas, 80, 24);
    assert_true(shows(&f, "refused · r retries now"));
    stop(&f);
}

/* What a high graph's full height stands for: of the ten minutes before, or of now if that is more,
 * since a bucket is an average. */
static void graphs_tell_their_peak(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 12, 160, 45);
    VdFleet *fleet = fleet_copy(&f);
    VdFigures *figures = &((VdHost *)g_ptr_array_index(fleet->hosts, 0))->now;
    figures->disk_read = figures->net_tx = 12;
    figures->disk_write = 3000;
    publish(&f, fleet);
    assert_true(shows(&f, "peak 99"));
    assert_true(shows(&f, "peak 2.9K"));
    vd_canvas_resize(f.app->canvas, 80, 24);
    assert_false(shows(&f, "peak")); /* the graphs have one row, beside the figure */
    stop(&f);
}

static void help_is_read_in_narrow_windows(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 40, 12);
    press(&f, "?");
    assert_true(shows(&f, "  k, Up  Up"));
    assert_true(shows(&f, "    One row up."));
    stop(&f);
}

/* Of many machines one may fail: what went well with the others does not hide it. */
static void good_news_hide_no_bad(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 12, 80, 24);
    fake_deck_tell(f.deck, FALSE, "Start a: done");
    fake_deck_tell(f.deck, TRUE, "Start b: no memory");
    fake_deck_tell(f.deck, FALSE, "Start c: done");
    vd_console_changed(f.app, VD_CHANGED_NOTICE);
    assert_true(shows(&f, "no memory"));
    fake_deck_tell(f.deck, FALSE, "Start d: done");
    vd_console_changed(f.app, VD_CHANGED_NOTICE);
    assert_true(shows(&f, "no memory"));
    fake_deck_tell(f.deck, TRUE, "Start e: no disk");
    vd_console_changed(f.app, VD_CHANGED_NOTICE);
    assert_true(shows(&f, "no disk"));
    press(&f, "j"); /* it was read */
    fake_deck_tell(f.deck, FALSE, "Start f: done");
    vd_console_changed(f.app, VD_CHANGED_NOTICE);
    assert_true(shows(&f, "Start f: done"));
    stop(&f);
}

/* A message that is longer than the line has as many as it needs, at half the screen at most. */
static void long_messages_are_whole(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 12, 40, 10);
    vd_app_say(f.app, TRUE,
               "The journal /var/lib/vmdeck/journal.db is damaged: it was set aside as "
               "journal.db.damaged, and a new one is begun here.");
    assert_true(shows(&f, "The journal /var/lib/vmdeck/journal.db"));
    assert_true(shows(&f, "journal.db.damaged, and a new one is"));
    assert_true(shows(&f, "begun here."));
    vd_canvas_resize(f.app->canvas, 20, 6);
    assert_true(shows(&f, "The journal"));
    assert_false(shows(&f, "begun here."));
    assert_true(shows(&f, "…"));
    press(&f, "Esc");
    assert_false(shows(&f, "The journal"));
    stop(&f);
}

/* Every view and dialog at every small size: nothing to compare, the sanitizers look on. */
static void every_size_is_drawn(void **state)
{
    static const char *const scenes[] = {"j", "]",   "] ]",     "[",   "?", "F9",
                                         ":", "* P", "j 2 j n", "/ a", "+", "Tab +"};
    (void)state;
    for (guint s = 0; s < G_N_ELEMENTS(scenes); s++) {
        Fixture f;
        start(&f, 12, 100, 30);
        VdJob *job = vd_job_new("r-000000");
        job->title = g_strdup("deploy x");
        job->state = VD_JOB_RUNNING;
        vd_job_add_step(job, "disk", "disk", 1)->state = VD_STEP_RUNNING;
        fake_deck_add_job(f.deck, job);
        press(&f, scenes[s]);
        for (int w = 1; w < 60; w += 3)
            for (int h = 1; h < 30; h += 2) {
                vd_canvas_resize(f.app->canvas, w, h);
                vd_console_draw(f.app);
            }
        vd_canvas_resize(f.app->canvas, 160, 45);
        vd_console_draw(f.app);
        stop(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_filter_works_as_it_is_typed),
        cmocka_unit_test(a_filter_that_makes_no_sense_is_told),
        cmocka_unit_test(an_answer_opens_a_page_and_an_error_is_said),
        cmocka_unit_test(pages_break_and_are_searched),
        cmocka_unit_test(a_far_column_has_its_own_line),
        cmocka_unit_test(a_host_that_was_let_go_is_told),
        cmocka_unit_test(a_host_that_is_down_has_nothing_up),
        cmocka_unit_test(descriptions_are_whole_where_there_is_room),
        cmocka_unit_test(a_long_title_is_seen_to_be_cut),
        cmocka_unit_test(a_hosts_state_is_a_whole_word),
        cmocka_unit_test(a_jobs_title_has_the_room_there_is),
        cmocka_unit_test(sentences_stand_below_their_row),
        cmocka_unit_test(only_what_is_shown_is_wanted),
        cmocka_unit_test(rare_figures_are_told),
        cmocka_unit_test(a_host_that_is_down_says_why),
        cmocka_unit_test(graphs_tell_their_peak),
        cmocka_unit_test(help_is_read_in_narrow_windows),
        cmocka_unit_test(good_news_hide_no_bad),
        cmocka_unit_test(long_messages_are_whole),
        cmocka_unit_test(every_size_is_drawn),
    };
    return cmocka_run_group_tests_name("console-shown", tests, NULL, NULL);
}
