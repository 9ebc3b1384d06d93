/* Values: the words of a verb, documents, jobs and machines. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/said.h"
#include "src/model/args.h"
#include "src/model/doc.h"
#include "src/model/fleet.h"
#include "src/model/image.h"
#include "src/model/job.h"

/* ---- arguments ---- */

static const char *const colours[] = {"red", "green", NULL};

static const VdArgSpec specs[] = {
    {.name = "name", .type = VD_ARG_NAME, .required = TRUE, .positional = TRUE},
    {.name = "disk", .type = VD_ARG_SIZE, .value = "20G", .min = 1 << 20, .max = G_MAXINT64},
    {.name = "memory", .type = VD_ARG_SIZE},
    {.name = "vcpus", .type = VD_ARG_INT, .value = "2", .min = 1, .max = 512},
    {.name = "shift", .type = VD_ARG_INT},
    {.name = "colour", .type = VD_ARG_CHOICE, .choices = colours},
    {.name = "hostname", .type = VD_ARG_HOSTNAME},
    {.name = "timezone", .type = VD_ARG_TIMEZONE},
    {.name = "password", .type = VD_ARG_SECRET},
    {.name = "address", .type = VD_ARG_ADDRESS},
    {.name = "gateway", .type = VD_ARG_IP},
    {.name = "key", .type = VD_ARG_TEXT, .many = TRUE},
    {.name = "full", .type = VD_ARG_FLAG},
    {.name = "script", .type = VD_ARG_FILE},
    {.name = NULL},
};

static const VdArgSpec *spec_of(const char *name)
{
    const VdArgSpec *spec = specs;
    while (strcmp(spec->name, name) != 0)
        spec++;
    return spec;
}

static void all_are(const char *name, gboolean good, const char *const *values)
{
    for (; *values; values++) {
        g_autoptr(GError) error = NULL;
        if (vd_arg_check(spec_of(name), *values, &error) != good)
            fail_msg("%s '%s': %s", name, *values, good ? error->message : "was accepted");
        if (!good)
            assert_int_equal(vd_error_code(error), VD_ERR_INVALID);
    }
}

#define GOOD(name, ...) all_are(name, TRUE, (const char *const[]){__VA_ARGS__, NULL})
#define BAD(name, ...)  all_are(name, FALSE, (const char *const[]){__VA_ARGS__, NULL})

static void test_arg_check(void **state)
{
    (void)state;
    GOOD("name", "db-07", "a");
    BAD("name", "", "../x", "a b", "-x", "a\nb");
    GOOD("disk", "1M", "20G", "7E");
    BAD("disk", "", "0", "1K", "-20G", "20", "x", "99999999999999999999G");
    GOOD("memory", "0", "512M");
    GOOD("vcpus", "1", "512");
    BAD("vcpus", "", "0", "513", "-1", "2.5", "two", " 2", "2 ", "0x2", "99999999999999999999");
    GOOD("shift", "-5", "0", "9223372036854775807", "-9223372036854775808");
    BAD("shift", "9223372036854775808", "");
    GOOD("colour", "red", "green");
    BAD("colour", "", "RED", "red ", "blue");
    GOOD("address", "192.0.2.7/24", "2001:db8::7/64", "0.0.0.0/1", "::1/128");
    BAD("address", "", "192.0.2.7", "192.0.2.7/", "192.0.2.7/0", "192.0.2.7/33", "192.0.2.7/24/1",
        "192.0.2/24", "1/8", "192.0.2.7/24\n", "192.0.2.7/2 4", "fe80::1%lo/64", "::1/129", "/24",
        "a/24", "192.0.2.07x/24", "192.0.2.7/-1", "[::1]/64");
    GOOD("gateway", "192.0.2.1", "fe80::1");
    BAD("gateway", "", "192.0.2.1/24", "fe80::1%lo", "example.org", "192.0.2.1 ", "256.0.0.1");
    GOOD("key", "ssh-ed25519 AAAA anna@example", "'\"$(x)");
    BAD("key", "", "\xff");
    GOOD("full", "true", "");
    BAD("script", "");
    GOOD("password", "\xff\xfe", "a b");
    BAD("password", "", "a\nb");
    BAD("hostname", "a_b", "");
    BAD("timezone", "../../etc/passwd");
}

