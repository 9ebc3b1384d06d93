/* An index as text: sections that are replaced by name while the others stay byte for byte; and
 * whether there can be one. Inside the deploy room. */
#pragma once

#include "src/model/image.h"

/* The line that tells whose bytes an entry is of: this and the digest. */
#define VD_INDEX_REMARK "# vmdeck-sha256="

/* The section of that name with its head, or NULL. The caller frees, as with the others. */
char *vd_index_section(const char *text, const char *name);
/* The text with section in place of the one of that name, or at its end. */
char *vd_index_replace(const char *text, const char *name, const char *section);
/* An image's section; file, revision, sha512 and compressed (bytes) are of what is published. */
char *vd_index_entry(const VdImage *image, const char *file, const char *revision,
                     const char *sha512, guint64 compressed);

/* Whether files can be made in a folder, or it can be made (may_make) in what is there of its path.
 */
gboolean vd_publish_check_folder(const char *folder, gboolean may_make, GError **error);
/* Whether GnuPG can sign with it; NULL: nothing is signed. May wait: it is asked. */
gboolean vd_publish_check_key(const char *key, GError **error);
/* Whether an image can be exported to this file (absolute). */
gboolean vd_export_check_file(const char *file, GError **error);
