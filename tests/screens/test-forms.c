/* Forms on a canvas: what is typed becomes the request, what is refused is kept
 * and named, nothing breaks on the smallest screens. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "src/base/i18n.h"
#include "tests/screens/fake-app.h"
#include "tests/screens/fake-form.h"
#include "ui/form.h"
#include "ui/forms.h"

static const VdArgSpec rename_args[] = {
    {.name = "new-name",
     .label = "New name",
     .help = "Letters and digits.",
     .type = VD_ARG_NAME,
     .required = TRUE,
     .positional = TRUE},
    {0},
};
static const VdVerb rename_verb = {.id = "vm.rename",
                                   .command = "rename",
                                   .label = "Rename",
                                   .target = VD_TARGET_VM,
                                   .args = rename_args};

static void test_typed_becomes_request(void **state)
{
    (void)state;
    VdForm *form = vd_fake_form(80, 24, FALSE);
    vd_fake_type("db-07<Tab><Tab>deb<Tab>20G<Tab>");
    assert_string_equal(vd_form_value(form, "image"), "debian-12"); /* by type-ahead */
    vd_form_focus(form, 0);
    while (strcmp(vd_form_focused(form)->spec->name, "password") != 0)
        vd_fake_type("<Tab>");
    vd_fake_type("s3cr3t, \"ä\"");
    vd_fake_shows("••••••••••");
    vd_fake_shows_not("s3cr3t");
    while (strcmp(vd_form_focused(form)->spec->name, "ssh-key") != 0)
        vd_fake_type("<Tab>");
    vd_fake_type("/a.pub, /b.pub");
    vd_fake_shows("overlay, offline: about 25 s here");
    vd_fake_type("<F2>");
    assert_int_equal(vd_fake()->submitted, 1);
    assert_string_equal(vd_fake()->last_host, "kvm1");
    const VdArgs *args = vd_fake()->last_args;
    assert_string_equal(vd_args_get(args, "name"), "db-07");
    assert_string_equal(vd_args_get(args, "disk"), "20G");
    assert_string_equal(vd_args_get(args, "cpus"), "2");
    assert_string_equal(vd_args_get(args, "password"), "s3cr3t, \"ä\"");
    g_auto(GStrv) keys = vd_args_all(args, "ssh-key");
    assert_int_equal(g_strv_length(keys), 2);
    assert_string_equal(keys[1], "/b.pub");
    assert_null(vd_args_get(args, "address"));
    assert_null(vd_args_get(args, "host")); /* the form's own fields are no arguments */
    assert_null(vd_args_get(args, "static"));
    /* It was taken: the job's window stands where the form was. */
    assert_string_equal(vd_fake_top()->class->name, "job");
    vd_fake_free();
}

static void test_bad_field_is_named_and_kept(void **state)
{
    (void)state;
    VdForm *form = vd_fake_form(80, 24, FALSE);
    vd_fake()->bad_field = "disk";
    vd_fake()->bad_text = "There are 12 GiB free on default.";
    vd_fake_type("db-07<Tab><Tab>deb<Tab>900G<F2>");
    assert_int_equal(vd_fake()->submitted, 0);
    assert_string_equal(vd_form_focused(form)->spec->name, "disk");
    vd_fake_shows("There are 12 GiB free on default.");
    vd_fake_shows("900G");
    vd_fake_type("<Tab>"); /* the reason stays in sight */
    vd_fake_shows("Disk: There are 12 GiB free on default.");
    vd_fake_type("<Shift-Tab>");
    vd_fake()->bad_field = NULL;
    vd_fake_type("<Backspace><Backspace><F2>");
    assert_int_equal(vd_fake()->submitted, 1);
    vd_fake_free();
}

/* Nothing is asked of it, and nothing begun. */
static void test_host_that_is_away(void **state)
{
    (void)state;
    VdForm *form = vd_fake_form(80, 24, FALSE);
    VdHost *host = vd_fake_host_up("kvm1");
    host->state = VD_HOST_DOWN;
    host->error = g_ref_string_new("kvm1 does not answer.");
    g_ptr_array_set_size(vd_fake()->fleet->hosts, 0);
    g_ptr_array_add(vd_fake()->fleet->hosts, host);
    vd_fake_type("db-07<Tab><Tab>deb<F2>");
    g_autofree char *screen = vd_fake_screen();
    assert_int_equal(vd_fake()->submitted, 0);
    assert_non_null(strstr(screen, "kvm1 does not answer."));
    assert_int_equal(vd_form_field(form, "host")->state, VD_FIELD_BAD);
    vd_fake_free();
}

