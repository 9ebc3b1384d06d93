/* How a lane that connects asks the person: its question goes to the loop by the mailbox, and the
 * lane waits until somebody answers there, or the owner lets go. Meanwhile the owner holds the
 * lane's deadlines. */
#pragma once

#include "src/model/question.h"
#include "src/virt/mailbox.h"

typedef struct _VdAsker VdAsker;

/* On the loop: begun TRUE when a question came, FALSE when it was answered, refused or given up. */
typedef void (*VdAskerFn)(VdQuestion *question, gboolean begun, gpointer owner);

VdAsker *vd_asker_new(VdMailbox *box, const char *host, VdAskerFn asked, gpointer owner);
VdAsker *vd_asker_ref(VdAsker *asker); /* any thread */
void vd_asker_unref(VdAsker *asker);   /* any thread; NULL is fine */
/* Loop thread: the question that is open is refused, and so is each that comes. NULL is fine. */
void vd_asker_close(VdAsker *asker);
/* Any thread: the host as people call it. */
const char *vd_asker_host(const VdAsker *asker);
/* The lane's thread: FALSE: refused. */
gboolean vd_asker_ask(VdAsker *asker, VdQuestion *question);
