/* Whose turn at the processor comes first. Nothing here needs a privilege, and nothing fails: where
 * the kernel knows no better, all are served as before. */
#pragma once

/* The calling thread answers a person: what it needs is little, and it gets it at once, before
 * others go on with what they compute: before all of them where the process may have that (root, or
 * a limit on real-time priorities), until it once computes for a second without a pause; elsewhere
 * in pieces of a tenth of a millisecond. Who started the process with nice or chrt has chosen
 * otherwise, and it stays so. Threads and processes that it makes are as any other. Takes the
 * signal SIGXCPU. */
void vd_turn_first(void);
/* The calling process, which has made no thread yet, and all that it starts are background work:
 * people at a console, and the machines that run, come first. Who was started with less stays
 * there. It is to lead a session of its own, which steps aside as a whole. */
void vd_turn_last(void);
