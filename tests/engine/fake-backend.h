/* A scripted backend: hosts by their URI, whose calls answer, fail or hang as a test says. All
 * functions may be called from the test's thread while lanes are in the backend. */
#pragma once

#include "src/base/error.h"
#include "src/virt/backend.h"

typedef enum {
    FAKE_OPEN,
    FAKE_FACTS,
    FAKE_LIST,
    FAKE_LOOK,
    FAKE_CHEAP,
    FAKE_DEAR,
    FAKE_DETAIL,
    FAKE_RUN,
    FAKE_OPS
} FakeOp;

typedef struct _Fake Fake;

Fake *fake_new(void);
/* Releases all that hangs, waits until the last lane has closed its connection, and frees. */
void fake_free(Fake *fake);
const VdBackend *fake_backend(Fake *fake);

/* Machines; number n has the UUID fake_uuid(n) and the name "vmN". */
const char *fake_uuid(guint number); /* static, overwritten by the fifth call after */
void fake_add(Fake *fake, const char *uri, guint number, VdVmState state);
void fake_add_many(Fake *fake, const char *uri, guint count);
/* The machine's name is these bytes. */
void fake_name(Fake *fake, const char *uri, guint number, const char *name);
void fake_remove(Fake *fake, const char *uri, guint number);
void fake_set_state(Fake *fake, const char *uri, guint number, VdVmState state);

/* The next `times` calls of that kind hang until fake_release(); -1: all. */
void fake_hang(Fake *fake, const char *uri, FakeOp op, int times);
void fake_release(Fake *fake, const char *uri, FakeOp op);
/* Those calls fail with that code; VD_ERR_FAILED + 0 and NULL: they succeed again. */
void fake_fail(Fake *fake, const char *uri, FakeOp op, VdErrorCode code, const char *message);
/* The machine's monitor does not answer, and its processor time stands still: the dear call that
 * reaches it hangs, and those after it leave the machine out, as libvirt does with NOWAIT while a
 * job is held. */
void fake_stick(Fake *fake, const char *uri, guint number, gboolean stuck);
/* It is being forced off, and libvirt holds its lock: a listing hangs, and so do a look at it and
 * figures that touch it. */
void fake_lock(Fake *fake, const char *uri, guint number, gboolean locked);
/* Calls of that kind take so long, holding up nobody else; 0: none. */
void fake_delay(Fake *fake, const char *uri, FakeOp op, guint ms);
void fake_one_by_one(Fake *fake, const char *uri); /* as a driver without bulk statistics */
void fake_private(Fake *fake, const char *uri);    /* as the test driver */
void fake_ask(Fake *fake, const char *uri);        /* asks for the password, which is "sesame" */
void fake_break(Fake *fake, const char *uri);      /* connections are no longer alive */

/* From libvirt's side: an event, the end of the connection. */
void fake_event(Fake *fake, const char *uri, guint number);
void fake_close(Fake *fake, const char *uri, VdTapClosed why);

guint fake_calls(Fake *fake, const char *uri, FakeOp op);   /* begun so far */
guint fake_hanging(Fake *fake, const char *uri, FakeOp op); /* at the moment */
guint fake_looked(Fake *fake, const char *uri);             /* machines looked at, in all */
/* How often a machine was asked for figures of that group (VD_GROUP_CPU, _MEM or _DISK). */
guint fake_asked(Fake *fake, const char *uri, guint number, guint group);
guint fake_conns(Fake *fake);                     /* open at the moment */
guint fake_most_opening(Fake *fake);              /* that were in open() at the same time */
guint fake_watchers(Fake *fake, const char *uri); /* times that events were asked for */
