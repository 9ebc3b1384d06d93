/* The rows of the main view: filter, sorting, folding, marks, a cursor that stays with its machine;
 * the columns and short figures. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/text.h"
#include "ui/figures.h"
#include "ui/filter.h"
#include "ui/grid.h"
#include "ui/layout.h"
#include "ui/tree.h"

static VdVm *add_vm(VdHost *host, const char *name, VdVmState state, double cpu)
{
    g_autofree char *uuid = g_strdup_printf("%08x-0000-4000-8000-000000000000", g_str_hash(name));
    VdVm *vm = vd_vm_new(uuid, name);
    vm->state = state;
    vm->now.cpu = cpu;
    vd_roster_add(host->vms, vm);
    return vm;
}

/* kvm1: db-1 87 %, web-1 12 %, web-2 off; kvm2: batch paused, Ärger 40 % at 10.0.0.7 */
static VdFleet *make_fleet(void)
{
    VdFleet *fleet = vd_fleet_new();
    VdHost *one = vd_host_new("kvm1", "fake:///1");
    VdHost *two = vd_host_new("kvm2", "fake:///2");
    one->listed = two->listed = TRUE;
    add_vm(one, "db-1", VD_VM_RUNNING, 87);
    add_vm(one, "web-1", VD_VM_RUNNING, 12);
    add_vm(one, "web-2", VD_VM_OFF, VD_NONE);
    add_vm(two, "batch", VD_VM_PAUSED, 0);
    VdVm *last = add_vm(two, "Ärger", VD_VM_RUNNING, 40);
    last->address = g_ref_string_new("10.0.0.7");
    last->now.mem_used = 900;
    last->now.mem_total = 1000;
    last->now.net_rx = 3000000;
    last->now.net_tx = 0;
    g_ptr_array_add(fleet->hosts, one);
    g_ptr_array_add(fleet->hosts, two);
    return fleet;
}

static void drop_vm(VdHost *host, guint at)
{
    VdRoster *less = vd_roster_new();
    for (guint i = 0; i < host->vms->len; i++)
        if (i != at)
            vd_roster_add(less, vd_vm_ref(vd_host_vm(host, i)));
    vd_roster_unref(host->vms);
    host->vms = less;
}

static char *names(const VdTree *tree)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < vd_tree_count(tree); i++) {
        const VdTreeRow *row = vd_tree_at(tree, i);
        g_string_append_printf(text, "%s%s", i ? " " : "", row->vm ? row->vm->name : row->host->id);
    }
    return g_string_free(text, FALSE);
}

static void assert_rows(const VdTree *tree, const char *expected)
{
    g_autofree char *text = names(tree);
    assert_string_equal(text, expected);
}

static void filters_find_what_they_say(void **state)
{
    static const struct {
        const char *filter, *rows;
    } cases[] = {
        {"", "db-1 web-1 web-2 batch Ärger"},
        {"web", "web-1 web-2"},
        {"WEB", "web-1 web-2"},
        {"ärg", "Ärger"},
        {"!web", "db-1 batch Ärger"},
        {"web !state:off", "web-1"},
        {"state:off", "web-2"},
        {"state:run", "db-1 web-1 Ärger"},
        {"host:KVM2", "batch Ärger"},
        {"host:kvm1 1", "db-1 web-1"},
        {"cpu>50", "db-1"},
        {"cpu<50", "web-1 batch Ärger"},
        {"!cpu<50", "db-1 web-2"}, /* web-2's is not known, so it is not below either */
        {"mem>80", "Ärger"},
        {"net>1M", "Ärger"},
        {"ip:10.0", "Ärger"},
        {"10.0.0", "Ärger"},
        {"name:b", "db-1 web-1 web-2 batch"},
        {"nothing", ""},
        /* Half typed: not a question yet. */
        {"state:", "db-1 web-1 web-2 batch Ärger"},
        {"cpu>", "db-1 web-1 web-2 batch Ärger"},
        {"!", "db-1 web-1 web-2 batch Ärger"},
        {"cpu>x", "db-1 web-1 web-2 batch Ärger"},
        {"statement:off", ""},
    };
    (void)state;
    g_autoptr(VdFleet) fleet = make_fleet();
    g_autoptr(VdTree) tree = vd_tree_new();
    vd_tree_set_flat(tree, TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        vd_tree_set_fleet(tree, fleet);
        vd_tree_set_sort(tree, VD_SORT_HOST, FALSE);
        vd_tree_set_filter(tree, cases[i].filter);
        g_autofree char *found = names(tree);
        if (strcmp(found, cases[i].rows) != 0)
            fail_msg("/%s: “%s”, expected “%s”", cases[i].filter, found, cases[i].rows);
    }
}

