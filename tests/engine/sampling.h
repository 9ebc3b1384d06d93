/* A host of the scripted backend whose machines are all on the screen, sampled several times a
 * second: what the tests of figures and of stuck machines begin with. */
#pragma once

#include "tests/engine/fake-waits.h"

#define A "qemu://a/system"

typedef struct {
    Fake *fake;
    Client *client;
} Case;

extern const VdVirtOptions sampling_options;
extern const VdTuning sampling_tuning;

/* The host "a" is up with so many machines; one_by_one: it has no bulk calls. */
void case_up_as(Case *c, const VdVirtOptions *as, guint machines, gboolean one_by_one);
void case_up(Case *c, guint machines, gboolean one_by_one);
void case_finish(Case *c);
/* Conditions for client_wait(). name: of a machine, of which every figure is known. */
gboolean is_measured(Client *client, gconstpointer name);
