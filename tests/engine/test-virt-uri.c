/* Addresses of hosts before libvirt sees them. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <gio/gio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/virt/reach.h"
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

static void opens(const char *uri, const char *expected)
{
    g_autofree char *opened = vd_uri_to_open(uri);
    assert_string_equal(opened, expected);
}

/* ssh must never ask on our screen; people are told the address that they gave. */
static void test_ssh(void **state)
{
    (void)state;
    becomes("qemu+ssh://kvm1/system", "qemu+ssh://kvm1/system");
    g_setenv("VMDECK_SSH", "/nowhere/ssh", TRUE);
    opens("qemu+ssh://kvm1/system", "qemu+ssh://kvm1/system?no_tty=1");
    opens("qemu+ssh://root@kvm1:2222/system?keyfile=/k",
          "qemu+ssh://root@kvm1:2222/system?keyfile=/k&no_tty=1");
    opens("qemu+ssh://kvm1/system?no_tty=0", "qemu+ssh://kvm1/system?no_tty=0");
    opens("qemu+ssh://kvm1/system?a=no_tty", "qemu+ssh://kvm1/system?a=no_tty&no_tty=1");
    opens("qemu+libssh://kvm1/system", "qemu+libssh://kvm1/system");
    opens("qemu+tcp://ssh/system", "qemu+tcp://ssh/system");
    g_unsetenv("VMDECK_SSH");
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
    known("qemu+ssh://root@kvm1:2222/system?keyfile=/k&no_tty=1");
    known("qemu+tcp://[2001:db8::1]:16509/system");
    known("qemu+unix:///system?socket=/run/x");
    known("esx://root@esx1/?no_verify=1");
    known("xen:///");
    known("test:///a%20b.xml");
    known("test:///100%.xml");
    unknown("qemu+ssh:///system", "which host");
    unknown("qemu+tcp:///system", "which host");
    unknown("qemu://kvm1", "/system");
    unknown("qemu+ssh://kvm1/sytem", "/system");
    unknown("qemu+unix://kvm1/system", "unix");
    unknown("qemu+ssh://root:secret@kvm1/system", "password");
    unknown("qemu+ssh://kvm1:99999/system", "65535");
    unknown("qemu+ssh://kvm 1/system", "blank");
    unknown("kvm1:16509", "no address");
    unknown("root@kvm1", "no address");
}

/* Where nobody listens it is said at once; where somebody does, or where only libvirt can tell, it
 * passes. */
static void ignored(const char *uri, const char *name)
{
    g_autofree char *said = vd_uri_ignored(uri);
    g_autofree char *quoted = name ? g_strdup_printf("“%s”", name) : NULL;
    if (!quoted != !said || (said && !strstr(said, quoted)))
        fail_msg("%s: %s", uri, said ? said : "nothing is said");
}

static void test_ignored(void **state)
{
    (void)state;
    ignored("qemu:///system", NULL);
    ignored("qemu+tls://kvm1/system?no_verify=1&pkipath=/k", NULL);
    ignored("qemu+tls://kvm1/system?no_veryfy=1", "no_veryfy");
    ignored("qemu://kvm1/system?pkipath=/k;tls_priority=NORMAL", NULL);
    ignored("qemu+ssh://kvm1/system?no_tty=1&keyfile=/k&command=/bin/ssh", NULL);
    ignored("qemu+ssh://kvm1/system?pkipath=/k", "pkipath");
    ignored("qemu+libssh2://kvm1/system?sshauth=agent&known_hosts=/k", NULL);
    ignored("qemu+unix:///system?socket=/run/x", NULL);
    ignored("qemu+tcp://kvm1/system?socket=/run/x", "socket");
    ignored("qemu+tcp://kvm1/system?%1b%5b31mred=1", "red");
    ignored("test:///default?x=1", NULL);
    ignored("esx://kvm1/?no_verify=1&auto_answer=1", NULL);
    ignored("snow", NULL);
}

static void test_reach(void **state)
{
    (void)state;
    g_autoptr(GError) refused = NULL, missing = NULL, nobody = NULL;
    g_autoptr(GSocketListener) listener = g_socket_listener_new();
    guint16 port = g_socket_listener_add_any_inet_port(listener, NULL, NULL);
    g_autofree char *there = g_strdup_printf("qemu+tcp://127.0.0.1:%u/system", port);
    assert_true(vd_reach(there, 20000, 0, 0, NULL));
    g_socket_listener_close(listener);
    assert_false(vd_reach(there, 20000, 0, 0, &refused));
    assert_int_equal(vd_error_code(refused), VD_ERR_UNREACHABLE);
    assert_non_null(strstr(refused->message, "refused"));
    assert_false(vd_reach("qemu+unix:///system?socket=/nowhere/sock", 20000, 0, 0, &missing));
    assert_non_null(strstr(missing->message, "no libvirt daemon listens"));
    assert_false(vd_reach("qemu+tls://no-such-host.invalid/system", 20000, 0, 0, &nobody));
    assert_non_null(strstr(nobody->message, "no-such-host.invalid"));
    assert_true(vd_reach("qemu+ssh://no-such-host.invalid/system", 20000, 0, 0, NULL));
    assert_true(vd_reach("qemu:///system", 20000, 0, 0, NULL));
    assert_true(vd_reach("test:///default", 20000, 0, 0, NULL));
    assert_true(vd_reach("esx://no-such-host.invalid/", 20000, 0, 0, NULL));
}

