/* Whose turn at the processor comes first. Nothing here needs a privilege, and nothing fails: where
 * the kernel knows no better, all are served as before. */
#pragma once

/* The calling thread answers a person: what it needs is little, and it gets it at once, in pieces
 * of a tenth of a millisecond, before others go on with what they compute. Threads and processes
 * that it makes are as any other. */
void vd_turn_first(void);
/* The calling process, which has made no thread yet, and all that it starts are background work:
 * people at a console, and the machines that run, come first. Who was started with less stays
 * there. It is to lead a session of its own, which steps aside as a whole. */
void vd_turn_last(void);
