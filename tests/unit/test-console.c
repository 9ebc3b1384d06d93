/* The console without a terminal: events in, cells and requests out, on a fake deck. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/error.h"
#include "tests/unit/fake-deck.h"
#include "ui/choose.h"
#include "ui/console.h"
#include "ui/page.h"

typedef struct {
    VdDeck *deck;
    VdUiOptions options;
    VdTheme *theme;
    VdKeymap *keymap;
    GMainContext *context;
    VdApp *app;
} Fixture;

static void start(Fixture *f, guint n, int width, int height)
{
    f->deck = fake_deck_new(n);
    f->options = (VdUiOptions){.idle_fd = -1, .clock = 1700000000};
    f->theme = vd_theme_load_file(NULL, NULL);
    f->keymap = vd_keymap_new(NULL, NULL);
    f->context = g_main_context_new();
    f->app = vd_console_new(f->deck, f->context, &f->options, f->theme, f->keymap);
    f->app->canvas = vd_canvas_new(width, height, FALSE);
    f->app->loop = g_main_loop_new(f->context, FALSE);
    vd_console_draw(f->app);
}

static void stop(Fixture *f)
{
    while (fake_deck_unanswered(f->deck))
        fake_deck_answer(f->deck, NULL, NULL);
    g_clear_pointer(&f->app->frame_source, g_source_unref);
    g_clear_pointer(&f->app->count_timer, g_source_unref);
    g_main_loop_unref(f->app->loop);
    vd_console_free(f->app);
    vd_keymap_free(f->keymap);
    vd_theme_free(f->theme);
    vd_deck_free(f->deck);
    g_main_context_unref(f->context);
}

/* Keys by their names, separated by spaces. */
static void press(Fixture *f, const char *keys)
{
    g_auto(GStrv) all = g_strsplit(keys, " ", -1);
    for (guint i = 0; all[i]; i++) {
        guint32 key = vd_key_parse(all[i]);
        assert_int_not_equal(key, VD_KEY_NONE);
        vd_app_key(f->app, key);
        vd_console_draw(f->app);
    }
}

static gboolean shows(Fixture *f, const char *text)
{
    vd_console_draw(f->app);
    for (int y = 0; y < vd_canvas_height(f->app->canvas); y++) {
        g_autofree char *line = vd_canvas_line(f->app->canvas, y);
        if (strstr(line, text))
            return TRUE;
    }
    return FALSE;
}

static void assert_asked(Fixture *f, guint n)
{
    if (fake_deck_requests(f->deck)->len != n)
        fail_msg("%u requests, expected %u", fake_deck_requests(f->deck)->len, n);
}

static const char *asked(Fixture *f, guint i)
{
    return g_ptr_array_index(fake_deck_requests(f->deck), i);
}

static void a_key_acts_on_the_cursor(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 80, 24);
    press(&f, "j s"); /* alpha-0 runs */
    assert_asked(&f, 0);
    assert_true(shows(&f, "Start does not suit alpha-0: it is running."));
    press(&f, "D");
    assert_true(shows(&f, "Delete does not suit alpha-0: it is running; shut it down or power it"));
    press(&f, "2 j P"); /* alpha-2 is off */
    assert_true(shows(&f, "Power off does not suit alpha-2: it is off; start it first."));
    press(&f, "s");
    assert_asked(&f, 1);
    assert_true(g_str_has_prefix(asked(&f, 0), "vm.start alpha/"));
    assert_int_equal(f.app->expected, 1);
    stop(&f);
}

static void marks_get_one_request_each(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 80, 24);
    press(&f, "j * s"); /* all: three of each host are off, the others are left alone */
    assert_asked(&f, 6);
    assert_int_equal(vd_tree_marks(vd_console_tree(f.app)), 0);
    stop(&f);
}

static void danger_asks_and_no_is_the_default(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 80, 24);
    press(&f, "j P");
    assert_true(shows(&f, "Power off alpha-0?"));
    press(&f, "Enter");
    assert_asked(&f, 0);
    press(&f, "P Esc");
    assert_asked(&f, 0);
    assert_null(vd_console_top(f.app));
    press(&f, "P Tab Enter");
    assert_asked(&f, 1);
    press(&f, "P y");
    assert_asked(&f, 2);
    stop(&f);
}