static void a_state_that_is_none_is_told(void **state)
{
    static const char *const fine[] = {"state:", "state:OFF", "!state:run", "state:starting",
                                       "state:stuck state:saved"};
    (void)state;
    g_autoptr(VdTree) tree = vd_tree_new();
    for (guint i = 0; i < G_N_ELEMENTS(fine); i++) {
        vd_tree_set_filter(tree, fine[i]);
        assert_null(vd_tree_filter_problem(tree));
    }
    vd_tree_set_filter(tree, "web state:foo");
    assert_string_equal(vd_tree_filter_problem(tree),
                        "no state “foo”: running, off, paused, saved, crashed, asleep, stuck, "
                        "unknown");
}

static void the_tree_folds_and_filters(void **state)
{
    (void)state;
    g_autoptr(VdFleet) fleet = make_fleet();
    g_autoptr(VdTree) tree = vd_tree_new();
    vd_tree_set_fleet(tree, fleet);
    assert_rows(tree, "kvm1 db-1 web-1 web-2 kvm2 batch Ärger");
    vd_tree_toggle_fold(tree, "kvm1");
    assert_rows(tree, "kvm1 kvm2 batch Ärger");
    vd_tree_set_filter(tree, "web"); /* what is looked for is not hidden in a fold */
    assert_rows(tree, "kvm1 web-1 web-2");
    assert_int_equal(vd_tree_matched(tree), 2);
    vd_tree_set_filter(tree, "");
    assert_rows(tree, "kvm1 kvm2 batch Ärger");
    vd_tree_toggle_fold(tree, "kvm1");
    vd_tree_set_sort(tree, VD_SORT_CPU, FALSE);
    assert_rows(tree, "kvm1 db-1 web-1 web-2 kvm2 Ärger batch");
    vd_tree_set_sort(tree, VD_SORT_CPU, TRUE); /* what is not known stays last */
    assert_rows(tree, "kvm1 web-1 db-1 web-2 kvm2 batch Ärger");
}

/* A host that never answered has no machine by which it would be found. */
static void a_host_without_machines_is_found_by_its_name(void **state)
{
    (void)state;
    g_autoptr(VdFleet) fleet = make_fleet();
    g_autoptr(VdTree) tree = vd_tree_new();
    g_ptr_array_add(fleet->hosts, vd_host_new("dead", "fake:///3"));
    vd_tree_set_fleet(tree, fleet);
    vd_tree_set_filter(tree, "dea");
    assert_rows(tree, "dead");
    assert_int_equal(vd_tree_matched(tree), 0);
    vd_tree_set_filter(tree, "host:DEAD");
    assert_rows(tree, "dead");
    vd_tree_set_filter(tree, "host:kvm1 web");
    assert_rows(tree, "kvm1 web-1 web-2");
    vd_tree_set_filter(tree, "a"); /* beside machines */
    assert_rows(tree, "kvm2 batch dead");
    vd_tree_set_filter(tree, "!dead !a");
    assert_rows(tree, "kvm1 db-1 web-1 web-2 kvm2 Ärger");
    vd_tree_set_filter(tree, "dead state:off"); /* that asks of machines */
    assert_rows(tree, "");
}

