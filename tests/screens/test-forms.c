/* Forms and the job window on a canvas: what is typed becomes the request, what is refused is kept
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
#include "ui/form.h"
#include "ui/forms.h"
#include "ui/job-window.h"

static const VdArgSpec deploy_args[] = {
    {.name = "name",
     .label = "Name",
     .help = "What it is called.",
     .type = VD_ARG_NAME,
     .required = TRUE,
     .positional = TRUE},
    {.name = "image",
     .label = "Image",
     .help = "From which image.",
     .type = VD_ARG_IMAGE,
     .required = TRUE},
    {.name = "disk", .label = "Disk", .help = "How large.", .type = VD_ARG_SIZE},
    {.name = "cpus", .label = "CPUs", .help = "How many.", .type = VD_ARG_INT, .value = "2"},
    {.name = "memory", .label = "Memory", .help = "How much.", .type = VD_ARG_SIZE, .value = "2G"},
    {.name = "network",
     .label = "Network",
     .help = "Which.",
     .type = VD_ARG_NETWORK,
     .value = "default"},
    {.name = "password", .label = "Root password", .help = "Of root.", .type = VD_ARG_SECRET},
    {.name = "locked", .label = "Lock root", .help = "No password.", .type = VD_ARG_FLAG},
    {.name = "ssh-key", .label = "SSH keys", .help = "Keys.", .type = VD_ARG_TEXT, .many = TRUE},
    {.name = "timezone", .label = "Timezone", .help = "Where.", .type = VD_ARG_TIMEZONE},
    {.name = "address", .label = "Address", .help = "A fixed one.", .type = VD_ARG_ADDRESS},
    {.name = "gateway", .label = "Gateway", .help = "The way out.", .type = VD_ARG_IP},
    {.name = "dns", .label = "DNS", .help = "Name servers.", .type = VD_ARG_IP, .many = TRUE},
    {.name = "no-grow", .label = "Do not grow", .help = "As it is.", .type = VD_ARG_FLAG},
    {.name = "no-customise", .label = "Do not customise", .help = "As it is.", .type = VD_ARG_FLAG},
    {.name = "whole", .label = "Whole copy", .help = "No overlay.", .type = VD_ARG_FLAG},
    {0},
};
static const VdVerb deploy = {.id = "deploy",
                              .command = "deploy",
                              .label = "Deploy",
                              .target = VD_TARGET_HOST,
                              .kind = VD_VERB_JOB,
                              .args = deploy_args};

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

static VdHost *host_up(const char *id)
{
    VdHost *host = vd_host_new(id, "test:///default");
    host->state = VD_HOST_UP;
    return host;
}

static VdForm *deploy_open(int width, int height, gboolean ascii)
{
    static const char *const choices[] = {"alpine", "debian-12", "Europe/Berlin", "default", "kvm1",
                                          "kvm2",   NULL};
    VdApp *app = vd_fake_new(width, height, ascii);
    vd_fake()->choices = choices;
    vd_fake()->summary = "overlay, offline: about 25 s here, then the first boot";
    g_ptr_array_add(vd_fake()->fleet->hosts, host_up("kvm1"));
    VdDialog *form = vd_form_new(app, &deploy, NULL, NULL);
    vd_app_push(app, form);
    vd_fake_answer();
    return (VdForm *)form;
}

static void assert_shows(const char *text)
{
    g_autofree char *screen = vd_fake_screen();
    if (!strstr(screen, text))
        fail_msg("\"%s\" is not on the screen:\n%s", text, screen);
}

static void assert_shows_not(const char *text)
{
    g_autofree char *screen = vd_fake_screen();
    if (strstr(screen, text))
        fail_msg("\"%s\" is on the screen:\n%s", text, screen);
}

static void test_typed_becomes_request(void **state)
{
    (void)state;
    VdForm *form = deploy_open(80, 24, FALSE);
    vd_fake_type("db-07<Tab><Tab>deb<Tab>20G<Tab>");
    assert_string_equal(vd_form_value(form, "image"), "debian-12"); /* by type-ahead */
    vd_form_focus(form, 0);
    while (strcmp(vd_form_focused(form)->spec->name, "password") != 0)
        vd_fake_type("<Tab>");
    vd_fake_type("s3cr3t, \"ä\"");
    assert_shows("••••••••••");
    assert_shows_not("s3cr3t");
    while (strcmp(vd_form_focused(form)->spec->name, "ssh-key") != 0)
        vd_fake_type("<Tab>");
    vd_fake_type("/a.pub, /b.pub");
    assert_shows("overlay, offline: about 25 s here");
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
    VdForm *form = deploy_open(80, 24, FALSE);
    vd_fake()->bad_field = "disk";
    vd_fake()->bad_text = "There are 12 GiB free on default.";
    vd_fake_type("db-07<Tab><Tab>deb<Tab>900G<F2>");
    assert_int_equal(vd_fake()->submitted, 0);
    assert_string_equal(vd_form_focused(form)->spec->name, "disk");
    assert_shows("There are 12 GiB free on default.");
    assert_shows("900G");
    vd_fake_type("<Tab>"); /* the reason stays in sight */
    assert_shows("Disk: There are 12 GiB free on default.");
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
    VdForm *form = deploy_open(80, 24, FALSE);
    VdHost *host = host_up("kvm1");
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
    deploy_open(80, 24, FALSE);
    vd_fake()->refusal = "A machine called db-07 is there already.";
    vd_fake_type("db-07<Tab><Tab>deb<F2>");
    assert_int_equal(vd_fake()->submitted, 1);
    assert_shows("A machine called db-07 is there already. (request r-7K2M9Q)");
    assert_shows("db-07");
    vd_fake()->refusal = NULL;
    vd_fake_type("<F2>");
    assert_int_equal(vd_fake()->submitted, 2);
    vd_fake_free();
}

