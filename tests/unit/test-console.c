/* What keys do in the console: events in, requests out, on a fake deck and without a terminal. */
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
#include "ui/choose.h"
#include "ui/console.h"

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

/* Who lacks the right is told before a form is filled or a question is answered. */
static void a_missing_right_is_told_at_once(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 80, 24);
    fake_deck_only_looks(f.deck);
    press(&f, "j P");
    assert_null(vd_console_top(f.app));
    assert_true(shows(&f, "Power off: ann may not do this"));
    press(&f, "2 j n"); /* alpha-2 is off */
    assert_null(vd_console_top(f.app));
    assert_true(shows(&f, "Rename: ann may not do this"));
    press(&f, "D");
    assert_null(vd_console_top(f.app));
    assert_true(shows(&f, "Delete: ann may not do this"));
    press(&f, "F3");
    assert_asked(&f, 1);
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
    press(&f, "3 1"); /* who changes his mind */
    vd_console_count_ended(f.app);
    assert_int_equal(f.app->view, VD_VIEW_MACHINES);
    stop(&f);
}

static char *screen(Fixture *f)
{
    GString *text = g_string_new(NULL);
    for (int y = 0; y < vd_canvas_height(f->app->canvas); y++) {
        g_autofree char *line = vd_canvas_line(f->app->canvas, y);
        g_string_append_printf(text, "%s\n", line);
    }
    return g_string_free(text, FALSE);
}

/* Keys that come at once do what they do one by one, whatever opens meanwhile. */
static void a_burst_is_as_one_by_one(void **state)
{
    static const char *const keys[] = {"F9 Down Down Down",
                                       "F9 j j j",
                                       "F9 Down Down Enter",
                                       "F9 PgDn Up",
                                       ": s u s Down Down Up",
                                       ": s t a Down Backspace Down",
                                       "? PgDn",
                                       "? j j PgDn PgUp",
                                       "G Space Up Space",
                                       "] ] Down"};
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        Fixture slow, quick;
        start(&slow, 30, 80, 24);
        start(&quick, 30, 80, 24);
        press(&slow, keys[i]);
        burst(&quick, keys[i]);
        g_autofree char *wanted = screen(&slow), *got = screen(&quick);
        assert_string_equal(wanted, got);
        stop(&slow);
        stop(&quick);
    }
}

/* What was typed before a question was seen is no answer to it. */
static void a_question_is_seen_before_it_is_answered(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 80, 24);
    burst(&f, "j P y Enter Tab Enter");
    assert_true(shows(&f, "Sure?"));
    assert_asked(&f, 0);
    press(&f, "y");
    assert_asked(&f, 1);
    fake_deck_answer(f.deck, NULL, NULL);
    burst(&f, "P Esc");
    assert_false(shows(&f, "Sure?"));
    assert_asked(&f, 1);
    stop(&f);
}

/* What is typed at once behind the name of a view, and knows no count, is done in that view. */
static void a_view_typed_quickly_is_shown_first(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 120, 30);
    press(&f, "2 ?");
    assert_int_equal(f.app->view, VD_VIEW_JOBS);
    assert_non_null(vd_console_top(f.app));
    press(&f, "Esc 1 j 5 g");
    assert_int_equal(f.app->view, VD_VIEW_JOBS); /* 1j and 5g are moves */
    press(&f, "1 s");
    assert_int_equal(f.app->view, VD_VIEW_MACHINES);
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
    press(&f, "Esc : v m . p o w e r Tab"); /* by its id, as in the configuration and the log */
    assert_true(shows(&f, ":poweroff"));
    press(&f, "Esc k : s h o w Enter");
    assert_asked(&f, 1);
    assert_true(g_str_has_prefix(asked(&f, 0), "vm.show alpha/"));
    assert_true(vd_fuzzy_score("po", "Power off") > vd_fuzzy_score("po", "Storage pools"));
    assert_int_equal(vd_fuzzy_score("xyz", "Power off"), 0);
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
    assert_true(shows(&f, "Delete alpha-2?"));
    press(&f, "y");
    assert_asked(&f, 3);
    assert_non_null(strstr(asked(&f, 2), "\"volumes\""));
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

static char *const *words(const char *keys)
{
    static char *kept[8][2]; /* as long as the test: the table does not own them */
    static guint at;
    char **one = kept[at++ % G_N_ELEMENTS(kept)];
    one[0] = (char *)keys;
    return one;
}