static void the_cursor_stays_with_its_machine(void **state)
{
    (void)state;
    g_autoptr(VdFleet) fleet = make_fleet();
    g_autoptr(VdTree) tree = vd_tree_new();
    vd_tree_set_flat(tree, TRUE);
    vd_tree_set_fleet(tree, fleet);
    vd_tree_set_sort(tree, VD_SORT_CPU, FALSE);
    vd_tree_set_cursor(tree, 0);
    assert_string_equal(vd_tree_selected(tree)->vm->name, "db-1");
    vd_tree_set_sort(tree, VD_SORT_CPU, TRUE);
    assert_string_equal(vd_tree_selected(tree)->vm->name, "db-1");
    assert_int_equal(vd_tree_cursor(tree), 3);
    vd_tree_set_filter(tree, "web"); /* it is gone: the cursor is on something that is there */
    assert_non_null(vd_tree_selected(tree));
    vd_tree_set_filter(tree, "nothing");
    assert_null(vd_tree_selected(tree));
    vd_tree_move(tree, 5);
    vd_tree_move(tree, -5);
    assert_null(vd_tree_selected(tree));
    vd_tree_set_filter(tree, "");
    assert_non_null(vd_tree_selected(tree));
}

static void marks_outlive_filters_and_die_with_machines(void **state)
{
    (void)state;
    g_autoptr(VdFleet) fleet = make_fleet();
    g_autoptr(VdTree) tree = vd_tree_new();
    vd_tree_set_fleet(tree, fleet);
    vd_tree_toggle_mark(tree, vd_tree_at(tree, 0)); /* a host: all its machines */
    assert_int_equal(vd_tree_marks(tree), 3);
    vd_tree_toggle_mark(tree, vd_tree_at(tree, 1));
    assert_int_equal(vd_tree_marks(tree), 2);
    vd_tree_set_filter(tree, "batch");
    g_autoptr(VdTargets) hidden = vd_tree_targets(tree, VD_TARGET_VM);
    assert_int_equal(vd_targets_count(hidden), 2);
    assert_string_equal(vd_targets_at(hidden, 0)->name, "web-1");
    vd_tree_invert_marks(tree); /* of what is shown */
    assert_int_equal(vd_tree_marks(tree), 3);
    g_autoptr(VdFleet) less = make_fleet();
    drop_vm(g_ptr_array_index(less->hosts, 0), 1);
    vd_tree_set_fleet(tree, less);
    assert_int_equal(vd_tree_marks(tree), 2);
    vd_tree_clear_marks(tree);
    g_autoptr(VdTargets) cursor = vd_tree_targets(tree, VD_TARGET_VM);
    assert_int_equal(vd_targets_count(cursor), 1);
    assert_string_equal(vd_targets_at(cursor, 0)->name, "batch");
}

/* ---- by what changed equals all anew ---- */

enum { HOSTS = 4, EACH = 150, ROUNDS = 60 };

static VdVm *vm_at(guint i, gpointer vms)
{
    return g_ptr_array_index((GPtrArray *)vms, i);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return vd_vm_compare(*(VdVm *const *)a, *(VdVm *const *)b);
}

static void change_vm(GRand *dice, VdVm *vm)
{
    static const VdVmState states[] = {VD_VM_RUNNING, VD_VM_PAUSED, VD_VM_OFF};
    int what = g_rand_int_range(dice, 0, 7);
    if (what == 0)
        vm->now.cpu = g_rand_int_range(dice, -1, 5);
    else if (what == 1)
        vm->now.mem_used = g_rand_int_range(dice, -1, 5);
    else if (what == 2)
        vm->now.disk_read = g_rand_int_range(dice, -1, 5);
    else if (what == 3)
        vm->now.net_tx = vm->now.net_rx = g_rand_int_range(dice, -1, 5);
    else if (what == 4)
        vm->state = states[g_rand_int_range(dice, 0, 3)];
    else if (what == 5)
        vm->stuck_since = g_rand_int_range(dice, 0, 2);
    else {
        g_clear_pointer(&vm->address, g_ref_string_release);
        g_autofree char *address = g_strdup_printf("10.0.0.%d", g_rand_int_range(dice, 0, 20));
        vm->address = g_ref_string_new(address);
    }
}