static void many_want_their_number(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 12, 80, 24);
    press(&f, "* P"); /* eight of each twelve are not off */
    assert_true(shows(&f, "To go on, type how many: 16"));
    press(&f, "y Enter");
    assert_asked(&f, 0);
    press(&f, "P 1 5 Enter");
    assert_asked(&f, 0);
    press(&f, "P 1 6 Enter");
    assert_asked(&f, 16);
    stop(&f);
}

static void one_key_serves_hosts_and_machines(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 80, 24);
    press(&f, "r");
    assert_asked(&f, 1);
    assert_string_equal(asked(&f, 0), "host.retry alpha/");
    press(&f, "F3");
    assert_string_equal(asked(&f, 1), "host.show alpha/");
    press(&f, "4 j"); /* alpha-3 runs: nothing to resume */
    press(&f, "r j r");
    assert_asked(&f, 3);
    assert_true(g_str_has_prefix(asked(&f, 2), "vm.resume alpha/"));
    stop(&f);
}

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

static void escape_peels_one_layer(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 80, 24);
    VdTree *tree = vd_console_tree(f.app);
    press(&f, "/ a l p h a Enter Space + ]");
    assert_int_equal(f.app->view, VD_VIEW_JOBS);
    assert_int_equal(vd_tree_marks(tree), 1);
    press(&f, "Esc");
    assert_int_equal(vd_tree_marks(tree), 0);
    assert_true(*vd_tree_filter(tree));
    press(&f, "Esc");
    assert_false(*vd_tree_filter(tree));
    assert_true(f.app->zoomed);
    press(&f, "Esc");
    assert_false(f.app->zoomed);
    press(&f, "Esc");
    assert_int_equal(f.app->view, VD_VIEW_MACHINES);
    press(&f, "Esc 9"); /* nothing to peel: the digit is a function key */
    assert_true(shows(&f, "Menu"));
    stop(&f);
}

static void digits_count_or_name_a_view(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 30, 80, 24);
    press(&f, "1 2 j");
    assert_int_equal(vd_tree_cursor(vd_console_tree(f.app)), 12);
    press(&f, "3 k");
    assert_int_equal(vd_tree_cursor(vd_console_tree(f.app)), 9);
    press(&f, "2");
    vd_console_count_ended(f.app);
    assert_int_equal(f.app->view, VD_VIEW_JOBS);
    stop(&f);
}

static void what_is_pasted_never_commands(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 80, 24);
    press(&f, "3 j");
    VdEvent paste = {.kind = VD_EVENT_KEY, .key = 's', .pasted = TRUE};
    vd_console_event(f.app, &paste);
    assert_asked(&f, 0);
    press(&f, "j P");
    paste.key = 'y';
    vd_console_event(f.app, &paste);
    assert_asked(&f, 0);
    press(&f, "Esc /");
    vd_console_event(f.app, &paste);
    assert_string_equal(vd_tree_filter(vd_console_tree(f.app)), "y");
    stop(&f);
}

static void the_palette_finds_and_runs(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 80, 24);
    press(&f, "3 j : p o w Tab");
    assert_true(shows(&f, ":poweroff"));
    press(&f, "Esc k : s h o w Enter");
    assert_asked(&f, 1);
    assert_true(g_str_has_prefix(asked(&f, 0), "vm.show alpha/"));
    assert_true(vd_fuzzy_score("po", "Power off") > vd_fuzzy_score("po", "Storage pools"));
    assert_int_equal(vd_fuzzy_score("xyz", "Power off"), 0);
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

