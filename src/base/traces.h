/* What a child of a job leaves in folders that are shared with others (/tmp, a cache) when it is
 * killed: noted in the job's folder before it is made, so that whoever ends what is left of the job
 * removes it too. A host that loses its power may lose the last notes: /tmp is emptied then by
 * others. Any thread, not two at a time for one descriptor. May wait on a disk. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* Begins the notes of this process in the job's folder. A descriptor to be closed, or -1 if there
 * is no such folder or no room; every function takes -1 for "not noted". */
int vd_traces_open(const char *folder);

/* mkdtemp(3), by a name that is noted first: template, which ends in XXXXXX, becomes the name.
 * NULL with errno set if nothing was made. */
char *vd_traces_mkdtemp(int fd, char *template);

/* Notes that appliances are built in this cache of libguestfs (/var/tmp/.guestfs-0). */
void vd_traces_note_cache(int fd, const char *cache);

/* Removes what supermin left in the cache when it was killed: half an appliance. Nothing is done
 * while anybody builds there, or if the cache is not ours alone. */
void vd_traces_sweep_cache(const char *cache);

/* Removes what the process pid (0: each one) has noted in the job's folder, if it is ours, and then
 * the notes. The processes must have ended. */
void vd_traces_remove(const char *folder, pid_t pid);