/* The next snapshot of a host: a few machines changed, now and then one came or went. */
static VdHost *next_host(GRand *dice, const VdHost *before)
{
    g_autoptr(GPtrArray) vms = g_ptr_array_new_with_free_func((GDestroyNotify)vd_vm_unref);
    for (guint i = 0; i < before->vms->len; i++)
        g_ptr_array_add(vms, vd_vm_ref(vd_host_vm(before, i)));
    int changes = g_rand_int_range(dice, 0, g_rand_boolean(dice) ? 5 : EACH);
    for (int i = 0; i < changes && vms->len > 0; i++) {
        gpointer *place = &vms->pdata[g_rand_int_range(dice, 0, (gint32)vms->len)];
        VdVm *vm = vd_vm_copy(*place);
        change_vm(dice, vm);
        vd_vm_unref(*place);
        *place = vm;
    }
    if (vms->len > 0 && g_rand_int_range(dice, 0, 8) == 0)
        g_ptr_array_remove_index(vms, (guint)g_rand_int_range(dice, 0, (gint32)vms->len));
    if (g_rand_int_range(dice, 0, 8) == 0) {
        g_autofree char *name = g_strdup_printf("new-%u", g_rand_int(dice));
        g_autofree char *uuid =
            g_strdup_printf("%08x-1111-4000-8000-000000000000", g_rand_int(dice));
        g_ptr_array_add(vms, vd_vm_new(uuid, name));
        g_ptr_array_sort(vms, by_name);
    }
    VdHost *now = vd_host_copy(before);
    vd_roster_unref(now->vms);
    now->vms = vd_roster_next(before->vms, vms->len, NULL, vm_at, vms);
    return now;
}

static VdFleet *next_fleet(GRand *dice, const VdFleet *before)
{
    VdFleet *now = vd_fleet_new();
    for (guint h = 0; h < before->hosts->len; h++) {
        VdHost *host = g_ptr_array_index(before->hosts, h);
        g_ptr_array_add(now->hosts,
                        g_rand_boolean(dice) ? next_host(dice, host) : vd_host_ref(host));
    }
    return now;
}

static VdFleet *large_fleet(void)
{
    VdFleet *fleet = vd_fleet_new();
    for (int h = 0; h < HOSTS; h++) {
        g_autofree char *id = g_strdup_printf("kvm%d", h);
        VdHost *host = vd_host_new(id, "fake:///");
        for (int i = 0; i < EACH; i++) {
            g_autofree char *name = g_strdup_printf("%s-vm%d", id, i);
            add_vm(host, name, VD_VM_RUNNING, i % 7);
        }
        g_ptr_array_add(fleet->hosts, host);
    }
    return fleet;
}

static void same_rows(VdTree *tree, VdFleet *fleet, const char *filter)
{
    g_autoptr(VdTree) anew = vd_tree_new();
    vd_tree_set_flat(anew, vd_tree_flat(tree));
    vd_tree_set_sort(anew, vd_tree_sort(tree), vd_tree_inverted(tree));
    vd_tree_set_filter(anew, filter);
    if (vd_tree_folded(tree, "kvm1"))
        vd_tree_toggle_fold(anew, "kvm1");
    vd_tree_set_fleet(anew, fleet);
    assert_int_equal(vd_tree_count(tree), vd_tree_count(anew));
    assert_int_equal(vd_tree_matched(tree), vd_tree_matched(anew));
    for (guint i = 0; i < vd_tree_count(tree); i++) {
        assert_ptr_equal(vd_tree_at(tree, i)->vm, vd_tree_at(anew, i)->vm);
        assert_ptr_equal(vd_tree_at(tree, i)->host, vd_tree_at(anew, i)->host);
    }
}

