/* An index as text: sections that are replaced by name while the others stay byte for byte. Pure.
 * Inside the deploy room. */
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
