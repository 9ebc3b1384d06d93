/* The table of verbs: what everything else is made from has to hold together. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/deck/row.h"

static void each_row_is_whole(void **state)
{
    (void)state;
    guint n = 0;
    const VdVerb *const *verbs = vd_deck_verbs(&n);
    for (guint i = 0; i < n; i++) {
        const VdVerbRow *row = vd_verb_row(verbs[i]);
        assert_non_null(row->verb.id);
        assert_non_null(row->verb.command);
        assert_non_null(row->verb.label);
        assert_non_null(row->verb.help);
        assert_int_equal((row->virt != NULL) + (row->local != NULL) + (row->fleet != NULL) +
                             (row->deck != NULL),
                         1);
        /* Only machines and hosts have lanes. */
        if (row->virt)
            assert_true(row->verb.target == VD_TARGET_VM || row->verb.target == VD_TARGET_HOST);
    }
}

static void changes_need_a_role(void **state)
{
    (void)state;
    guint n = 0;
    const VdVerb *const *verbs = vd_deck_verbs(&n);
    for (guint i = 0; i < n; i++) {
        const VdVerbRow *row = vd_verb_row(verbs[i]);
        /* A script may hold secrets, so not everybody may read it. */
        if (strcmp(row->verb.id, "script.show") == 0)
            assert_int_equal(row->role, VD_ROLE_OPERATE);
        else if (row->verb.kind == VD_VERB_QUERY)
            assert_int_equal(row->role, VD_ROLE_VIEW);
        else
            assert_true(row->role > VD_ROLE_VIEW);
    }
}

static void dangerous_ones_ask_with_a_name(void **state)
{
    (void)state;
    guint n = 0;
    const VdVerb *const *verbs = vd_deck_verbs(&n);
    for (guint i = 0; i < n; i++) {
        const VdVerb *verb = verbs[i];
        assert_int_equal(verb->danger, verb->question != NULL);
        if (!verb->question)
            continue;
        const char *percent = strchr(verb->question, '%');
        assert_non_null(percent);
        assert_int_equal(percent[1], 's');
        assert_null(strchr(percent + 1, '%'));
    }
}

static void names_and_keys_are_unique(void **state)
{
    (void)state;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint n = 0;
    const VdVerb *const *verbs = vd_deck_verbs(&n);
    for (guint i = 0; i < n; i++) {
        const VdVerb *verb = verbs[i];
        assert_true(g_hash_table_add(seen, g_strconcat("id ", verb->id, NULL)));
        assert_true(g_hash_table_add(seen, g_strconcat("command ", verb->command, NULL)));
        g_auto(GStrv) keys = g_strsplit(verb->keys ? verb->keys : "", " ", 0);
        for (char **key = keys; *key && **key; key++)
            assert_true(g_hash_table_add(seen, g_strconcat("key ", *key, NULL)));
        for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++) {
            assert_non_null(spec->label);
            assert_non_null(spec->help);
            assert_true(g_hash_table_add(seen, g_strconcat(verb->id, " ", spec->name, NULL)));
        }
    }
}

static void dangerous_keys_are_not_lower_case(void **state)
{
    (void)state;
    guint n = 0;
    const VdVerb *const *verbs = vd_deck_verbs(&n);
    for (guint i = 0; i < n; i++) {
        const VdVerb *verb = verbs[i];
        g_auto(GStrv) keys = g_strsplit(verb->danger && verb->keys ? verb->keys : "", " ", 0);
        for (char **key = keys; *key && **key; key++)
            assert_false((*key)[1] == '\0' && g_ascii_islower((*key)[0]));
    }
}

static void defaults_pass_their_own_checks(void **state)
{
    (void)state;
    guint n = 0;
    const VdVerb *const *verbs = vd_deck_verbs(&n);
    for (guint i = 0; i < n; i++) {
        for (const VdArgSpec *spec = verbs[i]->args; spec && spec->name; spec++) {
            g_autoptr(GError) error = NULL;
            if (spec->value)
                assert_true(vd_arg_check(spec, spec->value, &error));
        }
    }
}

static void verbs_are_found_by_id_and_command(void **state)
{
    (void)state;
    assert_ptr_equal(vd_deck_verb("vm.start"), vd_deck_verb("start"));
    assert_non_null(vd_deck_verb("image add"));
    assert_null(vd_deck_verb("image"));
    assert_null(vd_deck_verb(""));
}

static void applies_by_state(void **state)
{
    (void)state;
    VdVm *vm = vd_vm_new("11111111-1111-4111-8111-111111111111", "a");
    vm->state = VD_VM_OFF;
    assert_true(vd_verb_applies(vd_deck_verb("start"), vm));
    assert_false(vd_verb_applies(vd_deck_verb("poweroff"), vm));
    assert_false(vd_verb_applies(vd_deck_verb("restore"), vm));
    vm->managed_save = TRUE;
    assert_true(vd_verb_applies(vd_deck_verb("restore"), vm));
    vm->state = VD_VM_RUNNING;
    assert_false(vd_verb_applies(vd_deck_verb("start"), vm));
    assert_true(vd_verb_applies(vd_deck_verb("suspend"), vm));
    vm->state = VD_VM_PAUSED;
    assert_true(vd_verb_applies(vd_deck_verb("resume"), vm));
    assert_true(vd_verb_applies(vd_deck_verb("poweroff"), vm));
    vd_vm_unref(vm);
}

/* Told as the field is left, of another host alone. */
static void test_host_names(void **state)
{
    g_autofree char *folder = g_dir_make_tmp("vmdeck-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "vmdeck.conf", NULL);
    g_autoptr(VdConf) conf = NULL;
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_true(g_file_set_contents(
        path, "hosts = ( { name = \"kvm1\"; uri = \"test:///default\"; } );\n", -1, NULL));
    conf = vd_conf_load(path);
    assert_true(vd_host_check(conf, NULL, "host.add", "name", "kvm2", NULL));
    assert_true(vd_host_check(conf, "kvm1", "host.edit", "name", "kvm1", NULL));
    assert_false(vd_host_check(conf, NULL, "host.add", "name", "kvm1", &error));
    assert_non_null(strstr(error->message, "there is a host kvm1 already"));
    assert_false(vd_host_check(conf, "kvm2", "host.edit", "name", "kvm1", NULL));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host_names),
        cmocka_unit_test(each_row_is_whole),
        cmocka_unit_test(changes_need_a_role),
        cmocka_unit_test(dangerous_ones_ask_with_a_name),
        cmocka_unit_test(names_and_keys_are_unique),
        cmocka_unit_test(dangerous_keys_are_not_lower_case),
        cmocka_unit_test(defaults_pass_their_own_checks),
        cmocka_unit_test(verbs_are_found_by_id_and_command),
        cmocka_unit_test(applies_by_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