static void test_args(void **state)
{
    (void)state;
    GError *error = NULL;
    g_autoptr(VdArgs) args = vd_args_new();
    assert_false(vd_args_check(args, specs, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_USAGE);
    assert_non_null(strstr(error->message, "name"));
    g_clear_error(&error);
    vd_args_set(args, "name", "db-07");
    vd_args_add(args, "key", "one");
    vd_args_add(args, "key", "two");
    vd_args_set_secret(args, "password", "Zq9!hunter");
    assert_true(vd_args_check(args, specs, &error));
    assert_int_equal(vd_args_int(args, "vcpus", 9), 2);
    assert_true(vd_args_size(args, "disk", 0) == G_GUINT64_CONSTANT(20) << 30);
    assert_int_equal(vd_args_int(args, "shift", 9), 9);
    assert_false(vd_args_flag(args, "full"));
    vd_args_set(args, "full", "true");
    assert_true(vd_args_flag(args, "full"));
    vd_args_set(args, "full", "no");
    assert_false(vd_args_flag(args, "full"));
    g_auto(GStrv) keys = vd_args_all(args, "key");
    assert_int_equal(g_strv_length(keys), 2);
    g_auto(GStrv) none = vd_args_all(args, "nothing");
    assert_int_equal(g_strv_length(none), 0);
    /* A word that may come once came twice. */
    vd_args_add(args, "disk", "30G");
    assert_false(vd_args_check(args, specs, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_USAGE);
    assert_non_null(strstr(error->message, "disk"));
    g_clear_error(&error);
    vd_args_set(args, "disk", "30G");
    vd_args_set(args, "colour", "blue");
    assert_false(vd_args_check(args, specs, &error));
    assert_non_null(strstr(error->message, "red, green"));
    g_clear_error(&error);
    vd_args_set(args, "colour", NULL);
    vd_args_set(args, "unknown", "x");
    assert_false(vd_args_check(args, specs, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_USAGE);
    g_clear_error(&error);
}

static void test_args_json(void **state)
{
    (void)state;
    g_autoptr(VdArgs) args = vd_args_new();
    vd_args_set_secret(args, "password", "Zq9!hunter");
    vd_args_set(args, "name", "a \"b\" \\ \n\033<&>");
    vd_args_add(args, "key", "one");
    vd_args_add(args, "key", "two");
    vd_args_set(args, "uri", "qemu+tcp://user:Zq9@host/system");
    g_autoptr(VdArgs) copy = vd_args_copy(args);
    g_autofree char *json = vd_args_to_json(copy);
    assert_null(strstr(json, "Zq9"));
    assert_null(strstr(json, "hunter"));
    g_auto(GStrv) secrets = NULL;
    g_autoptr(VdArgs) again = vd_args_from_json(json, &secrets);
    g_autofree char *twice = vd_args_to_json(again);
    assert_true(secrets[0] && !secrets[1]);
    assert_string_equal(secrets[0], "password");
    assert_null(vd_args_get(again, "password"));
    vd_args_set_secret(again, "password", "x");
    g_autofree char *whole = vd_args_to_json(again);
    assert_int_equal(strlen(whole), strlen(json));
    g_autoptr(VdArgs) nothing = vd_args_from_json("[1", NULL);
    g_autofree char *none = vd_args_to_json(nothing);
    assert_string_equal(none, "{}");
    assert_null(strpbrk(json, "\n\033"));
    g_autoptr(JsonParser) parser = json_parser_new();
    assert_true(json_parser_load_from_data(parser, json, -1, NULL));
    JsonObject *object = json_node_get_object(json_parser_get_root(parser));
    assert_string_equal(json_object_get_string_member(object, "name"), "a \"b\" \\ \n\033<&>");
    assert_int_equal(json_array_get_length(json_object_get_array_member(object, "key")), 2);
    assert_string_equal(vd_args_get(copy, "password"), "Zq9!hunter");
    g_autofree char *empty = vd_args_to_json(NULL);
    assert_string_equal(empty, "{}");
}

/* ---- documents ---- */

static void value_is(VdColType type, const char *raw, const char *expected)
{
    g_autofree char *text = vd_value_format(type, raw);
    assert_string_equal(text, expected);
}

static void test_doc(void **state)
{
    (void)state;
    static const VdColumn columns[] = {{"name", "Name", VD_COL_TEXT},
                                       {"size", "Size", VD_COL_SIZE}};
    g_autoptr(VdDoc) doc = vd_doc_new();
    VdSection *section = vd_doc_section(doc, VD_SECTION_TABLE, "images", "Images", columns, 2);
    char **row = vd_section_row(section);
    assert_null(row[0]);
    vd_row_text(row, 0, "a\033[2J\xff\nb");
    assert_string_equal(row[0], "a\xef\xbf\xbd\nb");
    vd_row_text(row, 0, NULL);
    assert_null(row[0]);
    vd_row_size(row, 1, G_MAXUINT64);
    assert_string_equal(row[1], "18446744073709551615");
    vd_row_int(row, 1, G_MININT64);
    assert_string_equal(row[1], "-9223372036854775808");
    vd_row_double(row, 1, VD_NONE);
    assert_null(row[1]);
    vd_row_double(row, 1, 12.345);
    assert_string_equal(row[1], "12.35");
    vd_row_bool(row, 1, TRUE);
    assert_string_equal(row[1], "true");
    g_autoptr(VdDoc) second = vd_doc_ref(doc);
    g_autoptr(VdDoc) text = vd_doc_new_text("xml", "XML", "<a>\033\n</a>");
    const VdSection *only = g_ptr_array_index(text->sections, 0);
    assert_string_equal(((char **)g_ptr_array_index(only->rows, 0))[0], "<a>\n</a>");
}

static void test_values(void **state)
{
    (void)state;
    value_is(VD_COL_TEXT, NULL, "–");
    value_is(VD_COL_SIZE, "1610612736", "1.5 GiB");
    value_is(VD_COL_RATE, "2048.7", "2.0K/s");
    value_is(VD_COL_RATE, "-5", "0/s");
    value_is(VD_COL_PERCENT, "12.4", "12 %");
    value_is(VD_COL_DURATION, "41000000", "41s");
    value_is(VD_COL_BOOL, "true", "yes");
    value_is(VD_COL_BOOL, "rubbish", "no");
    value_is(VD_COL_TIME, "99999999999999999", "–");
    value_is(VD_COL_SIZE, "rubbish", "0 bytes");
    value_is(VD_COL_COUNT, "7", "7");
}

/* Programs get the word, people what is shown in its place. */
static void test_doc_words(void **state)
{
    static const VdColumn columns[] = {{"step", "Step", VD_COL_TEXT}, {"no", "No", VD_COL_TEXT}};
    (void)state;
    g_autoptr(VdDoc) doc = vd_doc_new();
    char **row = vd_section_row(vd_doc_section(doc, VD_SECTION_TABLE, "t", "T", columns, 2));
    vd_row_word(row, 0, "grow", "\033увеличение");
    assert_string_equal(vd_row_exact(row, 0), "grow");
    assert_string_equal(vd_row_shown(row, 0), "увеличение");
    assert_null(vd_row_shown(row, 1));
    vd_row_text(row, 0, "disk");
    assert_string_equal(vd_row_shown(row, 0), "disk");
    vd_row_word(row, 0, NULL, "nothing");
    assert_null(vd_row_shown(row, 0));
    vd_row_english(row, 1, "");
    assert_string_equal(vd_row_shown(row, 1), "");
}

/* ---- jobs ---- */

static void title_shows(const char *title, const char *expected)
{
    g_autoptr(VdJob) job = vd_job_new("r-7K2M9Q");
    job->title = g_strdup(title);
    g_autofree char *shown = vd_job_shown_title(job);
    assert_string_equal(shown, expected);
}

static void root_shows(const char *root, const char *expected)
{
    g_autoptr(VdImage) image = vd_image_new();
    image->root = g_strdup(root);
    g_autofree char *said = vd_image_root_said(image), *shown = vd_said_show(said);
    if (g_strcmp0(shown, expected) != 0)
        fail_msg("“%s” is not “%s”", shown, expected);
}

/* What is translated where it is read stays whole where it is not, whatever stands in it. */
static void test_job_words(void **state)
{
    (void)state;
    title_shows(NULL, "");
    title_shows("deploy db-07", "deploy db-07");
    title_shows("deploy %s%n", "deploy %s%n");
    title_shows("refresh catalogues", "refresh catalogues");
    title_shows("dance", "dance");
    root_shows(NULL, NULL);
    root_shows("partition 2, LVM, ext4", "partition 2, LVM, ext4");
    root_shows("partition 99999999999999999999, x", "partition 99999999999999999999, x");
    root_shows("partition two", "partition two");
    root_shows("the whole disk, xfs", "the whole disk, xfs");
    g_autoptr(VdJob) job = vd_job_new("r-7K2M9Q");
    assert_string_equal(vd_step_word(vd_job_add_step(job, "grow", "grow the disk", 1)), "grow");
    assert_string_equal(vd_step_word(vd_job_add_step(job, "disk", "", 1)), "disk");
}

static void test_job(void **state)
{
    (void)state;
    g_autoptr(VdJob) job = vd_job_new("r-7K2M9Q");
    assert_true(vd_job_fraction(job, 0) == 0);
    assert_null(vd_job_current(job));
    VdStep *disk = vd_job_add_step(job, "disk", "disk", 10);
    VdStep *grow = vd_job_add_step(job, "grow", "grow", 30);
    assert_ptr_equal(vd_job_step(job, "grow"), grow);
    assert_null(vd_job_step(job, "none"));
    assert_int_equal(vd_job_remaining(job, 0), -1);
    job->state = VD_JOB_RUNNING;
    job->started = disk->started = G_USEC_PER_SEC;
    disk->ended = grow->started = 26 * G_USEC_PER_SEC;
    disk->state = VD_STEP_DONE;
    grow->state = VD_STEP_RUNNING;
    grow->fraction = 0.5;
    assert_true(vd_job_fraction(job, 0) > 0.62 && vd_job_fraction(job, 0) < 0.63);
    assert_ptr_equal(vd_job_current(job), grow);
    grow->state = VD_STEP_SKIPPED; /* beforehand, and when it was come to */
    assert_ptr_equal(vd_job_current(job), disk);
    grow->ended = grow->started;
    assert_ptr_equal(vd_job_current(job), disk);
    grow->ended = 0;
    grow->state = VD_STEP_RUNNING;
    /* Half of it took thirty seconds. */
    assert_int_equal(vd_job_remaining(job, 56 * G_USEC_PER_SEC) / G_USEC_PER_SEC, 30);
    /* Without progress: 10 expected seconds took 25, so 30 take 60; beyond them nobody can tell. */
    grow->fraction = 0;
    assert_int_equal(vd_job_remaining(job, 46 * G_USEC_PER_SEC) / G_USEC_PER_SEC, 40);
    assert_int_equal(vd_job_remaining(job, 90 * G_USEC_PER_SEC), -1);
    /* Unknown, and what no clock should give. */
    grow->fraction = -1;
    assert_true(vd_job_fraction(job, 0) == 0.25);
    /* It moves all the same: a third of what it is expected to take, then ever more slowly. */
    double before = vd_job_fraction(job, 46 * G_USEC_PER_SEC);
    assert_true(before > 0.49 && before < 0.51);
    for (int at = 56; at < 1000; at += 10) {
        double next = vd_job_fraction(job, at * G_USEC_PER_SEC);
        assert_true(next > before && next < 1);
        before = next;
    }
    grow->fraction = 7;
    assert_true(vd_job_fraction(job, 0) == 1);
    assert_true(vd_job_remaining(job, -G_USEC_PER_SEC) >= 0);
    grow->state = VD_STEP_FAILED;
    job->state = VD_JOB_FAILED;
    assert_ptr_equal(vd_job_current(job), grow);
    assert_true(vd_job_state_ended(VD_JOB_FAILED) && !vd_job_state_ended(VD_JOB_INTERRUPTED));
    assert_string_equal(vd_job_state_word((VdJobState)99), "unknown");
    assert_string_equal(vd_step_state_word((VdStepState)-1), "unknown");
}

/* Ten seconds that took none say little of nine hundred: an installer is not quick because its
 * kernel was fetched at once. */
static void test_job_of_one_long_step(void **state)
{
    (void)state;
    g_autoptr(VdJob) job = vd_job_new("r-7K2M9Q");
    VdStep *fetch = vd_job_add_step(job, "fetch", "fetch", 10);
    VdStep *install = vd_job_add_step(job, "install", "install", 900);
    job->state = VD_JOB_RUNNING;
    job->started = fetch->started = fetch->ended = install->started = G_USEC_PER_SEC;
    fetch->state = VD_STEP_DONE;
    install->state = VD_STEP_RUNNING;
    install->fraction = -1;
    assert_in_range(vd_job_remaining(job, 2 * G_USEC_PER_SEC) / G_USEC_PER_SEC, 780, 900);
    assert_true(vd_job_step_share(job, install, 61 * G_USEC_PER_SEC) < 0.08);
}

/* What was undone, or failed, leaves the bar where it was. */
static void test_job_undone(void **state)
{
    (void)state;
    g_autoptr(VdJob) job = vd_job_new("r-7K2M9Q");
    VdStep *disk = vd_job_add_step(job, "disk", "disk", 10);
    VdStep *grow = vd_job_add_step(job, "grow", "grow", 30);
    job->state = VD_JOB_CANCELLING;
    disk->state = VD_STEP_DONE;
    disk->fraction = 1;
    grow->state = VD_STEP_RUNNING;
    grow->fraction = 0.5;
    assert_true(vd_job_fraction(job, 0) == 0.625);
    disk->state = grow->state = VD_STEP_UNDONE;
    job->state = VD_JOB_CANCELLED;
    assert_true(vd_job_fraction(job, 0) == 0.625);
    grow->state = VD_STEP_FAILED;
    job->state = VD_JOB_FAILED;
    assert_true(vd_job_fraction(job, 0) == 0.625);
    /* Of a step that tells no progress, its time is what there is; of a job whose runner is gone it
     * does not pass. */
    grow->fraction = -1;
    grow->started = G_USEC_PER_SEC;
    assert_true(vd_job_step_share(job, grow, 16 * G_USEC_PER_SEC) > 0.4);
    job->state = VD_JOB_INTERRUPTED;
    grow->state = VD_STEP_RUNNING;
    assert_true(vd_job_fraction(job, 16 * G_USEC_PER_SEC) == 0.25);
}

/* ---- machines ---- */

/* A first boot whose progress comes in jumps: what is shown runs down, and does not jump up again.
 */
static void test_pace(void **state)
{
    (void)state;
    VdPace pace = {0};
    gint64 shown = vd_pace_left(&pace, 40 * G_USEC_PER_SEC, G_USEC_PER_SEC);
    assert_int_equal(shown, 40 * G_USEC_PER_SEC);
    for (gint64 t = 1; t <= 30; t++) {
        gint64 swings = (40 - t + (t % 3) * 8) * G_USEC_PER_SEC;
        gint64 next = vd_pace_left(&pace, swings, (1 + t) * G_USEC_PER_SEC);
        assert_true(next >= 0 && next <= shown + G_USEC_PER_SEC / 8);
        shown = next;
    }
    assert_in_range(shown / G_USEC_PER_SEC, 5, 25);
    /* It turns out to take far longer: silence first, then what is true now. */
    assert_int_equal(vd_pace_left(&pace, 600 * G_USEC_PER_SEC, 32 * G_USEC_PER_SEC), -1);
    assert_int_equal(vd_pace_left(&pace, 600 * G_USEC_PER_SEC, 34 * G_USEC_PER_SEC), -1);
    assert_int_equal(vd_pace_left(&pace, 600 * G_USEC_PER_SEC, 37 * G_USEC_PER_SEC),
                     600 * G_USEC_PER_SEC);
    assert_int_equal(vd_pace_left(&pace, -1, 38 * G_USEC_PER_SEC), -1);
    /* A clock that was set back. */
    assert_int_equal(vd_pace_left(&pace, 9 * G_USEC_PER_SEC, 39 * G_USEC_PER_SEC),
                     9 * G_USEC_PER_SEC);
    assert_true(vd_pace_left(&pace, 9 * G_USEC_PER_SEC, 2 * G_USEC_PER_SEC) >= 0);
    static const struct {
        gint64 left;
        const char *text;
    } texts[] = {
        {0, "1s"}, {7200000, "8s"}, {59 * G_USEC_PER_SEC, "59s"}, {101 * G_USEC_PER_SEC, "1m45s"}};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *text = vd_left_text(texts[i].left);
        assert_string_equal(text, texts[i].text);
    }
    assert_null(vd_left_text(-1));
}

static void test_vm(void **state)
{
    (void)state;
    const char *hostile = "a\033[2J\xff b\xe2\x80\xae";
    g_autoptr(VdVm) vm = vd_vm_new("6f3d2f0e-0000-0000-0000-000000000001-and-more", hostile);
    assert_int_equal(strlen(vm->uuid), 36);
    assert_string_equal(vm->raw_name, hostile);
    assert_string_equal(vm->name, "a\xef\xbf\xbd[2J\xef\xbf\xbd b\xef\xbf\xbd");
    assert_false(vd_vm_active(vm));
    g_autoptr(VdVm) copy = vd_vm_copy(vm);
    copy->state = VD_VM_RUNNING;
    assert_true(vd_vm_active(copy));
    assert_false(vd_vm_active(vm));
    /* A name of nothing that can be seen still has to be a row. */
    g_autoptr(VdVm) blank = vd_vm_new("x", "\xe2\x80\x8b\033");
    assert_string_equal(blank->name, "\xef\xbf\xbd\xef\xbf\xbd");
}

static void test_vm_order(void **state)
{
    (void)state;
    const char *const names[] = {"a",
                                 "a-1",
                                 "a-02",
                                 "a-2",
                                 "a-10",
                                 "a-10b",
                                 "ab",
                                 "b",
                                 "b99999999999999999999999",
                                 "b100000000000000000000000"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        for (guint k = 0; k < G_N_ELEMENTS(names); k++) {
            g_autoptr(VdVm) x = vd_vm_new("u", names[i]);
            g_autoptr(VdVm) y = vd_vm_new("u", names[k]);
            int order = vd_vm_compare(x, y);
            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
        }
}

/* ---- rosters ---- */

static VdVm *of_array(guint i, gpointer vms)
{
    return g_ptr_array_index((GPtrArray *)vms, i);
}

static VdVm *not_asked(guint i, gpointer data)
{
    (void)data;
    fail_msg("machine %u was read though its chunk did not change", i);
    return NULL;
}

static void count_change(guint i, VdVm *before, VdVm *now, gpointer data)
{
    assert_ptr_not_equal(before, now);
    assert_string_equal(before->uuid, now->uuid);
    *(guint *)data += i + 1;
}

static void change_at(GPtrArray *vms, guint i, VdVmState state)
{
    VdVm *vm = vd_vm_copy(g_ptr_array_index(vms, i));
    vm->state = state;
    vd_vm_unref(g_ptr_array_index(vms, i));
    g_ptr_array_index(vms, i) = vm;
}

/* What did not change is shared, and costs nothing. */
static void test_roster(void **state)
{
    (void)state;
    enum { MANY = 3 * VD_ROSTER_CHUNK + 5 };
    g_autoptr(GPtrArray) vms = g_ptr_array_new_with_free_func((GDestroyNotify)vd_vm_unref);
    for (guint i = 0; i < MANY; i++) {
        g_autofree char *uuid = g_strdup_printf("%08x-0000-4000-8000-000000000000", i);
        VdVm *vm = vd_vm_new(uuid, uuid);
        vm->state = VD_VM_RUNNING;
        g_ptr_array_add(vms, vm);
    }
    VdRoster *first = vd_roster_next(NULL, MANY, NULL, of_array, vms);
    assert_int_equal(first->len, MANY);
    assert_int_equal(first->active, MANY);
    guint8 changed[4] = {0};
    VdRoster *same = vd_roster_next(first, MANY, changed, not_asked, NULL);
    for (guint i = 0; i < 4; i++)
        assert_ptr_equal(g_ptr_array_index(first->chunks, i), g_ptr_array_index(same->chunks, i));

    change_at(vms, VD_ROSTER_CHUNK + 7, VD_VM_OFF);
    VdRoster *second = vd_roster_next(same, MANY, NULL, of_array, vms);
    for (guint i = 0; i < 4; i++) /* read, and shared all the same but for one */
        assert_int_equal(g_ptr_array_index(same->chunks, i) == g_ptr_array_index(second->chunks, i),
                         i != 1);
    assert_int_equal(second->active, MANY - 1);
    assert_int_equal(vd_roster_at(first, VD_ROSTER_CHUNK + 7)->state, VD_VM_RUNNING);
    assert_int_equal(vd_roster_at(second, VD_ROSTER_CHUNK + 7)->state, VD_VM_OFF);
    guint sum = 0;
    assert_true(vd_roster_diff(first, second, count_change, &sum));
    assert_int_equal(sum, VD_ROSTER_CHUNK + 8);

    g_ptr_array_remove_index(vms, 2); /* every chunk behind it moves */
    VdRoster *third = vd_roster_next(second, MANY - 1, NULL, of_array, vms);
    sum = 0;
    assert_false(vd_roster_diff(second, third, count_change, &sum));
    assert_int_equal(sum, 0);
    for (guint i = 0; i < third->len; i++) {
        const VdVm *vm = g_ptr_array_index(vms, i);
        assert_ptr_equal(vd_roster_at(third, i), vm);
        assert_int_equal(vd_roster_find(third, vm->uuid), i);
    }
    assert_int_equal(vd_roster_find(third, "00000002-0000-4000-8000-000000000000"), -1);
    vd_roster_unref(first);
    vd_roster_unref(same);
    vd_roster_unref(second);
    vd_roster_unref(third);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arg_check),
        cmocka_unit_test(test_args),
        cmocka_unit_test(test_args_json),
        cmocka_unit_test(test_doc),
        cmocka_unit_test(test_doc_words),
        cmocka_unit_test(test_job_words),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_job),
        cmocka_unit_test(test_job_of_one_long_step),
        cmocka_unit_test(test_job_undone),
        cmocka_unit_test(test_pace),
        cmocka_unit_test(test_vm),
        cmocka_unit_test(test_vm_order),
        cmocka_unit_test(test_roster),
    };
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
