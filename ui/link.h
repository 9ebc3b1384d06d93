/* How much the line to the terminal takes. The kernel tells nothing of what waits behind a pty, an
 * ssh or a serial line, so the terminal itself is asked: now and then a frame ends with a question
 * that every terminal answers ("are you well?", DSR 5), and its answer says that all before it has
 * arrived. What is on its way and how fast it went decide when the next frame may be drawn: a frame
 * for a key soon, one for new figures as long as that takes a quarter of the line. A terminal that
 * never answers is taken for a fast one. Pure; times in microseconds of the monotonic clock. */
#pragma once

#include <glib.h>

typedef struct {
    guint64 sent, acked; /* bytes handed to the terminal; those that have arrived for certain */
    guint64 asked;       /* sent when the question was asked that is not answered yet */
    gint64 asked_at;     /* 0: none */
    gint64 begun;        /* when the first of the bytes was sent that no question follows yet; 0 */
    gint64 asked_begun;  /* of those before the question */
    gint64 sent_at;      /* when the last bytes were sent */
    gint64 asked_sent;   /* before the question */
    gint64 answered_at;  /* the last answer; 0: none yet */
    gint64 latency;      /* of a question with nothing before it, the least seen; 0: not known */
    double rate;         /* bytes a second, 0: not known */
    double frame;        /* bytes of a frame for new figures, usually */
    guint lost;          /* questions without an answer in a row */
    gboolean answers;    /* it has answered once */
    guint thin;          /* times in a row that it was measured and found thin */
} VdLink;

/* What the terminal is asked, and what it answers. */
#define VD_LINK_QUESTION "\033[5n"
#define VD_LINK_ANSWER   "\033[0n"

/* A frame of so many bytes was handed over; key: it answers a key. TRUE: the question should
 * follow, and is taken to be asked. */
gboolean vd_link_sent(VdLink *link, gsize bytes, gboolean key, gint64 now);
/* The answer came. TRUE: the question should be asked again, and is taken to be. */
gboolean vd_link_answered(VdLink *link, gint64 now);
/* How long a frame has to wait, in microseconds; 0: draw. last: when the last one was drawn. While
 * an answer is awaited it may come sooner: ask again then. */
gint64 vd_link_wait(VdLink *link, gboolean key, gint64 last, gint64 now);
/* The time between two frames for new figures, microseconds. */
gint64 vd_link_interval(const VdLink *link);
/* Figures come much more rarely than on a usual line, and not for one answer that was late: whoever
 * draws the terminal may have been busy for a moment. */
gboolean vd_link_thin(const VdLink *link);