static void test_refused_request_keeps_the_form(void **state)
{
    (void)state;
    vd_fake_form(80, 24, FALSE);
    vd_fake()->refusal = "A machine called db-07 is there already.";
    vd_fake_type("db-07<Tab><Tab>deb<F2>");
    assert_int_equal(vd_fake()->submitted, 1);
    vd_fake_shows("A machine called db-07 is there already. (request r-7K2M9Q)");
    vd_fake_shows("db-07");
    vd_fake()->refusal = NULL;
    vd_fake_type("<F2>");
    assert_int_equal(vd_fake()->submitted, 2);
    vd_fake_free();
}

static void test_static_address(void **state)
{
    (void)state;
    VdForm *form = vd_fake_form(80, 24, FALSE);
    assert_true(vd_form_field(form, "address")->off);
    while (strcmp(vd_form_focused(form)->spec->name, "static") != 0)
        vd_fake_type("<Tab>");
    vd_fake_shows("(•) DHCP ( ) static");
    vd_fake_type("<Right>");
    vd_fake_shows("( ) DHCP (•) static");
    vd_fake_type("<Tab>");
    vd_fake_shows("such as 192.0.2.7/24.");
    vd_fake_type("<Tab>"); /* an empty one is not taken for DHCP */
    vd_fake_shows("Address: It takes an address here");
    vd_form_set(form, vd_form_field(form, "name"), "db-07");
    vd_form_set(form, vd_form_field(form, "image"), "debian-12");
    vd_fake_type("<F2>");
    assert_int_equal(vd_fake()->submitted, 0);
    assert_string_equal(vd_form_focused(form)->spec->name, "address");
    vd_fake_type("192.0.2.7/24<Tab>192.0.2.1<Tab>192.0.2.1,192.0.2.2<Tab>");
    g_autoptr(VdArgs) args = vd_form_args(form);
    assert_string_equal(vd_args_get(args, "address"), "192.0.2.7/24");
    g_auto(GStrv) servers = vd_args_all(args, "dns");
    assert_int_equal(g_strv_length(servers), 2);
    vd_fake_free();
}

static void test_list(void **state)
{
    (void)state;
    VdForm *form = vd_fake_form(80, 24, FALSE);
    vd_fake_type("<Tab><Tab><Enter>");
    assert_true(form->list.open);
    vd_fake_shows("alpine");
    vd_fake_type("<Down><Enter>");
    assert_string_equal(vd_form_value(form, "image"), "debian-12");
    assert_false(form->list.open);
    vd_fake_type("<Ctrl-U>ber");
    vd_fake_shows("Europe/Berlin"); /* in the middle of a choice as well */
    vd_fake_shows_not("alpine");
    vd_fake_type("<Esc>"); /* one layer: the list, not the form */
    assert_non_null(vd_fake_top());
    assert_false(form->list.open);
    vd_fake_free();
}

/* On a slow line one types faster than the choices come. */
static void test_choices_come_late(void **state)
{
    (void)state;
    VdForm *form = vd_fake_form(80, 24, FALSE);
    VdField *image = vd_form_field(form, "image");
    vd_form_forget_choices(form, image);
    vd_fake()->slow = TRUE;
    vd_fake_type("<Tab><Tab>deb<Tab>");
    assert_string_equal(vd_form_value(form, "image"), "deb");
    vd_fake_answer();
    assert_string_equal(vd_form_value(form, "image"), "debian-12");
    vd_fake_answer();
    assert_int_equal(image->state, VD_FIELD_GOOD);
    vd_fake_free();
}

/* An image that was added while the form is open is in its list. */
static void test_list_follows_images(void **state)
{
    static const char *const more[] = {"alpine", "fresh-13", NULL};
    (void)state;
    VdForm *form = vd_fake_form(80, 24, FALSE);
    vd_fake_type("<Tab><Tab>");
    assert_string_equal(vd_form_focused(form)->spec->name, "image");
    vd_fake()->choices = more;
    form->dialog.class->changed(&form->dialog, VD_CHANGED_IMAGES);
    vd_fake_answer();
    vd_fake_type("<Enter>");
    vd_fake_shows("fresh-13");
    vd_fake_free();
}

