/* The program's own stopwatch: how long the loop's turns take, and how long a key waits for its
 * frame. Always on; loop thread only. */
#pragma once

#include "src/base/histogram.h"

typedef struct {
    VdHistogram keys;   /* from a key to the end of its frame */
    VdHistogram turns;  /* of the loop: while one lasts, no key is seen */
    VdHistogram frames; /* drawing and handing over */
    gint64 since;       /* monotonic time of the first turn */
    /* its own */
    gint64 woke, slept; /* when this turn began; when the last one ended */
    gint64 origin;      /* the earliest time a key of this turn may have come */
    gint64 key_at;      /* of a key whose frame is still to come; 0: none */
} VdMeter;

/* Watches the loop of this context until the source is destroyed. The meter must outlive it. */
GSource *vd_meter_watch(VdMeter *meter, GMainContext *context);
/* A key was read. */
void vd_meter_key(VdMeter *meter);
/* What the key did changed nothing that is drawn. */
void vd_meter_no_frame(VdMeter *meter);
/* A frame was handed over; begun: when its drawing began. */
void vd_meter_frame(VdMeter *meter, gint64 begun);
