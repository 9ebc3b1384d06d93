/* The first connections of a process, all in one moment: what the libraries below set up once must
 * not be set up by two lanes. Each round is a process of its own, as a process has one first time;
 * under the address sanitizer what was set up twice shows as lost. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#include "src/virt/backend.h"

enum { ROUNDS = 20, LANES = 6 };

static pthread_barrier_t start;
static char *uri; /* not on the stack: LeakSanitizer does not find that of a forked process */

static void *connect_first(void *unused)
{
    VdOpened opened = {0};
    g_autoptr(GError) error = NULL;

    (void)unused;
    (void)pthread_barrier_wait(&start);
    VdBackendConn *conn = vd_backend_libvirt.open(&vd_backend_libvirt, uri, NULL, &opened, &error);
    if (conn)
        vd_backend_libvirt.unref(conn);
    return conn;
}

static int round_of_lanes(void)
{
    pthread_t lanes[LANES];
    int connected = 0;

    (void)pthread_barrier_init(&start, NULL, LANES);
    for (int i = 0; i < LANES; i++)
        g_assert(pthread_create(&lanes[i], NULL, connect_first, NULL) == 0);
    for (int i = 0; i < LANES; i++) {
        void *conn = NULL;
        pthread_join(lanes[i], &conn);
        connected += conn != NULL;
    }
    pthread_barrier_destroy(&start);
    return connected;
}

static void first_at_once(void **state)
{
    (void)state;
    uri = g_strdup_printf("test://%s/tests/testdriver/fixture.xml", SOURCE_DIR);
    for (int i = 0; i < ROUNDS; i++) {
        int status;
        pid_t pid = fork();
        if (pid == 0) {
            status = round_of_lanes() == LANES ? 0 : 2;
#ifdef __SANITIZE_ADDRESS__
            __lsan_do_leak_check();
#endif
            _exit(status);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
    g_clear_pointer(&uri, g_free);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(first_at_once)};
    return cmocka_run_group_tests_name("the first connections", tests, NULL, NULL);
}