static void test_mouse(void **state)
{
    (void)state;
    VdForm *form = vd_fake_form(80, 24, FALSE);
    g_free(vd_fake_screen());
    VdField *flag = vd_form_field(form, "whole");
    vd_fake_click(flag->place.x, flag->place.y);
    assert_true(flag->on);
    assert_ptr_equal(vd_form_focused(form), flag);
    VdField *image = vd_form_field(form, "image");
    vd_fake_click(image->place.x, image->place.y);
    assert_true(form->list.open);
    vd_fake_click(form->list.rect.x, form->list.rect.y + 1);
    assert_string_equal(vd_form_value(form, "image"), "debian-12");
    vd_fake_click(form->button_rects[2].x + 1, form->button_rects[2].y);
    assert_null(vd_fake_top());
    vd_fake_free();
}

static void test_escape_asks_once(void **state)
{
    (void)state;
    vd_fake_form(80, 24, FALSE);
    vd_fake_type("db");
    vd_fake_type("<Esc>");
    assert_non_null(vd_fake_top());
    vd_fake_shows("Esc once more");
    vd_fake_type("<Esc>");
    assert_null(vd_fake_top());
    vd_fake_free();
}

static void test_paste(void **state)
{
    (void)state;
    VdForm *form = vd_fake_form(80, 24, FALSE);
    vd_fake_paste("db-07\n");
    assert_string_equal(vd_form_value(form, "name"), "db-07");
    assert_int_equal(form->focus, 0);
    vd_form_focus(form, form->fields->len); /* the first button */
    vd_fake_paste("\n \n");
    assert_int_equal(vd_fake()->submitted, 0);
    vd_fake_free();
}

static void test_late_answer(void **state)
{
    (void)state;
    VdForm *form = vd_fake_form(80, 24, FALSE);
    VdApp *app = form->dialog.app;
    vd_form_set(form, vd_form_field(form, "name"), "a");
    vd_form_check(form, vd_form_field(form, "name"));
    vd_app_close(app, &form->dialog); /* before the answer came */
    vd_fake_answer();
    assert_int_equal(vd_fake()->awaited, 0);
    vd_fake_free();
}

static VdImage *image_lame(void)
{
    VdImage *image = vd_image_new();
    image->name = g_strdup("debian-12");
    image->why_not = g_strdup("Its root file system was not found.");
    return image;
}

static void test_lame_image(void **state)
{
    (void)state;
    VdForm *form = vd_fake_form(80, 24, FALSE);
    g_ptr_array_add(vd_fake()->images, image_lame());
    vd_fake()->bad_field = "image";
    vd_fake()->bad_text = "Its root file system was not found.";
    vd_fake_type("db-07<Tab><Tab>deb<Enter>");
    vd_fake_shows("Its root file system was not found. F6 goes on without");
    vd_fake_shows("[ F6 Go on without ]");
    vd_fake_type("<Tab>");
    vd_fake_shows("✗");
    vd_fake_shows("Image: Its root file system was not found. F6 goes on without growing or");
    vd_fake()->bad_field = "timezone";
    vd_fake()->bad_text = "It has no such zone.";
    vd_form_set(form, vd_form_field(form, "timezone"), "Mars/Base");
    vd_form_check(form, vd_form_field(form, "timezone"));
    vd_fake_answer();
    vd_fake()->summary = "a plain overlay";
    vd_fake_type("<F6>");
    /* What it says afterwards is of now: no mark, no reason, no button, no summary of before. */
    vd_fake_shows("a plain overlay");
    vd_fake_shows_not("✗");
    vd_fake_shows_not("F6");
    vd_fake_shows_not("was not found");
    assert_int_equal(vd_form_field(form, "timezone")->state, VD_FIELD_PLAIN);
    assert_true(vd_form_field(form, "no-grow")->on);
    assert_true(vd_form_field(form, "no-customise")->on);
    assert_true(vd_form_field(form, "timezone")->off); /* what it cannot have is not asked */
    vd_fake_type("<F2>");
    assert_int_equal(vd_fake()->submitted, 1);
    assert_true(vd_args_flag(vd_fake()->last_args, "no-customise"));
    assert_null(vd_args_get(vd_fake()->last_args, "timezone"));
    vd_fake_free();
}

/* What was found wrong with a field that makes no sense any more is forgotten, and found again when
 * it does. */