/* The cursor is still on its machine, if that is still shown. */
static void same_cursor(const VdTree *tree, const char *uuid)
{
    for (guint i = 0; i < vd_tree_count(tree); i++) {
        const VdVm *vm = vd_tree_at(tree, i)->vm;
        if (vm && strcmp(vm->uuid, uuid) == 0)
            assert_string_equal(vd_tree_selected(tree)->vm->uuid, uuid);
    }
}

static void run_rounds(GRand *dice, VdSort sort, gboolean flat, const char *filter)
{
    g_autoptr(VdTree) tree = vd_tree_new();
    VdFleet *fleet = large_fleet();
    vd_tree_set_flat(tree, flat);
    vd_tree_set_sort(tree, sort, g_rand_boolean(dice));
    vd_tree_set_filter(tree, filter);
    if (g_rand_boolean(dice))
        vd_tree_toggle_fold(tree, "kvm1");
    for (int i = 0; i < ROUNDS; i++) {
        VdFleet *next = next_fleet(dice, fleet);
        vd_tree_set_cursor(tree, (guint)g_rand_int_range(dice, 0, HOSTS * EACH));
        const VdTreeRow *row = vd_tree_selected(tree);
        g_autofree char *uuid = g_strdup(row && row->vm ? row->vm->uuid : NULL);
        vd_tree_set_fleet(tree, next);
        vd_fleet_unref(fleet);
        fleet = next;
        same_rows(tree, fleet, filter);
        if (uuid)
            same_cursor(tree, uuid);
    }
    vd_fleet_unref(fleet);
}

static void order_by_changes_is_the_order(void **state)
{
    (void)state;
    guint32 seed = (guint32)g_get_real_time();
    print_message("seed %u\n", seed);
    GRand *dice = g_rand_new_with_seed(seed);
    static const char *const filters[] = {"", "state:run", "cpu>2", "10.0.0.1"};
    for (int sort = 0; sort < VD_SORT_COUNT; sort++)
        for (int flat = 0; flat < 2; flat++)
            run_rounds(dice, (VdSort)sort, flat,
                       filters[g_rand_int_range(dice, 0, G_N_ELEMENTS(filters))]);
    g_rand_free(dice);
}

static void the_window_follows_the_cursor(void **state)
{
    (void)state;
    g_autoptr(VdFleet) fleet = vd_fleet_new();
    VdHost *host = vd_host_new("h", "fake:///");
    g_ptr_array_add(fleet->hosts, host);
    for (int i = 0; i < 100; i++) {
        g_autofree char *name = g_strdup_printf("vm-%d", i);
        add_vm(host, name, VD_VM_RUNNING, i);
    }
    g_autoptr(VdTree) tree = vd_tree_new();
    vd_tree_set_flat(tree, TRUE);
    vd_tree_set_fleet(tree, fleet);
    assert_int_equal(vd_tree_top(tree, 10), 0);
    vd_tree_set_cursor(tree, 50);
    assert_int_equal(vd_tree_top(tree, 10), 41);
    vd_tree_set_cursor(tree, 45);
    assert_int_equal(vd_tree_top(tree, 10), 41);
    vd_tree_scroll(tree, -20, 10);
    assert_int_equal(vd_tree_top(tree, 10), 21);
    assert_int_equal(vd_tree_cursor(tree), 30);
    vd_tree_set_cursor(tree, 10000);
    assert_int_equal(vd_tree_top(tree, 10), 90);
    assert_int_equal(vd_tree_top(tree, 1000), 0);
}