static void test_static_address(void **state)
{
    (void)state;
    VdForm *form = deploy_open(80, 24, FALSE);
    assert_true(vd_form_field(form, "address")->off);
    while (strcmp(vd_form_focused(form)->spec->name, "static") != 0)
        vd_fake_type("<Tab>");
    assert_shows("(•) DHCP ( ) static");
    vd_fake_type("<Right>");
    assert_shows("( ) DHCP (•) static");
    vd_fake_type("<Tab>");
    assert_shows("such as 192.0.2.7/24.");
    vd_fake_type("<Tab>"); /* an empty one is not taken for DHCP */
    assert_shows("Address: It takes an address here");
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
    VdForm *form = deploy_open(80, 24, FALSE);
    vd_fake_type("<Tab><Tab><Enter>");
    assert_true(form->list.open);
    assert_shows("alpine");
    vd_fake_type("<Down><Enter>");
    assert_string_equal(vd_form_value(form, "image"), "debian-12");
    assert_false(form->list.open);
    vd_fake_type("<Ctrl-U>ber");
    assert_shows("Europe/Berlin"); /* in the middle of a choice as well */
    assert_shows_not("alpine");
    vd_fake_type("<Esc>"); /* one layer: the list, not the form */
    assert_non_null(vd_fake_top());
    assert_false(form->list.open);
    vd_fake_free();
}

/* On a slow line one types faster than the choices come. */
static void test_choices_come_late(void **state)
{
    (void)state;
    VdForm *form = deploy_open(80, 24, FALSE);
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
    VdForm *form = deploy_open(80, 24, FALSE);
    vd_fake_type("<Tab><Tab>");
    assert_string_equal(vd_form_focused(form)->spec->name, "image");
    vd_fake()->choices = more;
    form->dialog.class->changed(&form->dialog, VD_CHANGED_IMAGES);
    vd_fake_answer();
    vd_fake_type("<Enter>");
    assert_shows("fresh-13");
    vd_fake_free();
}