static VdDoc *volumes_doc(void)
{
    static const VdColumn columns[] = {{"path", "Path", VD_COL_TEXT},
                                       {"size", "Size", VD_COL_SIZE},
                                       {"remove", "Removed with it", VD_COL_BOOL},
                                       {"reason", "Kept because", VD_COL_TEXT}};
    VdDoc *doc = vd_doc_new();
    VdSection *section = vd_doc_section(doc, VD_SECTION_TABLE, "volumes", "Volumes", columns, 4);
    char **gone = vd_section_row(section);
    vd_row_text(gone, 0, "/pool/alpha-2.qcow2");
    vd_row_size(gone, 1, 1073741824);
    vd_row_bool(gone, 2, TRUE);
    char **kept = vd_section_row(section);
    vd_row_text(kept, 0, "/pool/install.iso");
    vd_row_bool(kept, 2, FALSE);
    vd_row_text(kept, 3, "It is a medium.");
    return doc;
}

static void deleting_names_the_volumes(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 80, 24);
    press(&f, "3 j D Space F2");
    assert_asked(&f, 1);
    assert_true(g_str_has_prefix(asked(&f, 0), "vm.volumes alpha/"));
    assert_false(shows(&f, "Delete alpha-2?")); /* not before it is known what goes with it */
    g_autoptr(VdDoc) doc = volumes_doc();
    fake_deck_answer(f.deck, doc, NULL);
    assert_true(shows(&f, "Delete alpha-2?"));
    assert_true(shows(&f, "/pool/alpha-2.qcow2  1 GiB"));
    assert_true(shows(&f, "/pool/install.iso: It is a medium."));
    press(&f, "Enter");
    assert_asked(&f, 1);
    press(&f, "D Space F2");
    fake_deck_answer(f.deck, doc, NULL);
    press(&f, "y");
    assert_asked(&f, 3);
    assert_non_null(strstr(asked(&f, 2), "\"volumes\""));
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
    VdFleet *fleet = vd_fleet_new();
    const VdFleet *now = vd_deck_fleet(f.deck);
    for (guint i = 0; i < now->hosts->len; i++)
        g_ptr_array_add(fleet->hosts, vd_host_copy(g_ptr_array_index(now->hosts, i)));
    ((VdHost *)g_ptr_array_index(fleet->hosts, 0))->interval_ms = 4200;
    fake_deck_publish(f.deck, fleet);
    vd_console_changed(f.app, VD_CHANGED_FLEET);
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
    VdFleet *fleet = vd_fleet_new();
    const VdFleet *now = vd_deck_fleet(f.deck);
    for (guint i = 0; i < now->hosts->len; i++)
        g_ptr_array_add(fleet->hosts, vd_host_copy(g_ptr_array_index(now->hosts, i)));
    VdHost *host = g_ptr_array_index(fleet->hosts, 0);
    host->state = VD_HOST_DOWN;
    host->error = g_ref_string_new("refused");
    fake_deck_publish(f.deck, fleet);
    vd_console_changed(f.app, VD_CHANGED_FLEET);
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
    VdFleet *fleet = vd_fleet_new();
    const VdFleet *now = vd_deck_fleet(f.deck);
    for (guint i = 0; i < now->hosts->len; i++)
        g_ptr_array_add(fleet->hosts, vd_host_copy(g_ptr_array_index(now->hosts, i)));
    VdFigures *figures = &((VdHost *)g_ptr_array_index(fleet->hosts, 0))->now;
    figures->disk_read = figures->net_tx = 12;
    figures->disk_write = 3000;
    fake_deck_publish(f.deck, fleet);
    vd_console_changed(f.app, VD_CHANGED_FLEET);
    assert_true(shows(&f, "peak 99"));
    assert_true(shows(&f, "peak 2.9K"));
    vd_canvas_resize(f.app->canvas, 80, 24);
    assert_false(shows(&f, "peak")); /* the graphs have one row, beside the figure */
    stop(&f);
}

