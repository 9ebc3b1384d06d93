/* Addresses of hosts before libvirt sees them. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/virt/uri.h"

static void becomes(const char *uri, const char *expected)
{
    g_autofree char *effective = vd_uri_effective(uri);
    assert_string_equal(effective, expected);
}

static void test_default(void **state)
{
    (void)state;
    g_unsetenv("LIBVIRT_DEFAULT_URI");
    becomes(NULL, geteuid() == 0 ? "qemu:///system" : "qemu:///session");
    becomes("", geteuid() == 0 ? "qemu:///system" : "qemu:///session");
    g_setenv("LIBVIRT_DEFAULT_URI", "test:///default", TRUE);
    becomes(NULL, "test:///default");
    becomes("lxc:///system", "lxc:///system");
    g_unsetenv("LIBVIRT_DEFAULT_URI");
}

/* ssh must never ask on our screen. */
static void test_ssh(void **state)
{
    (void)state;
    becomes("qemu+ssh://kvm1/system", "qemu+ssh://kvm1/system?no_tty=1");
    becomes("qemu+ssh://root@kvm1:2222/system?keyfile=/k",
            "qemu+ssh://root@kvm1:2222/system?keyfile=/k&no_tty=1");
    becomes("qemu+ssh://kvm1/system?no_tty=0", "qemu+ssh://kvm1/system?no_tty=0");
    becomes("qemu+ssh://kvm1/system?a=no_tty", "qemu+ssh://kvm1/system?a=no_tty&no_tty=1");
    becomes("qemu+libssh://kvm1/system", "qemu+libssh://kvm1/system");
    becomes("qemu+tcp://ssh/system", "qemu+tcp://ssh/system");
}

static void known(const char *uri)
{
    g_autoptr(GError) error = NULL;
    assert_true(vd_uri_check(uri, &error));
    assert_null(error);
}

static void unknown(const char *uri, const char *word)
{
    g_autoptr(GError) error = NULL;
    assert_false(vd_uri_check(uri, &error));
    assert_int_equal(vd_error_exit_status(error), 3);
    assert_non_null(strstr(error->message, word));
    assert_null(strchr(error->message, '\033'));
}

static void test_check(void **state)
{
    (void)state;
    known("qemu:///system");
    known("QEMU+TLS://kvm1/system");
    known("lxc:///system");
    known("test:///default");
    known("vbox+ssh://kvm1/session");
    known("an-alias");
    unknown("qemuu:///system", "qemuu:///system");
    unknown("https://kvm1/", "https://kvm1/");
    unknown("qemu+telnet://kvm1/system", "qemu+telnet");
    unknown("qemu+://kvm1/system", "qemu+:");
    unknown("://", "://");
    unknown("\033[31m://x", "://x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default),
        cmocka_unit_test(test_ssh),
        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests_name("virt-uri", tests, NULL, NULL);
}