static gpointer close_next(gpointer listener)
{
    int fd = accept(GPOINTER_TO_INT(listener), NULL, NULL);
    if (fd >= 0)
        (void)close(fd);
    return NULL;
}

/* A port of the loopback where somebody listens; its number. */
static guint listen_somewhere(int *ret_fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    *ret_fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(*ret_fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(*ret_fd, 5), 0);
    assert_int_equal(getsockname(*ret_fd, (struct sockaddr *)&address, &length), 0);
    return ntohs(address.sin_port);
}

/* A forwarded port with nobody behind it takes a connection and closes it. */
static void test_closed_at_once(void **state)
{
    (void)state;
    int listener;
    g_autoptr(GError) error = NULL;
    g_autofree char *there =
        g_strdup_printf("qemu+tcp://127.0.0.1:%u/system", listen_somewhere(&listener));
    GThread *closer = g_thread_new("closer", close_next, GINT_TO_POINTER(listener));
    assert_false(vd_reach(there, 20000, 20000, 0, &error)); /* at a first attempt as well */
    assert_int_equal(vd_error_code(error), VD_ERR_UNREACHABLE);
    assert_non_null(strstr(error->message, "closed at once"));
    g_thread_join(closer);
    assert_true(vd_reach(there, 20000, 20, 20, NULL)); /* nobody closes it now */
    close(listener);
}

/* Where nothing can be said, as TLS begins with what is not ours to say. */
static void test_closed_in_silence(void **state)
{
    (void)state;
    int listener;
    g_autoptr(GError) error = NULL;
    g_autofree char *there =
        g_strdup_printf("qemu+tls://127.0.0.1:%u/system", listen_somewhere(&listener));
    GThread *closer = g_thread_new("closer", close_next, GINT_TO_POINTER(listener));
    assert_false(vd_reach(there, 20000, 0, 20000, &error));
    assert_non_null(strstr(error->message, "closed at once"));
    g_thread_join(closer);
    close(listener);
}

static gpointer answer_next(gpointer listener)
{
    char question[28];
    int fd = accept(GPOINTER_TO_INT(listener), NULL, NULL);
    gboolean whole = fd >= 0 && recv(fd, question, sizeof question, MSG_WAITALL) == 28;
    if (whole)
        whole = send(fd, question, 4, MSG_NOSIGNAL) == 4 && recv(fd, question, 1, 0) <= 0;
    if (fd >= 0)
        (void)close(fd);
    return GINT_TO_POINTER(whole);
}

/* An answer ends the wait. */
static void test_answered(void **state)
{
    (void)state;
    int listener;
    g_autofree char *there =
        g_strdup_printf("qemu+tcp://127.0.0.1:%u/system", listen_somewhere(&listener));
    GThread *daemon = g_thread_new("daemon", answer_next, GINT_TO_POINTER(listener));
    gint64 begun = g_get_monotonic_time();
    assert_true(vd_reach(there, 20000, 3600000, 0, NULL));
    assert_true(g_get_monotonic_time() - begun < 600 * G_USEC_PER_SEC);
    assert_true(GPOINTER_TO_INT(g_thread_join(daemon)));
    close(listener);
}

/* A daemon that no longer takes what waits at its socket: the time-out holds. */
static void test_full_backlog(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *folder = g_dir_make_tmp("vmdeck-reach-XXXXXX", NULL);
    g_snprintf(address.sun_path, sizeof address.sun_path, "%s/sock", folder);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), full[64];
    guint n = 0;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    while (n < G_N_ELEMENTS(full)) {
        full[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(full[n++], (struct sockaddr *)&address, sizeof address) != 0)
            break;
    }
    g_autofree char *uri = g_strdup_printf("qemu+unix:///system?socket=%s", address.sun_path);
    g_autoptr(GError) error = NULL;
    assert_false(vd_reach(uri, 50, 0, 0, &error));
    assert_non_null(strstr(error->message, "does not answer"));
    while (n-- > 0)
        close(full[n]);
    close(fd);
    unlink(address.sun_path);
    rmdir(folder);
}

/* Only over ssh, and only where it is, is ssh replaced. */
static void test_to_open(void **state)
{
    (void)state;
    g_setenv("VMDECK_SSH", "/bin/true", TRUE);
    g_autofree char *ssh = vd_uri_to_open("qemu+ssh://kvm1/system?no_tty=1");
    g_autofree char *own = vd_uri_to_open("qemu+ssh://kvm1/system?command=/opt/ssh");
    g_autofree char *tcp = vd_uri_to_open("qemu+tcp://kvm1/system");
    assert_string_equal(ssh, "qemu+ssh://kvm1/system?no_tty=1&command=/bin/true");
    assert_string_equal(own, "qemu+ssh://kvm1/system?command=/opt/ssh&no_tty=1");
    assert_string_equal(tcp, "qemu+tcp://kvm1/system");
    g_setenv("VMDECK_SSH", "/nowhere/ssh", TRUE);
    g_autofree char *none = vd_uri_to_open("qemu+ssh://kvm1/system?no_tty=1");
    assert_string_equal(none, "qemu+ssh://kvm1/system?no_tty=1");
    g_unsetenv("VMDECK_SSH");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default),
        cmocka_unit_test(test_ssh),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_reach),
        cmocka_unit_test(test_ignored),
        cmocka_unit_test(test_closed_at_once),
        cmocka_unit_test(test_closed_in_silence),
        cmocka_unit_test(test_answered),
        cmocka_unit_test(test_full_backlog),
        cmocka_unit_test(test_to_open),
    };
    return cmocka_run_group_tests_name("virt-uri", tests, NULL, NULL);
}
