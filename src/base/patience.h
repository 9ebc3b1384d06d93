/* How long a host may take to answer, where a person has said so. */
#pragma once

/* Says so (--timeout) for this process and the jobs that it starts. Before there are threads. */
void vd_patience_set(int seconds);
/* Milliseconds: what was said, or else usual_ms. Any thread. */
int vd_patience_ms(int usual_ms);
