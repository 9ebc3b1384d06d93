/* What the sampler's files share. Loop thread only. */
#pragma once

#include "src/virt/engine.h"
#include "src/virt/pace.h"

/* What the dear lane is asked in one go. */
typedef struct {
    GPtrArray *uuids; /* char* */
    guint groups;     /* VD_GROUP_* */
    gboolean suspect; /* one machine, which may be what held a lane up */
} VdShard;

struct _VdSampler {
    VdKeeper *keeper;
    GHashTable *wanted; /* set of uuids */
    guint shown, all;   /* VD_GROUP_*: wanted of those; of every machine */
    gboolean net_dear;  /* the driver's cheap figures have no network */
    VdTimer *tick;
    guint ticks;
    guint hurried; /* samples that are to come sooner than usual */
    VdPace pace, dear_pace;
    gint64 dear_due; /* when the next pass of dear figures may begin */
    VdLane *stats, *dear;
    GPtrArray *stuck_stats, *stuck_dear; /* VdLane*: abandoned, their calls have not come back */
    GQueue shards;                       /* VdShard* that wait for the dear lane */
    VdShard *suspects;                   /* the shard that held the last lane up, or NULL */
    gint64 doubted; /* the host itself may be lost; until it is heard of later than this, nothing is
                     * opened nor asked; 0: no doubt */
    gint64 suspected;           /* when that call began */
    guint info_turn, dear_turn; /* whose turn it is: a place in the order */
    guint turn;                 /* how many others are read at a time */
    guint shard;                /* how many machines are asked in one call */
    double info_usec;           /* what one processor time costs, 0: not known */
    gint64 dear_took;           /* the last pass, so far */
    VdNodeMeasure node;
};

/* Lanes that hang on machines of one host: each holds a worker of its daemon, which has twenty. Two
 * more for those that were alive when they were asked, the first of them for paused ones as well.
 */
#define DEAR_STUCK 6
#define DEAR_MORE  2

/* ---- sampler.c ---- */

/* Shows the machine as stuck since sampler->suspected. */
void vd_sampler_quarantine(VdSampler *sampler, const char *uuid);
void vd_sampler_recover(VdSampler *sampler, const char *uuid);

/* ---- sampler-living.c: who may be asked at all ---- */

/* So many hang that only those may be asked which are known to live. */
gboolean vd_living_known_alone(const VdSampler *sampler);
/* Those of a shard that are not being forced off, or NULL; takes the shard, which may be NULL. */
VdShard *vd_living_spared(VdSampler *sampler, VdShard *shard);
/* Those of a shard that live, or NULL; takes the shard. suspects: one of them holds a lane up, so
 * that those which run and do not live are shown as stuck. */
VdShard *vd_living_shard(VdSampler *sampler, VdShard *shard, gboolean suspects);
/* After new processor times: who is stuck, or lives again, by them alone. */
void vd_living_look(VdSampler *sampler);
/* The uuids of all that run while one must not be touched; NULL: all may be. The caller unrefs. */
GPtrArray *vd_living_others(const VdSampler *sampler);

/* ---- sampler-turns.c: who is asked for what ---- */

void vd_shard_free(VdShard *shard);
VdShard *vd_shard_copy(GPtrArray *uuids); /* takes a reference of its own */

/* Whose processor time is asked this time, a set of uuids; NULL: everybody's. */
GHashTable *vd_turns_info(VdSampler *sampler);
/* Fills the queue of shards for a pass. */
void vd_turns_dear(VdSampler *sampler);