static void keys_can_be_bound_anew(void **state)
{
    (void)state;
    g_autoptr(GHashTable) keys = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) places = g_hash_table_new(g_str_hash, g_str_equal);
    VdConf conf = {.keys = keys, .places = places};
    char *start_keys[] = {(char *)"F7", (char *)"Ctrl-S", NULL};
    char *none[] = {(char *)"x", NULL};
    char *wrong[] = {(char *)"Hyper-Q", NULL}, *nothing[] = {NULL};
    g_hash_table_insert(keys, (char *)"vm.start", start_keys);
    g_hash_table_insert(keys, (char *)"zoom-in", nothing);
    g_hash_table_insert(keys, (char *)"vm.strat", none);
    g_hash_table_insert(places, (char *)"keys.vm.start", (char *)"/etc/a.conf:3");
    g_hash_table_insert(places, (char *)"keys.vm.strat", (char *)"/etc/a.conf:4");
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(VdKeymap) keymap = vd_keymap_new(&conf, problems);
    assert_int_equal(problems->len, 2);
    assert_true(g_str_has_prefix(g_ptr_array_index(problems, 0), "/etc/a.conf:3: keys: vm.start"));
    assert_non_null(strstr(g_ptr_array_index(problems, 0), "Ctrl-S"));
    assert_true(g_str_has_prefix(g_ptr_array_index(problems, 1), "/etc/a.conf:4: keys"));
    assert_non_null(
        strstr(g_ptr_array_index(problems, 1), "“vm.strat”; expected one such as vm.st"));
    assert_string_equal(vd_keymap_lookup(keymap, VD_KEY_F(7), 0)->id, "vm.start");
    assert_null(vd_keymap_lookup(keymap, 's', 0));
    assert_null(vd_keymap_lookup(keymap, '+', 0));
    g_autofree char *text = vd_keymap_keys(keymap, vd_keymap_find(keymap, "start"), 0);
    assert_string_equal(text, "F7");
    /* A mistake leaves the key that was there: one must be able to quit. */
    g_hash_table_insert(keys, (char *)"quit", wrong);
    g_autoptr(VdKeymap) after = vd_keymap_new(&conf, problems);
    assert_non_null(strstr(g_ptr_array_index(problems, problems->len - 1), "vm.strat"));
    assert_string_equal(vd_keymap_lookup(after, VD_KEY_F(10), 0)->id, "quit");
}

/* What a person binds counts, whoever had the key; two that they bound to one key are told. */
static void a_key_is_bound_once(void **state)
{
    (void)state;
    g_autoptr(GHashTable) keys = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) places = g_hash_table_new(g_str_hash, g_str_equal);
    VdConf conf = {.keys = keys, .places = places};
    char *s[] = {(char *)"s", NULL}, *x[] = {(char *)"x", NULL};
    g_hash_table_insert(keys, (char *)"vm.resume", s);
    g_hash_table_insert(places, (char *)"keys.vm.rename", (char *)"/etc/a.conf:5");
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(VdKeymap) keymap = vd_keymap_new(&conf, problems);
    assert_int_equal(problems->len, 0);
    assert_string_equal(vd_keymap_lookup(keymap, 's', 0)->id, "vm.resume");
    assert_null(vd_keymap_lookup(keymap, 's', 1));
    g_hash_table_insert(keys, (char *)"vm.rename", s);
    g_autoptr(VdKeymap) both = vd_keymap_new(&conf, problems);
    assert_int_equal(problems->len, 1);
    assert_string_equal(g_ptr_array_index(problems, 0),
                        "/etc/a.conf:5: keys: vm.rename: “s” is bound to vm.resume already; "
                        "expected another key");
    /* An action's own key is taken from a verb that has it by default. */
    g_hash_table_insert(keys, (char *)"vm.rename", x);
    g_hash_table_insert(keys, (char *)"quit", s);
    g_hash_table_remove(keys, "vm.resume");
    g_autoptr(VdKeymap) taken = vd_keymap_new(&conf, problems);
    assert_int_equal(problems->len, 1);
    assert_string_equal(vd_keymap_lookup(taken, 's', 0)->id, "quit");
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

