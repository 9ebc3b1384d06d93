/* The figures of one host's machines, by demand. Loop thread only. */
#pragma once

#include "src/virt/lane.h"
#include "src/virt/rates.h"

typedef struct _VdKeeper VdKeeper;
typedef struct _VdSampler VdSampler;

/* What the sampler keeps of a machine. */
typedef struct {
    VdMeasure measure;
    gint64 retry_at;     /* a stuck machine: when it is tried again, monotonic */
    guint tries;         /* so far */
    gboolean by_silence; /* it is taken for stuck since its processor time stands still */
    gint64 detail_at;    /* when its address was asked, monotonic, 0: never */
    guint asked;         /* how often */
    gboolean titled;     /* its title was asked */
} VdSampled;

VdSampler *vd_sampler_new(VdKeeper *keeper);
void vd_sampler_free(VdSampler *sampler);
/* The host is up, or lost. */
void vd_sampler_start(VdSampler *sampler);
void vd_sampler_stop(VdSampler *sampler);
/* Its call is past the soft deadline. */
gboolean vd_sampler_slow(const VdSampler *sampler);
/* Its lanes, those that hang as well. */
void vd_sampler_each_lane(const VdSampler *sampler,
                          void (*visit)(const VdLane *lane, gpointer data), gpointer data);
/* Milliseconds between two samples, as it is now. */
guint vd_sampler_interval(const VdSampler *sampler);
/* The machines that are shown. */
void vd_sampler_want_none(VdSampler *sampler);
/* VD_GROUP_*: what is shown of them, and what is wanted of every machine. */
void vd_sampler_want_groups(VdSampler *sampler, guint shown, guint all);
void vd_sampler_want(VdSampler *sampler, const char *uuid);
