/* A quarter of the time may be spent on answering. */
#include "config.h"

#include "src/virt/pace.h"

#define SHARE   4
#define MOST_MS 60000

void vd_pace_init(VdPace *pace, guint usual_ms)
{
    *pace = (VdPace){usual_ms, usual_ms, 0};
}

void vd_pace_took(VdPace *pace, gint64 usec)
{
    gint64 lasting = MIN(usec, pace->before);
    pace->before = usec;
    guint needed = (guint)CLAMP(lasting * SHARE / 1000, 0, MAX(MOST_MS, (gint64)pace->usual_ms));
    guint slowly = pace->ms - pace->ms / 4;
    pace->ms = MAX(pace->usual_ms, MAX(needed, slowly));
}

gboolean vd_pace_stretched(const VdPace *pace)
{
    return pace->ms > pace->usual_ms + pace->usual_ms / 4;
}
