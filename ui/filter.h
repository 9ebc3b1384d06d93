/* What is typed after `/`: words that all must fit. `web` is found in name, title or address;
 * `state:off`, `host:kvm2`, `ip:10.0`, `name:db`; `cpu>50`, `mem<20` (percent), `disk>1M`, `net>0`
 * (bytes a second); `!` before a word inverts it. Pure; any thread. */
#pragma once

#include "src/model/fleet.h"

typedef struct _VdFilter VdFilter;

/* Never NULL; anything can be parsed, half-typed words as well. */
VdFilter *vd_filter_new(const char *text);
void vd_filter_free(VdFilter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdFilter, vd_filter_free)
/* What was not understood, and so asks nothing (or is looked for as a mere word): a sentence; NULL:
 * all of it was. What is still being typed is no mistake. Borrowed. */
const char *vd_filter_problem(const VdFilter *filter);
/* Nothing to ask: every machine fits. */
gboolean vd_filter_empty(const VdFilter *filter);
/* VD_GROUP_*: the figures it asks of every machine. */
guint vd_filter_groups(const VdFilter *filter);
gboolean vd_filter_fits(const VdFilter *filter, const VdHost *host, const VdVm *vm);
/* Whether a host that shows no machine of its own, because it never answered, say, is what is
 * looked for: all words are found in its name. */
gboolean vd_filter_fits_host(const VdFilter *filter, const VdHost *host);