static void test_field_that_goes_off(void **state)
{
    (void)state;
    VdForm *form = vd_fake_form(80, 24, FALSE);
    VdField *address = vd_form_field(form, "address");
    while (strcmp(vd_form_focused(form)->spec->name, "static") != 0)
        vd_fake_type("<Tab>");
    vd_fake()->bad_field = "address";
    vd_fake()->bad_text = "That is no address.";
    vd_fake_type("<Right><Tab>192.0.2<Tab>");
    vd_fake_shows("Address: That is no address.");
    vd_fake_type("<Shift-Tab><Shift-Tab><Left>");
    assert_int_equal(address->state, VD_FIELD_PLAIN);
    vd_fake_shows_not("That is no address.");
    vd_fake_type("<Right><Tab>");
    vd_fake()->bad_field = NULL;
    vd_fake_type("<Tab>"); /* nothing was typed, and yet it is checked anew */
    assert_int_equal(address->state, VD_FIELD_GOOD);
    vd_fake_type("<F2>");
    assert_int_equal(vd_fake()->submitted, 1);
    vd_fake_free();
}

/* A field that was right is asked about again once what it depends on has changed. */
static void test_right_field_is_doubted(void **state)
{
    (void)state;
    VdForm *form = vd_fake_form(80, 24, FALSE);
    while (strcmp(vd_form_focused(form)->spec->name, "static") != 0)
        vd_fake_type("<Tab>");
    vd_fake_type("<Right><Tab>192.0.2.7/24<Tab>192.0.2.1<Tab>");
    assert_int_equal(vd_form_field(form, "gateway")->state, VD_FIELD_GOOD);
    vd_fake()->bad_field = "gateway";
    vd_fake()->bad_text = "It is not in that network.";
    vd_fake_type("<Shift-Tab><Shift-Tab>198.51.100.7/24<Tab>");
    assert_int_equal(vd_form_field(form, "address")->state, VD_FIELD_GOOD);
    assert_int_equal(vd_form_field(form, "gateway")->state, VD_FIELD_BAD);
    vd_fake()->bad_field = NULL;
    vd_fake_type("<Shift-Tab>192.0.2.7/24<Tab>");
    assert_int_equal(vd_form_field(form, "gateway")->state, VD_FIELD_GOOD);
    vd_fake_free();
}

static void test_only_image(void **state)
{
    (void)state;
    static const char *const one[] = {"debian-12", NULL}, *const two[] = {"a", "b", NULL};
    for (int i = 0; i < 2; i++) {
        VdApp *app = vd_fake_new(80, 24, FALSE);
        g_ptr_array_add(vd_fake()->fleet->hosts, vd_fake_host_up("kvm1"));
        vd_fake()->choices = i ? two : one;
        VdForm *form = (VdForm *)vd_form_new(app, &vd_fake_deploy, NULL, NULL);
        vd_app_push(app, &form->dialog);
        vd_fake_answer();
        assert_string_equal(vd_edit_text(&vd_form_field(form, "image")->edit), i ? "" : one[0]);
        vd_fake_type("<Esc>"); /* nothing was typed: it does not ask */
        assert_null(vd_fake_top());
        vd_fake_free();
    }
}

/* What a list has put there is replaced by what one types, like what is marked elsewhere. */
static void test_typing_replaces_a_choice(void **state)
{
    (void)state;
    VdForm *form = vd_fake_form(80, 24, FALSE);
    VdField *network = vd_form_field(form, "network");
    assert_string_equal(vd_edit_text(&network->edit), "default");
    while (vd_form_focused(form) != network)
        vd_fake_type("<Tab>");
    vd_fake_type("kv");
    assert_string_equal(vd_edit_text(&network->edit), "kv");
    vd_fake_type("m2<Shift-Tab><Tab><End>x"); /* it was touched: one corrects it */
    assert_string_equal(vd_edit_text(&network->edit), "kvm2x");
    VdField *cpus = vd_form_field(form, "cpus"); /* the same of a usual value */
    while (vd_form_focused(form) != cpus)
        vd_fake_type("<Shift-Tab>");
    vd_fake_type("4<Tab>");
    assert_string_equal(vd_edit_text(&cpus->edit), "4");
    vd_fake_free();
}

/* A summary and a reason of two lines each are read to their ends on the usual small screen. */
static void test_long_words(void **state)
{
    (void)state;
    VdForm *form = vd_fake_form(80, 24, FALSE);
    vd_fake()->summary = "an overlay at 10 GiB, set up by its own cloud-init at the first boot: "
                         "about 1 second here, then the first boot (no KVM: emulated, SLOW)";
    vd_fake()->bad_field = "name";
    vd_fake()->bad_text = "A machine named db-07 is there already, and so is another one that has "
                          "nearly the same name; choose another name, by all MEANS.";
    vd_fake_type("db-07<Tab>");
    vd_fake_shows("SLOW)");
    vd_fake_shows("MEANS.");
    (void)form;
    vd_fake_free();
}