static void test_mouse(void **state)
{
    (void)state;
    VdForm *form = deploy_open(80, 24, FALSE);
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
    deploy_open(80, 24, FALSE);
    vd_fake_type("db");
    vd_fake_type("<Esc>");
    assert_non_null(vd_fake_top());
    assert_shows("Esc once more");
    vd_fake_type("<Esc>");
    assert_null(vd_fake_top());
    vd_fake_free();
}

static void test_paste(void **state)
{
    (void)state;
    VdForm *form = deploy_open(80, 24, FALSE);
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
    VdForm *form = deploy_open(80, 24, FALSE);
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
    VdForm *form = deploy_open(80, 24, FALSE);
    g_ptr_array_add(vd_fake()->images, image_lame());
    vd_fake()->bad_field = "image";
    vd_fake()->bad_text = "Its root file system was not found.";
    vd_fake_type("db-07<Tab><Tab>deb<Enter>");
    assert_shows("Its root file system was not found. F6 goes on without");
    assert_shows("[ F6 Go on without ]");
    vd_fake_type("<Tab>");
    assert_shows("✗");
    assert_shows("Image: Its root file system was not found. F6 goes on without growing or");
    vd_fake()->bad_field = "timezone";
    vd_fake()->bad_text = "It has no such zone.";
    vd_form_set(form, vd_form_field(form, "timezone"), "Mars/Base");
    vd_form_check(form, vd_form_field(form, "timezone"));
    vd_fake_answer();
    vd_fake()->summary = "a plain overlay";
    vd_fake_type("<F6>");
    /* What it says afterwards is of now: no mark, no reason, no button, no summary of before. */
    assert_shows("a plain overlay");
    assert_shows_not("✗");
    assert_shows_not("F6");
    assert_shows_not("was not found");
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
    VdForm *form = deploy_open(80, 24, FALSE);
    VdField *address = vd_form_field(form, "address");
    while (strcmp(vd_form_focused(form)->spec->name, "static") != 0)
        vd_fake_type("<Tab>");
    vd_fake()->bad_field = "address";
    vd_fake()->bad_text = "That is no address.";
    vd_fake_type("<Right><Tab>192.0.2<Tab>");
    assert_shows("Address: That is no address.");
    vd_fake_type("<Shift-Tab><Shift-Tab><Left>");
    assert_int_equal(address->state, VD_FIELD_PLAIN);
    assert_shows_not("That is no address.");
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
    VdForm *form = deploy_open(80, 24, FALSE);
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
        g_ptr_array_add(vd_fake()->fleet->hosts, host_up("kvm1"));
        vd_fake()->choices = i ? two : one;
        VdForm *form = (VdForm *)vd_form_new(app, &deploy, NULL, NULL);
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
    VdForm *form = deploy_open(80, 24, FALSE);
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
    VdForm *form = deploy_open(80, 24, FALSE);
    vd_fake()->summary = "an overlay at 10 GiB, set up by its own cloud-init at the first boot: "
                         "about 1 second here, then the first boot (no KVM: emulated, SLOW)";
    vd_fake()->bad_field = "name";
    vd_fake()->bad_text = "A machine named db-07 is there already, and so is another one that has "
                          "nearly the same name; choose another name, by all MEANS.";
    vd_fake_type("db-07<Tab>");
    assert_shows("SLOW)");
    assert_shows("MEANS.");
    (void)form;
    vd_fake_free();
}

/* Two fields that do not go together: putting one right puts the other right. */
static void test_bad_field_is_checked_again(void **state)
{
    (void)state;
    VdForm *form = deploy_open(80, 24, FALSE);
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
    VdForm *form = deploy_open(80, 24, FALSE);
    while (strcmp(vd_form_focused(form)->spec->name, "ssh-key") != 0)
        vd_fake_type("<Tab>");
    vd_fake_type("/a.pub, kvm<Enter><Down><Enter>");
    assert_string_equal(vd_form_value(form, "ssh-key"), "/a.pub, debian-12");
    vd_fake_free();
}