static void columns_fit_every_width(void **state)
{
    (void)state;
    for (int width = 1; width < 250; width++)
        for (int flat = 0; flat < 2; flat++) {
            VdGridLayout layout;
            vd_grid_layout(&layout, width, NULL, flat);
            assert_int_equal(layout.column[0], VD_GRID_NAME);
            int end = layout.x[layout.n - 1] + layout.width[layout.n - 1];
            if (end > width)
                fail_msg("at %d cells the columns take %d", width, end);
            if (width >= 80 && !flat)
                assert_int_equal(layout.n, VD_GRID_HOST);
        }
    VdGridLayout own;
    char *wanted[] = {(char *)"ip", (char *)"nonsense", (char *)"cpu", (char *)"ip", NULL};
    vd_grid_layout(&own, 80, wanted, FALSE);
    assert_int_equal(own.n, 3);
    assert_int_equal(own.column[1], VD_GRID_IP);
    assert_int_equal(own.column[2], VD_GRID_CPU);
}

static void figures_never_grow(void **state)
{
    (void)state;
    char text[VD_FIGURE_SIZE];
    static const struct {
        double bytes;
        const char *text;
    } cases[] = {{-1, "–"},        {0, "0"},          {999, "999"},
                 {1000, "1.0K"},   {1536, "1.5K"},    {10239, "10K"},
                 {317440, "310K"}, {1258291, "1.2M"}, {1023.0 * 1048576, "1.0G"},
                 {1e15, "909T"},   {1.7e19, "15E"}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_string_equal(vd_figure_bytes(text, cases[i].bytes), cases[i].text);
    for (double bytes = 0.3; bytes < 1e19; bytes *= 1.07) {
        assert_true(vd_text_width(vd_figure_bytes(text, bytes)) <= 4);
        assert_true(vd_text_width(vd_figure_pair(text, bytes, bytes / 3)) <= 9);
        assert_true(vd_text_width(vd_figure_share(text, bytes / 2, bytes)) <= 9);
    }
    assert_string_equal(vd_figure_pair(text, 0, 12288), "   0/ 12K");
    assert_string_equal(vd_figure_pair(text, -1, -1), "–");
    assert_string_equal(vd_figure_share(text, 1.2 * 1073741824, 2147483648.0), "1.2/2.0G");
    assert_string_equal(vd_figure_share(text, -1, 2147483648.0), "2.0G");
    assert_string_equal(vd_figure_percent(text, 99.6), "100");
}

static void panes_stay_on_the_screen(void **state)
{
    (void)state;
    for (int w = 1; w < 200; w += 3)
        for (int h = 1; h < 70; h++)
            for (int view = 0; view < VD_VIEW_COUNT; view++) {
                VdLayout layout;
                vd_layout(&layout, w, h, (VdView)view, VD_PANE_FLEET, FALSE);
                int cells = layout.header.w * layout.header.h + layout.foot.w * layout.foot.h;
                for (int i = 0; i < VD_PANE_COUNT; i++) {
                    VdRect r = layout.panes[i];
                    assert_true(r.w >= 0 && r.h >= 0 && r.x + r.w <= w && r.y + r.h <= h);
                    cells += r.w * r.h;
                }
                cells += layout.divider_x >= 0 ? layout.panes[VD_PANE_FLEET].h : 0;
                assert_int_equal(cells, w * h); /* all of it, nothing twice */
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_find_what_they_say),
        cmocka_unit_test(a_state_that_is_none_is_told),
        cmocka_unit_test(the_tree_folds_and_filters),
        cmocka_unit_test(a_host_without_machines_is_found_by_its_name),
        cmocka_unit_test(the_cursor_stays_with_its_machine),
        cmocka_unit_test(marks_outlive_filters_and_die_with_machines),
        cmocka_unit_test(order_by_changes_is_the_order),
        cmocka_unit_test(the_window_follows_the_cursor),
        cmocka_unit_test(columns_fit_every_width),
        cmocka_unit_test(figures_never_grow),
        cmocka_unit_test(panes_stay_on_the_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