/* Two fields that do not go together: putting one right puts the other right. */
static void test_bad_field_is_checked_again(void **state)
{
    (void)state;
    VdForm *form = vd_fake_form(80, 24, FALSE);
    vd_fake()->bad_field = "disk";
    vd_fake()->bad_text = "Too large.";
    vd_fake_type("db-07<Tab><Tab>deb<Tab>900G<Tab>");
    assert_int_equal(vd_form_field(form, "disk")->state, VD_FIELD_BAD);
    vd_fake()->bad_field = NULL;
    vd_fake_type("1<Tab>");
    assert_int_equal(vd_form_field(form, "disk")->state, VD_FIELD_GOOD);
    vd_fake_free();
}

static void test_many_keys_from_the_list(void **state)
{
    (void)state;
    VdForm *form = vd_fake_form(80, 24, FALSE);
    while (strcmp(vd_form_focused(form)->spec->name, "ssh-key") != 0)
        vd_fake_type("<Tab>");
    vd_fake_type("/a.pub, kvm<Enter><Down><Enter>");
    assert_string_equal(vd_form_value(form, "ssh-key"), "/a.pub, debian-12");
    vd_fake_free();
}

static void test_command(void **state)
{
    (void)state;
    vd_fake_form(80, 24, FALSE);
    vd_fake_type("db-07<Tab><Tab>deb<F3>"); /* what is clear is taken before the button works */
    vd_fake_shows("vmdeck -c kvm1 deploy db-07 --image debian-12 --disk '20 -- G' --memory 4G");
    vd_fake_shows("\\");
    vd_fake_shows("  --cpus 2 --timezone Europe/Berlin");
    vd_fake_type("<Esc>");
    assert_string_equal(vd_fake_top()->class->name, "form");
    vd_fake_free();
}

/* What follows from a system is put where nobody has typed, and taken away with it. */
static void test_what_follows_from_a_system(void **state)
{
    (void)state;
    static const VdArgSpec specs[] = {
        {.name = "os", .label = "System", .type = VD_ARG_SYSTEM},
        {.name = "tree", .label = "Tree", .type = VD_ARG_TEXT},
        {.name = "memory", .label = "Memory", .type = VD_ARG_SIZE, .value = "2G"},
        {.name = "disk", .label = "Disk", .type = VD_ARG_SIZE, .value = "10G"},
        {0},
    };
    static const VdVerb verb = {
        .id = "install", .label = "Install", .target = VD_TARGET_HOST, .args = specs};
    VdApp *app = vd_fake_new(80, 24, FALSE);
    g_autoptr(VdArgs) first = vd_args_new();
    g_autoptr(VdArgs) second = vd_args_new();
    vd_args_set(first, "tree", "http://mirror.example/tiny");
    vd_args_set(first, "memory", "3G");
    vd_args_set(first, "disk", "20G");
    vd_args_set(second, "disk", "30G");
    VdForm *form = (VdForm *)vd_form_new(app, &verb, NULL, NULL);
    vd_app_push(app, &form->dialog);
    vd_fake()->follows = first;
    vd_fake_type("tiny1<Tab>");
    assert_string_equal(vd_form_value(form, "disk"), "20G");
    vd_fake_type("<Tab><Tab>15G<Shift-Tab><Shift-Tab>"); /* what followed is typed over */
    assert_string_equal(vd_form_value(form, "tree"), "http://mirror.example/tiny");
    assert_string_equal(vd_form_value(form, "memory"), "3G");
    assert_string_equal(vd_form_value(form, "disk"), "15G");
    vd_fake()->follows = second;
    vd_fake_type("<Shift-Tab>");
    vd_form_set(form, vd_form_focused(form), "tiny2");
    vd_fake_type("<Tab>");
    assert_null(vd_form_value(form, "tree"));
    assert_string_equal(vd_form_value(form, "memory"), "2G");
    assert_string_equal(vd_form_value(form, "disk"), "15G");
    /* What it comes to is waited for. */
    vd_fake_type("<Shift-Tab>");
    vd_form_set(form, vd_form_focused(form), "tiny3");
    vd_fake()->follows = first;
    vd_fake_type("<F2>");
    assert_string_equal(vd_args_get(vd_fake()->last_args, "tree"), "http://mirror.example/tiny");
    vd_fake_free();
}