static void test_command(void **state)
{
    (void)state;
    deploy_open(80, 24, FALSE);
    vd_fake_type("db-07<Tab><Tab>deb<F3>"); /* what is clear is taken before the button works */
    assert_shows("vmdeck -c kvm1 deploy db-07 --image debian-12 --disk '20 -- G' --memory 4G");
    assert_shows("\\");
    assert_shows("  --cpus 2 --timezone Europe/Berlin");
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
    assert_shows("Rename: web-01");
    assert_shows("Letters and digits.");
    vd_fake_type("web-09<F2>");
    assert_string_equal(vd_args_get(vd_fake()->last_args, "new-name"), "web-09");
    assert_string_equal(vd_fake()->last_target, "uuid-1");
    assert_null(vd_fake_top());
    vd_fake_free();
}

/* ---- the job window ---- */

static VdJob *job_make(VdJobState job_state)
{
    VdJob *job = vd_job_new("r-7K2M9Q");
    gint64 now = g_get_real_time();
    job->verb = g_strdup("deploy");
    job->title = g_strdup("deploy db-07");
    job->target = g_strdup("db-07");
    job->host = g_strdup("kvm1");
    job->state = job_state;
    job->started = now - 41 * G_USEC_PER_SEC;
    job->note = g_strdup("No KVM here: emulated, slow.");
    static const char *const labels[] = {"check", "disk", "grow", "customise", "start"};
    for (guint i = 0; i < G_N_ELEMENTS(labels); i++) {
        VdStep *step = vd_job_add_step(job, labels[i], labels[i], 5);
        step->text = g_strdup("what it does");
        step->state = i < 2 ? VD_STEP_DONE : i == 2 ? VD_STEP_RUNNING : VD_STEP_WAITING;
        step->fraction = i < 2 ? 1 : i == 2 ? 0.44 : 0;
        step->started = i <= 2 ? job->started : 0;
        step->ended = i < 2 ? job->started + 100000 : 0;
    }
    if (job_state == VD_JOB_FAILED) {
        ((VdStep *)g_ptr_array_index(job->steps, 2))->state = VD_STEP_FAILED;
        job->ended = now;
        job->error = g_strdup("The file system is full.");
        job->detail = g_strdup("resize2fs: No space left on device");
        job->undone = g_strdup("the disk was removed");
    }
    return job;
}

static VdApp *job_open(VdJobState job_state, int width, int height, gboolean ascii)
{
    VdApp *app = vd_fake_new(width, height, ascii);
    g_ptr_array_add(vd_fake()->jobs, job_make(job_state));
    vd_app_push(app, vd_job_window_new(app, "r-7K2M9Q"));
    return app;
}

static void test_job_running(void **state)
{
    (void)state;
    job_open(VD_JOB_RUNNING, 80, 24, FALSE);
    assert_shows("deploy db-07 · r-7K2M9Q · 00:41");
    assert_shows("✓ check     what it does");
    assert_shows("▸ grow");
    assert_shows(" 44%");
    assert_shows("Total");
    assert_shows("No KVM here: emulated, slow.");
    vd_fake_type("c");
    assert_string_equal(vd_fake()->last_verb->id, "job.cancel");
    assert_string_equal(vd_fake()->last_target, "r-7K2M9Q");
    vd_fake()->log = "one\ntwo\033[31m three\nfour";
    vd_fake_type("l");
    assert_shows("Log of deploy db-07");
    assert_shows("four");
    g_autofree char *screen = vd_fake_screen();
    assert_null(strchr(screen, '\033'));
    vd_fake_type("<Esc>");
    assert_string_equal(vd_fake_top()->class->name, "job");
    vd_fake_free();
}