/* However low the window, a question names what it is about. */
static void questions_name_their_machine(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 20, 5);
    press(&f, "j j P");
    assert_true(shows(&f, "Power off alpha-1?"));
    assert_true(shows(&f, "[ No ] [ Yes ]"));
    press(&f, "Esc");
    vd_canvas_resize(f.app->canvas, 40, 8);
    press(&f, "* P");
    assert_true(shows(&f, "alpha-0"));
    assert_true(shows(&f, "To go on, type how many: 12"));
    assert_true(shows(&f, "[ No ] [ Yes ]"));
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

/* The bar of keys tells what they do where they go, and they do that. */
static void function_keys_are_of_their_pane(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 12, 100, 24);
    VdJob *job = vd_job_new("r-000000");
    job->title = g_strdup("deploy x");
    job->state = VD_JOB_RUNNING;
    fake_deck_add_job(f.deck, job);
    vd_console_changed(f.app, VD_CHANGED_JOBS);
    assert_true(shows(&f, "F3Host details"));
    assert_true(shows(&f, "F6Sort"));
    press(&f, "j");
    assert_true(shows(&f, "F3Details"));
    press(&f, "Tab"); /* the live panel is of what the cursor is on */
    assert_true(shows(&f, "F3Details"));
    press(&f, "Tab");
    assert_true(shows(&f, "F3Job details"));
    assert_true(shows(&f, "F8Cancel a job"));
    press(&f, "F3");
    assert_asked(&f, 1);
    assert_true(g_str_has_prefix(g_ptr_array_index(fake_deck_requests(f.deck), 0), "job.show "));
    fake_deck_answer(f.deck, NULL, NULL);
    fake_deck_forget(f.deck);
    job->state = VD_JOB_DONE;
    vd_console_changed(f.app, VD_CHANGED_JOBS);
    assert_false(shows(&f, "F8Cancel a job"));
    press(&f, "F8");
    assert_true(shows(&f, "Cancel a job does not suit deploy x: it is done."));
    assert_asked(&f, 0);
    /* A page of a host is of the one under the tree's cursor, whatever pane has the keys. */
    press(&f, "Tab G Tab Tab 4");
    vd_console_count_ended(f.app);
    assert_asked(&f, 1);
    assert_string_equal(g_ptr_array_index(fake_deck_requests(f.deck), 0), "host.pools beta/");
    press(&f, "2");
    vd_console_count_ended(f.app);
    assert_false(shows(&f, "F6Sort"));
    assert_true(shows(&f, "F3Job details"));
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
        cmocka_unit_test(a_key_acts_on_the_cursor),
        cmocka_unit_test(marks_get_one_request_each),
        cmocka_unit_test(danger_asks_and_no_is_the_default),
        cmocka_unit_test(many_want_their_number),
        cmocka_unit_test(one_key_serves_hosts_and_machines),
        cmocka_unit_test(the_filter_works_as_it_is_typed),
        cmocka_unit_test(a_filter_that_makes_no_sense_is_told),
        cmocka_unit_test(escape_peels_one_layer),
        cmocka_unit_test(digits_count_or_name_a_view),
        cmocka_unit_test(what_is_pasted_never_commands),
        cmocka_unit_test(the_palette_finds_and_runs),
        cmocka_unit_test(an_answer_opens_a_page_and_an_error_is_said),
        cmocka_unit_test(deleting_names_the_volumes),
        cmocka_unit_test(pages_break_and_are_searched),
        cmocka_unit_test(sentences_stand_below_their_row),
        cmocka_unit_test(only_what_is_shown_is_wanted),
        cmocka_unit_test(rare_figures_are_told),
        cmocka_unit_test(a_host_that_is_down_says_why),
        cmocka_unit_test(graphs_tell_their_peak),
        cmocka_unit_test(keys_can_be_bound_anew),
        cmocka_unit_test(a_key_is_bound_once),
        cmocka_unit_test(help_is_read_in_narrow_windows),
        cmocka_unit_test(questions_name_their_machine),
        cmocka_unit_test(good_news_hide_no_bad),
        cmocka_unit_test(function_keys_are_of_their_pane),
        cmocka_unit_test(long_messages_are_whole),
        cmocka_unit_test(every_size_is_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
