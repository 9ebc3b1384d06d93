/* A deck without a core: canned hosts and machines, and a record of what was asked of it. It
 * implements src/deck/deck.h for tests of ui/ that need neither libvirt nor a terminal. */
#pragma once

#include "src/deck/deck.h"

/* A deck with hosts "alpha" and "beta" of n machines each: alpha-0 … running, every third off,
 * every fifth paused. */
VdDeck *fake_deck_new(guint n);
/* Publishes another fleet (takes it). */
void fake_deck_publish(VdDeck *deck, VdFleet *fleet);
/* "vm.start alpha/UUID" for each request so far; emptied by fake_deck_forget(). Borrowed. */
GPtrArray *fake_deck_requests(VdDeck *deck);
void fake_deck_forget(VdDeck *deck);
/* Answers the oldest unanswered request: with doc or error, or with success if both are NULL. */
void fake_deck_answer(VdDeck *deck, VdDoc *doc, const GError *error);
guint fake_deck_unanswered(VdDeck *deck);
/* How many machines vd_deck_want() named last. */
guint fake_deck_wanted(VdDeck *deck);
/* Of which figures of every machine vd_deck_want_groups() spoke last. */
guint fake_deck_wanted_of_all(VdDeck *deck);
/* A notice is there. */
void fake_deck_tell(VdDeck *deck, gboolean bad, const char *text);
void fake_deck_set_images(VdDeck *deck, const char *names); /* separated by spaces */
void fake_deck_add_job(VdDeck *deck, VdJob *job);           /* takes it */
/* From now on the person has the right to ask and to nothing else. */
void fake_deck_only_looks(VdDeck *deck);
