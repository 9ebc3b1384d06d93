/* The last ten minutes of figures, in buckets of five seconds: loop thread only. */
#pragma once

#include "src/deck/deck.h"

typedef struct _VdHistory VdHistory;

VdHistory *vd_history_new(void);
void vd_history_free(VdHistory *history);
/* Takes in what is new in `now` compared with `before` (NULL: all). */
void vd_history_feed(VdHistory *history, const VdHost *before, const VdHost *now);
guint vd_history_read(VdHistory *history, const char *host, const char *uuid, VdSeries series,
                      float *out, guint n);
