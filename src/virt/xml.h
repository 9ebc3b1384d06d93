/* Reading libvirt's XML: inside the virt room only. Everything here is pure and may be called on
 * any thread.
 *
 * The XML comes from a daemon that may be anything, and holds what guests and people wrote: it is
 * read without network, without a document type (so without entities of its own), without huge
 * nodes, and bounded. */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

/* libvirt sends no longer text over its wire (REMOTE_STRING_MAX of its remote_protocol.x). */
#define VD_XML_MAX_BYTES (4u << 20)

/* A longer value is taken as missing: PATH_MAX is the longest that means something. */
#define VD_XML_MAX_VALUE 4096

/* A walk over children stops there. */
#define VD_XML_MAX_ITEMS 4096

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)

/* Parses text, whose root element must be called root. NULL with VD_ERR_DAMAGED and a sentence when
 * it is not well-formed, too long, has a document type or another root. The caller frees it with
 * xmlFreeDoc(). */
xmlDoc *vd_xml_parse(const char *text, const char *root, GError **error);
/* The first child element of that name, or NULL; a NULL node has none. Borrowed. */
xmlNode *vd_xml_child(const xmlNode *node, const char *name);
/* The next element after this one with the same name, or NULL. Borrowed. */
xmlNode *vd_xml_next(const xmlNode *node);
gboolean vd_xml_is(const xmlNode *node, const char *name);
/* An attribute, NULL if it is missing, empty or too long. The caller frees. */
char *vd_xml_attr(const xmlNode *node, const char *name);
/* An attribute of the first child of that name. The caller frees. */
char *vd_xml_child_attr(const xmlNode *node, const char *child, const char *name);
/* The element's text without the white space around it, NULL if there is none or too much. The
 * caller frees. */
char *vd_xml_text(const xmlNode *node);
char *vd_xml_child_text(const xmlNode *node, const char *child);
/* A number in decimal; otherwise if there is none or it is out of range. */
guint64 vd_xml_attr_number(const xmlNode *node, const char *name, guint64 otherwise);
/* The element's text with its unit attribute as bytes, 0 if it is missing or overflows. Without a
 * unit it is KiB (libvirt's formatdomain.html, "Memory allocation"). */
guint64 vd_xml_bytes(const xmlNode *node);
