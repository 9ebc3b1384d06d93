#include "config.h"

#include "tests/engine/fake-waits.h"

#define SECONDS 30

typedef struct {
    Fake *fake;
    const char *uri;
    FakeOp op;
    guint count;
} Calls;

static gboolean called(Client *client, gconstpointer data)
{
    const Calls *calls = data;
    (void)client;
    return fake_calls(calls->fake, calls->uri, calls->op) >= calls->count;
}

static gboolean hanging(Client *client, gconstpointer data)
{
    const Calls *calls = data;
    (void)client;
    return fake_hanging(calls->fake, calls->uri, calls->op) >= calls->count;
}

gboolean wait_called(Client *client, Fake *fake, const char *uri, FakeOp op, guint count)
{
    const Calls calls = {fake, uri, op, count};
    return client_wait(client, called, &calls, SECONDS);
}

gboolean wait_hanging(Client *client, Fake *fake, const char *uri, FakeOp op, guint count)
{
    const Calls calls = {fake, uri, op, count};
    return client_wait(client, hanging, &calls, SECONDS);
}
