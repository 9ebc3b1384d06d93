/* The guest's passwd, shadow, group and gshadow, edited line by line: what is not understood stays
 * as it is. Fields as in passwd(5), shadow(5), group(5). Pure; any thread. */
#pragma once

#include <glib.h>

/* A file of lines of fields with colons between them. */
typedef struct _VdColon VdColon; /* one owner */

VdColon *vd_colon_parse(const char *text);
void vd_colon_free(VdColon *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdColon, vd_colon_free)
/* The whole text again; the caller frees. */
char *vd_colon_text(const VdColon *file);
/* The index of the first line whose first field is name, -1 if there is none. */
int vd_colon_find(const VdColon *file, const char *name);
int vd_colon_lines(const VdColon *file);
/* A copy of a field (from 0), "" if the line has fewer. The caller frees. */
char *vd_colon_get(const VdColon *file, int line, guint field);
/* Sets a field; a line with fewer gets empty ones. value must not hold a colon or newline. */
void vd_colon_set(VdColon *file, int line, guint field, const char *value);
/* Appends a line; without its newline. */
void vd_colon_append(VdColon *file, const char *line);

typedef struct {
    VdColon *passwd;
    VdColon *shadow; /* NULL: the guest has none, hashes are in passwd */
    VdColon *group;
    VdColon *gshadow; /* NULL: the guest has none */
} VdAccounts;

typedef struct {
    guint32 uid, gid;
    char *home;
} VdAccount;

void vd_account_clear(VdAccount *account);

/* Looks a user up; FALSE if there is none or the line is broken. Clear *ret_account after. */
gboolean vd_accounts_find(const VdAccounts *accounts, const char *name, VdAccount *ret_account);

/* Sets the hash of a user that exists, "!" locks; day (since 1970) becomes the day of the last
 * change, so that no old expiry asks for a new password at once. A shadow line that is missing is
 * made. */
void vd_accounts_set_hash(VdAccounts *accounts, const char *name, const char *hash, gint64 day);

/* Adds a user with a group of the same name and locked; the first free number from min up is both
 * (the group may get another one). FALSE if no number is free or one name is taken by a line. */
gboolean vd_accounts_add_user(VdAccounts *accounts, const char *name, const char *shell,
                              guint32 min, gint64 day);

/* Makes a user a member; FALSE if there is no such group. Once is enough. */
gboolean vd_accounts_join(VdAccounts *accounts, const char *group, const char *name);

/* The users people log in as: root and those from uid 1000 (or 500 with old_ids) to 59999, at most
 * max. Strings, the caller unrefs. */
GPtrArray *vd_accounts_people(const VdColon *passwd, gboolean old_ids, guint max);
/* Whether the account of a line is the system's own: a daemon's, which nobody logs in to, and whose
 * files and rights another person must not get. Some distributions' usual user has a number below
 * 1000 ("core", 500), so the shell decides from 500 on. root is none. */
gboolean vd_accounts_is_of_system(const VdColon *passwd, int line);
