/* Reading libvirt's XML with libxml2, as foreign input.
 *
 * A document type is refused the moment it begins: libvirt never writes one, and without it there
 * are no entities but the five of XML itself, so nothing can grow while it is read and nothing
 * else can be reached. The rest is bounds: on the text, on each value, on each walk. */
#include "config.h"

#include <string.h>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/virt/xml.h"

#define PARSE_OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)

static void refuse_doctype(void *context, const xmlChar *name, const xmlChar *external,
                           const xmlChar *system)
{
    xmlParserCtxt *parser = context;

    (void)name;
    (void)external;
    (void)system;
    *(gboolean *)parser->_private = TRUE;
    xmlStopParser(parser);
}

static xmlDoc *parse(const char *text, int length, gboolean *ret_refused)
{
    xmlParserCtxt *parser;
    xmlDoc *doc;

    xmlInitParser(); /* cheap after the first time, which is vevent.c's where there are threads */
    parser = xmlNewParserCtxt();
    if (parser == NULL)
        return NULL;
    *ret_refused = FALSE;
    parser->_private = ret_refused;
    parser->sax->internalSubset = refuse_doctype;
    doc = xmlCtxtReadMemory(parser, text, length, NULL, NULL, PARSE_OPTIONS);
    xmlFreeParserCtxt(parser);
    if (*ret_refused)
        g_clear_pointer(&doc, xmlFreeDoc);
    return doc;
}

xmlDoc *vd_xml_parse(const char *text, const char *root, GError **error)
{
    g_autoptr(xmlDoc) doc = NULL;
    gboolean refused = FALSE;
    gsize length = strnlen(text, VD_XML_MAX_BYTES + 1);

    if (length > VD_XML_MAX_BYTES) {
        vd_error_set(error, VD_ERR_DAMAGED, NULL, _("The host's description is too long to read."));
        return NULL;
    }
    doc = parse(text, (int)length, &refused);
    if (doc == NULL || !vd_xml_is(xmlDocGetRootElement(doc), root)) {
        vd_error_set(error, VD_ERR_DAMAGED, refused ? "document type refused" : NULL,
                     _("The host's description cannot be read."));
        return NULL;
    }
    return g_steal_pointer(&doc);
}

gboolean vd_xml_is(const xmlNode *node, const char *name)
{
    return node != NULL && node->type == XML_ELEMENT_NODE && node->name != NULL &&
           strcmp((const char *)node->name, name) == 0;
}

static xmlNode *first_named(xmlNode *node, const char *name)
{
    for (; node != NULL; node = node->next) {
        if (vd_xml_is(node, name))
            return node;
    }
    return NULL;
}

xmlNode *vd_xml_child(const xmlNode *node, const char *name)
{
    return node == NULL ? NULL : first_named(node->children, name);
}

xmlNode *vd_xml_next(const xmlNode *node)
{
    return node == NULL ? NULL : first_named(node->next, (const char *)node->name);
}

/* Takes ownership of value. */
static char *bounded(xmlChar *value)
{
    char *copy = NULL;
    gsize length;

    if (value == NULL)
        return NULL;
    length = strnlen((const char *)value, VD_XML_MAX_VALUE + 1);
    if (length > 0 && length <= VD_XML_MAX_VALUE)
        copy = g_strndup((const char *)value, length);
    xmlFree(value);
    return copy;
}

char *vd_xml_attr(const xmlNode *node, const char *name)
{
    return node == NULL ? NULL : bounded(xmlGetNoNsProp(node, BAD_CAST name));
}

char *vd_xml_child_attr(const xmlNode *node, const char *child, const char *name)
{
    return vd_xml_attr(vd_xml_child(node, child), name);
}

char *vd_xml_text(const xmlNode *node)
{
    char *text = node == NULL ? NULL : bounded(xmlNodeGetContent(node));

    if (text != NULL && *g_strstrip(text) == '\0')
        g_clear_pointer(&text, g_free);
    return text;
}

char *vd_xml_child_text(const xmlNode *node, const char *child)
{
    return vd_xml_text(vd_xml_child(node, child));
}

guint64 vd_xml_attr_number(const xmlNode *node, const char *name, guint64 otherwise)
{
    g_autofree char *text = vd_xml_attr(node, name);
    guint64 value = 0;

    if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &value, NULL))
        return otherwise;
    return value;
}

/* The units of libvirt's virScaleInteger(): "KiB" and "k" are 1024, "KB" is 1000. */
static guint64 unit_factor(const char *unit)
{
    static const char letters[] = "kmgtpe";
    const char *letter;
    guint64 step, factor = 1;

    if (unit == NULL)
        return 1024;
    if (strcmp(unit, "b") == 0 || strcmp(unit, "bytes") == 0)
        return 1;
    letter = strchr(letters, g_ascii_tolower(unit[0]));
    if (letter == NULL || unit[0] == '\0')
        return 0;
    if (unit[1] == '\0' || g_ascii_strcasecmp(unit + 1, "ib") == 0)
        step = 1024;
    else if (g_ascii_strcasecmp(unit + 1, "b") == 0)
        step = 1000;
    else
        return 0;
    for (gssize i = 0; i <= letter - letters; i++)
        factor *= step;
    return factor;
}

guint64 vd_xml_bytes(const xmlNode *node)
{
    g_autofree char *unit = vd_xml_attr(node, "unit");
    g_autofree char *text = vd_xml_text(node);
    guint64 value = 0, bytes = 0;

    if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &value, NULL))
        return 0;
    if (!g_uint64_checked_mul(&bytes, value, unit_factor(unit)) || bytes > G_MAXINT64)
        return 0;
    return bytes;
}
