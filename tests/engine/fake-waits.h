/* Waiting for calls of the scripted backend, with the loop turned meanwhile. */
#pragma once

#include "tests/engine/fake-backend.h"
#include "tests/engine/loop.h"

/* So many calls of that kind have begun, or hang at this moment; FALSE: not within half a minute.
 */
gboolean wait_called(Client *client, Fake *fake, const char *uri, FakeOp op, guint count);
gboolean wait_hanging(Client *client, Fake *fake, const char *uri, FakeOp op, guint count);
