/* Whose signature stands on a text. Inside the deploy room. */
#pragma once

#include <glib.h>

/* Checks a clear-signed text with gpgv, the keys of keyring alone (binary or armoured) and the
 * fingerprint that is pinned (hex; of the key that signed or of its primary key). Returns the
 * signed text as gpgv gives it, never what stood around it; NULL with VD_ERR_DAMAGED and a sentence
 * that says what is wrong: no signature, a bad one, another key, an expired key. The caller frees.
 * Waits for a child. */
char *vd_signed_text(const char *signed_text, gsize length, const char *keyring,
                     const char *fingerprint, gsize *ret_length, GError **error);
/* The text inside clear-signed armour without looking at the signature, for sources without a
 * pinned key; a copy of the text if there is no armour. Pure. The caller frees. */
char *vd_signed_strip(const char *text, gsize length, gsize *ret_length);
/* What gpgv's status lines say: TRUE if a good signature of that fingerprint, and no other, is
 * there. Pure. */
gboolean vd_signature_judge(const char *status, const char *fingerprint, GError **error);
