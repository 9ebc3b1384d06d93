/* Two rules. What is on its way stays small, or keys would queue behind it: a frame waits until
 * less than a quarter of a second's worth of bytes is. And frames for new figures come so rarely
 * that they take a quarter of the line. */
#include "config.h"

#include "ui/link.h"

/* A question every so many bytes; small frames need none. */
#define ASK_BYTES 1024
/* Without an answer for so long the question is lost; so often, and nobody is asked any more. */
#define LOST_USEC (10 * G_USEC_PER_SEC)
#define LOST_MOST 3
/* As much may be on its way whatever the line. */
#define WINDOW_LEAST 1024
/* Of a second */
#define WINDOW_SHARE 4
/* Of the line, for new figures */
#define FIGURES_SHARE 4
#define FRAME_USEC    100000
#define FRAME_MOST    (10 * G_USEC_PER_SEC)
/* Faster lines are not told apart. */
#define RATE_MOST 1e6
/* A frame for new figures so rarely is felt; so often measured, it is the line. */
#define THIN_USEC  500000
#define THIN_TIMES 3

static void give_up_lost(VdLink *link, gint64 now)
{
    if (link->asked_at == 0 || now - link->asked_at < LOST_USEC)
        return;
    link->asked_at = 0;
    link->acked = link->sent;
    link->lost++;
}

static gboolean ask(VdLink *link, gint64 now)
{
    gboolean first = !link->answers && link->lost == 0;
    if (link->asked_at != 0 || link->lost >= LOST_MOST ||
        (!first && link->sent - link->acked < ASK_BYTES))
        return FALSE;
    link->asked = link->sent;
    link->asked_at = now;
    link->asked_begun = link->begun ? link->begun : now;
    link->asked_sent = link->sent_at;
    link->begun = 0;
    return TRUE;
}

gboolean vd_link_sent(VdLink *link, gsize bytes, gboolean key, gint64 now)
{
    link->sent += bytes;
    if (bytes > 0)
        link->sent_at = now;
    if (link->begun == 0 && bytes > 0)
        link->begun = now;
    if (!key && bytes > 0)
        link->frame = link->frame > 0 ? link->frame * 0.75 + (double)bytes * 0.25 : (double)bytes;
    give_up_lost(link, now);
    return ask(link, now);
}

/* From what was sent between the last answer and the question. If that was not sent in one go, the
 * line may have been idle in between, and takes this much at least. */
static void learn(VdLink *link, gint64 now)
{
    guint64 bytes = link->asked - link->acked;
    if (link->latency == 0 || now - link->asked_at < link->latency)
        link->latency = MAX(now - link->asked_at, 1);
    /* What came before had left when its answer did. */
    gint64 from = MAX(link->asked_begun, link->answered_at - link->latency);
    if (bytes < ASK_BYTES)
        return;
    gboolean one_go = link->asked_sent - from <= FRAME_USEC;
    gint64 busy = MAX(now - from - link->latency, 1000);
    double rate = MIN((double)bytes * 1e6 / (double)busy, RATE_MOST);
    if (one_go || rate > link->rate)
        link->rate = link->rate > 0 ? (link->rate + rate) / 2 : rate;
    link->thin = vd_link_interval(link) > THIN_USEC ? link->thin + 1 : 0;
}

gboolean vd_link_answered(VdLink *link, gint64 now)
{
    if (link->asked_at == 0)
        return FALSE;
    learn(link, now);
    link->answers = TRUE;
    link->lost = 0;
    link->acked = link->asked;
    link->asked_at = 0;
    link->answered_at = now;
    return ask(link, now);
}

gint64 vd_link_interval(const VdLink *link)
{
    if (link->rate <= 0)
        return FRAME_USEC;
    double usec = link->frame / (link->rate / FIGURES_SHARE) * 1e6;
    return (gint64)CLAMP(usec, (double)FRAME_USEC, (double)FRAME_MOST);
}

gboolean vd_link_thin(const VdLink *link)
{
    return link->thin >= THIN_TIMES;
}

/* Bytes that have not arrived as far as one knows; what is small needs no answer. */
static double on_its_way(const VdLink *link, gint64 now)
{
    double bytes = (double)(link->sent - link->acked);
    if (link->asked_at == 0) /* no more than ASK_BYTES, sent a while ago or just now */
        return 0;
    if (link->rate > 0) /* what went since, by what the line took before */
        bytes -= link->rate / 2 * (double)(now - link->asked_at) / 1e6;
    return MAX(bytes, 0.0);
}

gint64 vd_link_wait(VdLink *link, gboolean key, gint64 last, gint64 now)
{
    give_up_lost(link, now);
    gint64 wait = 0;
    double window = MAX(link->rate / WINDOW_SHARE, (double)WINDOW_LEAST);
    if (link->answers && link->rate > 0 && on_its_way(link, now) >= window)
        wait = FRAME_USEC / 2; /* until the answer, or a look later */
    if (key)
        return wait;
    return MAX(wait, last + vd_link_interval(link) - now);
}
