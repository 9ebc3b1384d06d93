/* The form of a host with its trial of the address, and the dialog of what a host asks. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "tests/screens/fake-app.h"
#include "ui/credentials.h"
#include "ui/form.h"
#include "ui/forms.h"

static const VdArgSpec add_args[] = {
    {.name = "name", .label = "Name", .help = "What it is called.", .required = TRUE},
    {.name = "uri", .label = "URI", .help = "Its address.", .required = TRUE},
    {0},
};
static const VdVerb add_verb = {.id = "host.add",
                                .command = "host add",
                                .label = "Add a host",
                                .kind = VD_VERB_QUICK,
                                .args = add_args,
                                .form = TRUE};

static VdForm *form_open(int width, int height)
{
    VdApp *app = vd_fake_new(width, height, FALSE);
    VdDialog *form = vd_form_new(app, &add_verb, NULL, NULL);
    vd_app_push(app, form);
    vd_fake_answer();
    return (VdForm *)form;
}

/* The address is tried before it is kept, and the form stays as it was. */
static void test_form(void **state)
{
    (void)state;
    (void)form_open(80, 24);
    vd_fake_type("<F4>");
    vd_fake_shows("There is no address to try yet.");
    vd_fake_type("kvm1<Tab>qemu+tcp://kvm1/system");
    vd_fake()->refusal = "nobody listens there";
    vd_fake()->slow = TRUE;
    vd_fake_type("<F4>");
    assert_int_equal(vd_fake()->submitted, 1);
    assert_string_equal(vd_args_get(vd_fake()->last_args, "uri"), "qemu+tcp://kvm1/system");
    assert_null(vd_args_get(vd_fake()->last_args, "name"));
    vd_fake_shows("Trying qemu+tcp://kvm1/system");
    vd_fake_answer();
    vd_fake_shows("nobody listens there");
    /* Tried by the button: what is to be mended has the focus then. */
    vd_fake_type("<Tab><Tab><Enter>");
    vd_fake_answer();
    assert_int_equal(vd_fake()->submitted, 2);
    assert_string_equal(vd_form_focused((VdForm *)vd_fake_top())->spec->name, "uri");
    vd_fake()->refusal = NULL;
    vd_fake_type("<F4>");
    vd_fake_answer();
    vd_fake_shows_not("nobody listens there");
    /* What is found of an address that no longer stands there is not told. */
    vd_fake()->refusal = "of the former address";
    vd_fake_type("<F4>2");
    vd_fake_answer();
    vd_fake_shows_not("of the former address");
    vd_fake()->refusal = NULL;
    vd_fake()->slow = FALSE;
    vd_fake_type("<F2>");
    assert_ptr_equal(vd_fake()->last_verb, &add_verb);
    assert_string_equal(vd_args_get(vd_fake()->last_args, "name"), "kvm1");
    assert_string_equal(vd_args_get(vd_fake()->last_args, "uri"), "qemu+tcp://kvm1/system2");
    assert_null(vd_fake_top());
    vd_fake_free();
}

/* The form may be gone when the trial ends. */
static void test_form_closed_meanwhile(void **state)
{
    (void)state;
    (void)form_open(80, 24);
    vd_fake_type("kvm1<Tab>qemu:///system");
    vd_fake()->slow = TRUE;
    vd_fake_type("<F4><Esc><Esc>");
    assert_null(vd_fake_top());
    vd_fake_answer();
    vd_fake_free();
}

static VdQuestion *ask(int width, int height, gboolean words)
{
    VdApp *app = vd_fake_new(width, height, FALSE);
    VdQuestion *question = vd_question_new("kvm1", "kvm1 wants to know before it lets you in:");
    if (words) {
        vd_question_add(question, "Username", "root", FALSE);
        vd_question_add(question, "Password", NULL, TRUE);
    }
    vd_app_push(app, vd_credentials_new(question));
    return question;
}

static void test_words(void **state)
{
    (void)state;
    g_autoptr(VdQuestion) question = ask(80, 24, TRUE);
    vd_fake_shows("kvm1 asks");
    vd_fake_shows("root");
    vd_fake_type("<Enter>sesa");
    vd_fake_paste("me\n"); /* a pasted line end is not the person's word */
    vd_fake_shows("••••••");
    vd_fake_shows_not("sesame");
    assert_true(vd_question_open(question));
    vd_fake_type("<Enter>");
    assert_null(vd_fake_top());
    assert_true(vd_question_wait(question));
    assert_string_equal(vd_question_answer(question, 0), "root");
    assert_string_equal(vd_question_answer(question, 1), "sesame");
    vd_fake_free();
}

static void test_refused(void **state)
{
    (void)state;
    g_autoptr(VdQuestion) question = ask(80, 24, TRUE);
    vd_fake_type("<Tab>secret<Esc>");
    assert_null(vd_fake_top());
    assert_false(vd_question_wait(question));
    vd_fake_free();
}

static void test_key(void **state)
{
    (void)state;
    g_autoptr(VdQuestion) yes = ask(80, 24, FALSE);
    vd_fake_type("<Enter> x");
    vd_fake_paste("y");
    assert_true(vd_question_open(yes)); /* nothing but a y says yes */
    vd_fake_type("y");
    assert_true(vd_question_wait(yes));
    vd_fake_free();
    g_autoptr(VdQuestion) no = ask(80, 24, FALSE);
    vd_fake_type("n");
    assert_false(vd_question_wait(no));
    vd_fake_free();
}

/* The host gave up: the dialog goes; and one that is left open when the console ends has refused.
 */
static void test_over(void **state)
{
    (void)state;
    g_autoptr(VdQuestion) question = ask(80, 24, TRUE);
    VdDialog *top = vd_fake_top();
    assert_false(top->class->changed(top, VD_CHANGED_QUESTION));
    vd_question_give(question, NULL);
    (void)top->class->changed(top, VD_CHANGED_QUESTION);
    assert_null(vd_fake_top());
    vd_fake_free();
    g_autoptr(VdQuestion) left = ask(80, 24, TRUE);
    vd_fake_free();
    assert_false(vd_question_open(left));
}

static void test_sizes(void **state)
{
    (void)state;
    for (int width = 1; width <= 80; width += 3)
        for (int height = 1; height <= 12; height++) {
            g_autoptr(VdQuestion) question = ask(width, height, width % 2);
            g_free(vd_fake_screen());
            vd_fake_type("<Tab>x");
            vd_fake_free();
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),  cmocka_unit_test(test_form_closed_meanwhile),
        cmocka_unit_test(test_words), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_key),   cmocka_unit_test(test_over),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests_name("hosts", tests, NULL, NULL);
}
