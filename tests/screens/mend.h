/* What libvterm 0.1 misreads is written out for it: REP (CSI n b, ECMA-48 8.3.103), after which it
 * wraps a column early and which ncurses uses for rules in 7-bit locales; and several private modes
 * in one sequence (CSI ? 1006 ; 1000 h), of which it takes the first. */
#pragma once

#include <glib.h>

typedef struct {
    char last;     /* the last graphic byte */
    GString *held; /* the start of a sequence that is not complete yet */
} VdMend;

void vd_mend_init(VdMend *mend);
void vd_mend_clear(VdMend *mend);
/* Appends the bytes to out, with what it misreads replaced. */
void vd_mend(VdMend *mend, const char *bytes, gsize length, GString *out);
