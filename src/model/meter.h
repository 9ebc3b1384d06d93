/* What is known of the calls to hosts, for whoever wants to see that nothing waits. */
#pragma once

#include <glib.h>

/* Of one host. Times in microseconds. */
typedef struct {
    char *host;
    guint64 calls;              /* answered so far */
    gint64 median, high, worst; /* how long they took; high: 99 of 100 did not take longer */
    guint lanes, stuck;         /* threads in use; calls that were given up and still hang */
    const char *doing;      /* N_(): the call that runs, or hangs, for the longest time, or NULL */
    gint64 since;           /* monotonic time when it began */
    guint soft_ms, hard_ms; /* its deadlines, 0: none */
    guint interval_ms;      /* between two samples of figures, 0: none are taken */
} VdHostMeter;

typedef struct {
    guint lanes, abandoned; /* threads alive; those of them that were left behind */
    guint64 calls;          /* made so far */
    GArray *hosts;          /* VdHostMeter, in their order */
} VdMeterReading;
