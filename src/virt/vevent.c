/* One thread turns libvirt's default event loop for ever: keepalive, events and closed connections
 * of all hosts come from it. What is called from there only copies and posts (tap.c): a call into
 * libvirt that waits would stop the keepalive of every connection in the process. */
#include "config.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <libxml/parser.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

#include "src/base/log.h"
#include "src/virt/vevent.h"

static void silent(void *data, virErrorPtr error)
{
    (void)data;
    (void)error;
}

static void mute(void *data, const char *format, ...)
{
    (void)data;
    (void)format;
}

static void initialise(void)
{
    /* Both set themselves up at their first call, and neither looks whether another thread is at it
     * (libxml2 2.9, __xmlGlobalInitMutexLock; glibc's malloc, ptmalloc_init, where another malloc
     * stands before it, so that no allocation has called it). */
    xmlInitParser();
    (void)malloc_trim(0);
    virSetErrorFunc(NULL, silent);
    /* The test driver has libxml2 read its file, which tells standard error what it thinks of it.
     */
    xmlThrDefSetGenericErrorFunc(NULL, mute);
    xmlSetGenericErrorFunc(NULL, mute);
    if (virInitialize() < 0 || virEventRegisterDefaultImpl() < 0)
        vd_log(VD_LOG_ERROR, NULL, "libvirt's event loop cannot be registered");
}

/* What a library keeps for the thread that initialises it is freed when that thread ends; OpenSSL,
 * which libvirt brings along, frees it in its exit handler as well and does not look whether the
 * thread ends in that moment. So libvirt is initialised by the thread that never ends. */
static void *turn(void *data)
{
    initialise();
    (void)sem_post(data);
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
    sem_t ready;
    (void)sem_init(&ready, 0, 0);
    if (vd_thread_start("vd-events", turn, &ready)) {
        while (sem_wait(&ready) != 0)
            continue;
    } else {
        vd_log(VD_LOG_ERROR, NULL, "no thread for libvirt's event loop");
        initialise();
    }
    (void)sem_destroy(&ready);
    g_once_init_leave(&once, 1);
}