static void test_generic_form(void **state)
{
    (void)state;
    VdApp *app = vd_fake_new(80, 24, FALSE);
    g_autoptr(VdTargets) targets = vd_targets_new(VD_TARGET_VM);
    vd_targets_add(targets, "kvm1", "uuid-1", "web-01");
    vd_app_push(app, vd_form_new(app, &rename_verb, targets, NULL));
    vd_fake_shows("Rename: web-01");
    vd_fake_shows("Letters and digits.");
    vd_fake_type("web-09<F2>");
    assert_string_equal(vd_args_get(vd_fake()->last_args, "new-name"), "web-09");
    assert_string_equal(vd_fake()->last_target, "uuid-1");
    assert_null(vd_fake_top());
    vd_fake_free();
}

/* Enter leaves a field for the button, but not with what is wrong. */
static void test_enter_on_what_is_wrong(void **state)
{
    (void)state;
    VdApp *app = vd_fake_new(80, 24, FALSE);
    g_autoptr(VdTargets) targets = vd_targets_new(VD_TARGET_VM);
    vd_targets_add(targets, "kvm1", "uuid-1", "web-01");
    VdDialog *form = vd_form_new(app, &rename_verb, targets, NULL);
    vd_app_push(app, form);
    vd_fake()->bad_field = "new-name";
    vd_fake()->bad_text = "A name has no blank.";
    vd_fake_type("a b<Enter>");
    assert_non_null(vd_form_focused((VdForm *)form));
    vd_fake()->bad_field = NULL;
    vd_fake_type("<Backspace><Backspace>-7<Enter>");
    assert_null(vd_form_focused((VdForm *)form));
    vd_fake_type("<Enter>");
    assert_string_equal(vd_args_get(vd_fake()->last_args, "new-name"), "a-7");
    vd_fake_free();
}

/* ---- on any screen ---- */

static void test_ascii(void **state)
{
    (void)state;
    vd_fake_form(80, 24, TRUE);
    vd_fake_type("db<Tab><Tab><Enter>");
    vd_fake_7bit();
    vd_fake_free();
}

/* Every size from a whole screen down to one cell, with the focus on every field and the list
 * open. */
static void test_sizes(void **state)
{
    (void)state;
    for (guint i = 0; i < vd_fake_sizes_count; i++) {
        vd_fake_form(vd_fake_sizes[i][0], vd_fake_sizes[i][1], FALSE);
        for (int n = 0; n < 24; n++)
            vd_fake_type("<Enter><Down><Esc><Tab>");
        vd_fake_free();
    }
}

static void test_focus_is_always_seen(void **state)
{
    (void)state;
    VdForm *form = vd_fake_form(40, 8, FALSE);
    for (guint i = 0; i < form->fields->len; i++) {
        const VdField *field = g_ptr_array_index(form->fields, i);
        if (field->off)
            continue;
        vd_form_focus(form, i);
        g_free(vd_fake_screen());
        assert_true(field->place.w > 0);
    }
    vd_fake_free();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_typed_becomes_request),
        cmocka_unit_test(test_bad_field_is_named_and_kept),
        cmocka_unit_test(test_host_that_is_away),
        cmocka_unit_test(test_refused_request_keeps_the_form),
        cmocka_unit_test(test_static_address),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_choices_come_late),
        cmocka_unit_test(test_list_follows_images),
        cmocka_unit_test(test_mouse),
        cmocka_unit_test(test_escape_asks_once),
        cmocka_unit_test(test_paste),
        cmocka_unit_test(test_late_answer),
        cmocka_unit_test(test_lame_image),
        cmocka_unit_test(test_field_that_goes_off),
        cmocka_unit_test(test_right_field_is_doubted),
        cmocka_unit_test(test_only_image),
        cmocka_unit_test(test_typing_replaces_a_choice),
        cmocka_unit_test(test_long_words),
        cmocka_unit_test(test_bad_field_is_checked_again),
        cmocka_unit_test(test_many_keys_from_the_list),
        cmocka_unit_test(test_command),
        cmocka_unit_test(test_generic_form),
        cmocka_unit_test(test_enter_on_what_is_wrong),
        cmocka_unit_test(test_what_follows_from_a_system),
        cmocka_unit_test(test_ascii),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_focus_is_always_seen),
    };
    return cmocka_run_group_tests_name("forms", tests, NULL, NULL);
}
