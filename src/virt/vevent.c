/* One thread turns libvirt's default event loop for ever: keepalive, events and closed connections
 * of all hosts come from it. What is called from there only copies and posts (tap.c): a call into
 * libvirt that waits would stop the keepalive of every connection in the process. */
#include "config.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <signal.h>

#include "src/base/log.h"
#include "src/virt/vevent.h"

static void silent(void *data, virErrorPtr error)
{
    (void)data;
    (void)error;
}

static void *turn(void *data)
{
    (void)data;
    while (virEventRunDefaultImpl() == 0) {
    }
    vd_log(VD_LOG_ERROR, NULL, "libvirt's event loop ended");
    return NULL;
}

gboolean vd_thread_start(const char *name, void *(*body)(void *data), void *data)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, former;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former); /* the new thread inherits it */
    int failed = pthread_create(&thread, &attributes, body, data);
    if (!failed)
        (void)pthread_setname_np(thread, name);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    pthread_attr_destroy(&attributes);
    return !failed;
}

void vd_vevent_start(void)
{
    static gsize once = 0;
    if (!g_once_init_enter(&once))
        return;
    virSetErrorFunc(NULL, silent);
    if (virInitialize() < 0 || virEventRegisterDefaultImpl() < 0)
        vd_log(VD_LOG_ERROR, NULL, "libvirt's event loop cannot be registered");
    else if (!vd_thread_start("vd-events", turn, NULL))
        vd_log(VD_LOG_ERROR, NULL, "no thread for libvirt's event loop");
    g_once_init_leave(&once, 1);
}