static void test_job_failed(void **state)
{
    (void)state;
    job_open(VD_JOB_FAILED, 80, 24, FALSE);
    assert_shows("✗ grow");
    assert_shows("grow: The file system is full.");
    assert_shows("resize2fs: No space left on device");
    assert_shows("Taken back: the disk was removed");
    assert_shows("Request r-7K2M9Q. r tries again, l shows the log.");
    /* Once nobody knows what it was, and then all of it but the password. */
    vd_fake_type("r");
    assert_string_equal(vd_fake_top()->class->name, "job");
    g_autoptr(VdArgs) asked = vd_args_new();
    vd_args_set(asked, "name", "db-07");
    vd_args_set(asked, "image", "debian-12");
    vd_args_set(asked, "no-grow", "true");
    vd_args_add(asked, "ssh-key", "/one.pub");
    vd_args_add(asked, "ssh-key", "/two.pub");
    vd_args_set(asked, "address", "192.0.2.7/24");
    vd_fake()->retry = asked;
    vd_fake()->retry_verb = &deploy;
    vd_fake_type("r");
    assert_string_equal(vd_fake_top()->class->name, "form");
    VdForm *form = (VdForm *)vd_fake_top();
    assert_string_equal(vd_form_value(form, "name"), "db-07");
    assert_string_equal(vd_form_value(form, "image"), "debian-12");
    assert_string_equal(vd_form_value(form, "address"), "192.0.2.7/24");
    assert_string_equal(vd_form_value(form, "ssh-key"), "/one.pub, /two.pub");
    assert_true(vd_form_field(form, "no-grow")->on);
    assert_null(vd_form_value(form, "password"));
    assert_shows("type it again");
    assert_shows("Passwords are not kept: type them again.");
    vd_fake_free();
}

/* A job that is being undone says so, and what it waits for. */
static void test_job_undoing(void **state)
{
    (void)state;
    job_open(VD_JOB_CANCELLING, 80, 24, FALSE);
    assert_shows("Cancelling: what it made is being removed.");
    assert_shows("No KVM here: emulated, slow.");
    vd_fake_free();
    VdApp *app = vd_fake_new(80, 24, FALSE);
    VdJob *job = job_make(VD_JOB_RUNNING);
    job->error = g_strdup("The file system is full.");
    g_ptr_array_add(vd_fake()->jobs, job);
    vd_app_push(app, vd_job_window_new(app, "r-7K2M9Q"));
    assert_shows("Failed: what it made is being removed.");
    assert_shows("The file system is full.");
    assert_shows("No KVM here: emulated, slow.");
    vd_fake_free();
}

static void assert_7bit(void)
{
    g_autofree char *screen = vd_fake_screen();
    for (const char *p = screen; *p; p++)
        assert_true((guchar)*p < 0x80);
}

static void test_ascii(void **state)
{
    (void)state;
    deploy_open(80, 24, TRUE);
    vd_fake_type("db<Tab><Tab><Enter>");
    assert_7bit();
    vd_fake_free();
    job_open(VD_JOB_FAILED, 80, 24, TRUE);
    assert_7bit();
    assert_shows("x grow");
    vd_fake_free();
}

/* Every size from a whole screen down to one cell, with the focus on every field and the list
 * open. */
static void test_sizes(void **state)
{
    (void)state;
    static const int sizes[][2] = {{160, 45}, {100, 30}, {80, 24}, {79, 12}, {40, 10}, {30, 6},
                                   {20, 5},   {12, 4},   {5, 3},   {3, 3},   {2, 2},   {1, 1}};
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        deploy_open(sizes[i][0], sizes[i][1], FALSE);
        for (int n = 0; n < 24; n++)
            vd_fake_type("<Enter><Down><Esc><Tab>");
        vd_fake_free();
        job_open(i % 2 ? VD_JOB_RUNNING : VD_JOB_FAILED, sizes[i][0], sizes[i][1], FALSE);
        vd_fake_type("<Down><Down><Down><Up>l<Down><Right><Esc>");
        vd_fake_free();
    }
}

static void test_focus_is_always_seen(void **state)
{
    (void)state;
    VdForm *form = deploy_open(40, 8, FALSE);
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
        cmocka_unit_test(test_what_follows_from_a_system),
        cmocka_unit_test(test_job_running),
        cmocka_unit_test(test_job_failed),
        cmocka_unit_test(test_job_undoing),
        cmocka_unit_test(test_ascii),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_focus_is_always_seen),
    };
    return cmocka_run_group_tests_name("forms", tests, NULL, NULL);
}
