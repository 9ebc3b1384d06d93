/* What the doctor asks of a host. It looks and touches nothing: what a deployment would make or
 * start by itself is only reported here. */
#include "config.h"

#include <string.h>

#include <libvirt/virterror.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/virt/connect.h"
#include "src/virt/ops-util.h"
#include "src/virt/survey.h"
#include "src/virt/uri.h"
#include "src/virt/vevent.h"
#include "src/virt/xml.h"

#define DEFAULT_NAME "default"

void vd_survey_clear(VdSurvey *survey)
{
    g_clear_pointer(&survey->uri, g_free);
    g_clear_pointer(&survey->libvirt, g_free);
    g_clear_pointer(&survey->driver, g_free);
    g_clear_pointer(&survey->pool_path, g_free);
}

/* A daemon at another socket is taken for one of this machine, too: what is missing for it is
 * looked for here. */
char *vd_survey_uri(const char *uri, gboolean *ret_local)
{
    char *effective = vd_uri_effective(uri);
    const char *slashes = strstr(effective, "://");

    *ret_local = slashes == NULL || slashes[3] == '/' || slashes[3] == '\0';
    return effective;
}

/* The state of a thing that was looked up in vain. */
static VdThingState why_missing(int missing_code)
{
    int code = virGetLastErrorCode();

    if (code == missing_code)
        return VD_THING_MISSING;
    return code == VIR_ERR_NO_SUPPORT ? VD_THING_UNSUPPORTED : VD_THING_UNKNOWN;
}

static void look_at_pool(virConnectPtr conn, VdSurvey *ret)
{
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByName(conn, DEFAULT_NAME);
    g_autofree char *xml = NULL;
    g_autoptr(xmlDoc) doc = NULL;
    virStoragePoolInfo info;

    if (pool == NULL) {
        ret->pool = why_missing(VIR_ERR_NO_STORAGE_POOL);
        return;
    }
    xml = virStoragePoolGetXMLDesc(pool, 0);
    doc = xml == NULL ? NULL : vd_xml_parse(xml, "pool", NULL);
    if (doc != NULL)
        ret->pool_path =
            vd_xml_child_text(vd_xml_child(xmlDocGetRootElement(doc), "target"), "path");
    ret->pool = virStoragePoolIsActive(pool) == 1 ? VD_THING_ACTIVE : VD_THING_INACTIVE;
    if (ret->pool == VD_THING_ACTIVE && virStoragePoolGetInfo(pool, &info) == 0)
        ret->pool_available = vd_virt_room(conn, ret->pool_path, info.available);
}

static void look_at_network(virConnectPtr conn, VdSurvey *ret)
{
    g_autoptr(virNetwork) network = virNetworkLookupByName(conn, DEFAULT_NAME);

    if (network == NULL)
        ret->network = why_missing(VIR_ERR_NO_NETWORK);
    else
        ret->network = virNetworkIsActive(network) == 1 ? VD_THING_ACTIVE : VD_THING_INACTIVE;
}

static gboolean offers_kvm(virConnectPtr conn)
{
    g_autofree char *xml = virConnectGetDomainCapabilities(conn, NULL, NULL, NULL, "kvm", 0);

    if (xml == NULL)
        virResetLastError();
    return xml != NULL;
}

static void look(virConnectPtr conn, VdSurvey *ret)
{
    unsigned long version = 0;

    if (virConnectGetLibVersion(conn, &version) == 0)
        ret->libvirt = g_strdup_printf("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000,
                                       version % 1000);
    ret->driver = vd_text_clean(virConnectGetType(conn), 20, FALSE);
    look_at_pool(conn, ret);
    look_at_network(conn, ret);
    ret->kvm = offers_kvm(conn);
}

gboolean vd_survey(const char *uri, VdSurvey *ret, GError **error)
{
    g_autofree char *effective = vd_survey_uri(uri, &ret->local);
    g_autofree char *clean = vd_text_clean(effective, 200, FALSE);
    VdOpened opened = {0};
    virConnectPtr conn;

    if (!vd_uri_check(effective, error))
        return FALSE;
    conn = vd_lv_connect(effective, NULL, &opened, error);
    if (conn == NULL)
        return FALSE;
    ret->uri = g_strdup(clean);
    ret->session = g_str_has_suffix(effective, "/session");
    look(conn, ret);
    virConnectClose(conn);
    return TRUE;
}