static void bind_to(GHashTable *keys, const char *name, const char *key)
{
    g_hash_table_insert(keys, (char *)name, (char **)words(key));
}

/* A key that another command has stays with it, and it is told; unless the other one gets another
 * key. */
static void a_key_is_bound_once(void **state)
{
    (void)state;
    g_autoptr(GHashTable) keys = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) places = g_hash_table_new(g_str_hash, g_str_equal);
    VdConf conf = {.keys = keys, .places = places};
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    bind_to(keys, "vm.resume", "s");
    bind_to(keys, "vm.start", "F7");
    bind_to(keys, "vm.show", "Enter"); /* as by default: shared with what opens a row */
    g_autoptr(VdKeymap) keymap = vd_keymap_new(&conf, problems);
    assert_int_equal(problems->len, 0);
    assert_string_equal(vd_keymap_lookup(keymap, 's', 0)->id, "vm.resume");
    assert_null(vd_keymap_lookup(keymap, 's', 1));
    /* Two that a person bound themselves: the first one counts. */
    bind_to(keys, "vm.rename", "s");
    g_hash_table_insert(places, (char *)"keys.vm.rename", (char *)"/etc/a.conf:5");
    g_autoptr(VdKeymap) both = vd_keymap_new(&conf, problems);
    assert_int_equal(problems->len, 1);
    assert_string_equal(g_ptr_array_index(problems, 0),
                        "/etc/a.conf:5: keys: vm.rename: “s” is “Resume” already; expected another "
                        "key, or another one for vm.resume");
    assert_string_equal(vd_keymap_lookup(both, 's', 0)->id, "vm.resume");
    assert_null(vd_keymap_lookup(both, 's', 1));
}

/* A danger never comes to a key that does something harmless, and Esc never does anything else. */
static void a_key_that_is_taken_stays(void **state)
{
    (void)state;
    g_autoptr(GHashTable) keys = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) places = g_hash_table_new(g_str_hash, g_str_equal);
    VdConf conf = {.keys = keys, .places = places};
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    bind_to(keys, "poweroff", "j"); /* by the command line's word */
    bind_to(keys, "vm.start", "P");
    bind_to(keys, "vm.delete", "Escape");
    g_hash_table_insert(places, (char *)"keys.poweroff", (char *)"/etc/a.conf:2");
    g_hash_table_insert(places, (char *)"keys.vm.start", (char *)"/etc/a.conf:3");
    g_hash_table_insert(places, (char *)"keys.vm.delete", (char *)"/etc/a.conf:4");
    g_autoptr(VdKeymap) keymap = vd_keymap_new(&conf, problems);
    g_autofree char *told = NULL;
    g_ptr_array_add(problems, NULL);
    told = g_strjoinv("\n", (char **)problems->pdata);
    assert_int_equal(problems->len, 4);
    assert_non_null(strstr(told, "/etc/a.conf:2: keys: vm.poweroff: “j” is “Down” already; "));
    assert_non_null(strstr(told, "/etc/a.conf:3: keys: vm.start: “P” is “Power off” already; "));
    assert_non_null(strstr(told, "/etc/a.conf:4: keys: vm.delete: “Escape” is no key"));
    assert_string_equal(vd_keymap_lookup(keymap, 'j', 0)->id, "down");
    assert_null(vd_keymap_lookup(keymap, 'j', 1));
    assert_string_equal(vd_keymap_lookup(keymap, 'P', 0)->id, "vm.poweroff");
    assert_string_equal(vd_keymap_lookup(keymap, 's', 0)->id, "vm.start");
    assert_null(vd_keymap_lookup(keymap, VD_KEY_ESC, 0));
}

/* What is left out of the marked ones is told, with the question or, where there is none, by
 * itself.
 */
static void what_is_left_out_is_told(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 12, 100, 30);
    press(&f, "* P"); /* of each twelve, four are off and one is paused */
    assert_true(shows(&f, "8 of 24 are left out: off."));
    press(&f, "Esc s");
    assert_true(shows(&f, "16 of 24 are left out: paused 4, running 12."));
    assert_asked(&f, 8);
    press(&f, "* F8");
    assert_true(shows(&f, "Delete: 8 machines "));
    stop(&f);
}

/* What lets go of a host answers on the host's own row alone. */
static void a_machine_does_not_stand_for_its_host(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 9, 100, 24);
    press(&f, "j X");
    assert_asked(&f, 0);
    assert_true(shows(&f, "Disconnect goes to a host: put the cursor on the row of alpha first."));
    press(&f, "k X");
    assert_asked(&f, 1);
    assert_string_equal(asked(&f, 0), "host.disconnect alpha/");
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

static VdJob *add_job(Fixture *f, const char *id, VdJobState state)
{
    VdJob *job = vd_job_new(id);
    job->title = g_strdup_printf("deploy %s", id);
    job->state = state;
    fake_deck_add_job(f->deck, job);
    vd_console_changed(f->app, VD_CHANGED_JOBS);
    return job;
}

/* What comes and goes elsewhere moves nothing under the keys. */
static void the_cursor_stays_on_its_job_and_image(void **state)
{
    Fixture f;
    (void)state;
    start(&f, 3, 100, 30);
    add_job(&f, "r-000001", VD_JOB_DONE);
    add_job(&f, "r-000002", VD_JOB_DONE);
    press(&f, "]");
    add_job(&f, "r-000003", VD_JOB_RUNNING);
    press(&f, "F3");
    assert_true(g_str_has_prefix(asked(&f, 0), "job.show /r-000001"));
    press(&f, "j");
    add_job(&f, "r-000004", VD_JOB_RUNNING);
    press(&f, "F3");
    assert_true(g_str_has_prefix(asked(&f, 1), "job.show /r-000002"));
    fake_deck_forget(f.deck);
    fake_deck_set_images(f.deck, "m s z");
    press(&f, "] j F3");
    assert_true(g_str_has_prefix(asked(&f, 0), "image.show /s"));
    fake_deck_set_images(f.deck, "a b m s z");
    press(&f, "F3");
    assert_true(g_str_has_prefix(asked(&f, 1), "image.show /s"));
    fake_deck_set_images(f.deck, "a b m z"); /* gone before it is drawn: nothing is meant */
    vd_app_key(f.app, VD_KEY_F(3));
    assert_asked(&f, 2);
    press(&f, "F3");
    assert_true(g_str_has_prefix(asked(&f, 2), "image.show /z"));
    stop(&f);
}

/* One sentence for all of them, whatever the deck tells of each. */
static void many_are_told_in_one_sentence(void **state)
{
    Fixture f;
    g_autoptr(GError) error = NULL;
    (void)state;
    vd_error_set(&error, VD_ERR_FAILED, NULL, "No such file.");
    start(&f, 12, 80, 24);
    for (int fails = 0; fails < 2; fails++) {
        press(&f, "* P 1 6 Enter");
        assert_asked(&f, 16);
        for (guint i = 0; i < 16; i++) {
            gboolean bad = fails && i == 5;
            fake_deck_tell(f.deck, bad, bad ? "Power off x: No such file." : "Power off y: done");
            fake_deck_answer(f.deck, NULL, bad ? error : NULL);
        }
        vd_console_changed(f.app, VD_CHANGED_NOTICE);
        assert_true(
            shows(&f, fails ? "Power off: 1 of 16 failed; alpha-" : "Power off: all 16 done"));
        assert_int_equal(shows(&f, "No such file."), fails);
        fake_deck_forget(f.deck);
    }
    stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_acts_on_the_cursor),
        cmocka_unit_test(marks_get_one_request_each),
        cmocka_unit_test(danger_asks_and_no_is_the_default),
        cmocka_unit_test(a_missing_right_is_told_at_once),
        cmocka_unit_test(many_want_their_number),
        cmocka_unit_test(many_are_told_in_one_sentence),
        cmocka_unit_test(one_key_serves_hosts_and_machines),
        cmocka_unit_test(escape_peels_one_layer),
        cmocka_unit_test(digits_count_or_name_a_view),
        cmocka_unit_test(the_cursor_stays_on_its_job_and_image),
        cmocka_unit_test(a_burst_is_as_one_by_one),
        cmocka_unit_test(a_question_is_seen_before_it_is_answered),
        cmocka_unit_test(a_view_typed_quickly_is_shown_first),
        cmocka_unit_test(what_is_pasted_never_commands),
        cmocka_unit_test(the_palette_finds_and_runs),
        cmocka_unit_test(deleting_names_the_volumes),
        cmocka_unit_test(keys_can_be_bound_anew),
        cmocka_unit_test(a_key_is_bound_once),
        cmocka_unit_test(a_key_that_is_taken_stays),
        cmocka_unit_test(what_is_left_out_is_told),
        cmocka_unit_test(a_machine_does_not_stand_for_its_host),
        cmocka_unit_test(questions_name_their_machine),
        cmocka_unit_test(function_keys_are_of_their_pane),
    };
    return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
