/* What the files of provision share: inside the virt room. */
#pragma once

#include <libvirt/libvirt.h>
#include <libxml/tree.h>
#include <libxml/xpath.h>

#include "src/virt/domxml.h"
#include "src/virt/provision.h"
#include "src/virt/xml.h"

struct _VdConn {
    virConnectPtr conn;
    char *uri;     /* as libvirt gives it */
    char *driver;  /* "QEMU", "TEST" … upper case */
    char *request; /* for the log */
    gboolean local;
    gboolean session; /* an ordinary user's own hypervisor */
};

/* Opens what uri names, or gives it up as vd_conn_open() says. */
virConnectPtr vd_lv_connect_within(const char *uri, GCancellable *cancel, GError **error);

/* libvirt's types, freed when they leave their scope. */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStoragePool, virStoragePoolFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStorageVol, virStorageVolFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virNetwork, virNetworkFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathContext, xmlXPathFreeContext)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathObject, xmlXPathFreeObject)

/* A child element, with text if text is not NULL; escaped by libxml2. Owned by the tree. */
xmlNodePtr vd_xml_add(xmlNodePtr parent, const char *name, const char *text);
void vd_xml_set(xmlNodePtr node, const char *name, const char *value);
/* The whole document as text. The caller frees. */
char *vd_xml_write(xmlDocPtr doc);
/* The first match of an XPath expression as text, or NULL. The caller frees. */
char *vd_xpath_text(xmlDocPtr doc, const char *xpath);
/* All matches as texts. Free with g_strfreev(). */
char **vd_xpath_all(xmlDocPtr doc, const char *xpath);
/* The first match of an XPath expression as a document of its own, or NULL. The caller frees. */
char *vd_xpath_xml(xmlDocPtr doc, const char *xpath);
/* Whether any match of an XPath expression has this text. */
gboolean vd_xpath_has(xmlDocPtr doc, const char *xpath, const char *text);

/* What libvirt has to know of a host to write a machine for it. */
typedef struct {
    const char *type; /* "kvm", "qemu", "test" */
    const char *arch;
    const char *machine; /* "q35", "pc", "virt", or NULL: the host's choice */
    const char *cpu;     /* mode, or NULL: the machine's own */
} VdVmTarget;

/* The kind of machine that this host runs for an architecture; arch is borrowed by it. */
gboolean vd_conn_find_target(VdConn *conn, const char *arch, gboolean kvm, VdVmTarget *target,
                             GError **error);

/* The domain XML of a plan. Pure. The caller frees. */
char *vd_vm_plan_xml(const VdVmPlan *plan, const VdVmTarget *target);
/* The same machine without its installer. Pure. The caller frees; NULL if it is no domain. */
char *vd_vm_from_disk_xml(const char *xml, gboolean again);
/* The volume XML of an overlay (base not NULL) or an empty qcow2 disk. Pure. The caller frees. */
char *vd_volume_xml(const char *name, guint64 size, const char *base, const char *base_format);
/* The volume XML of an empty volume of size bytes that gets a content of any kind: of a sparse file
 * or, not sparse, of a device. readable: by everybody on its host, as a base is. */
char *vd_volume_raw_xml(const char *name, guint64 size, gboolean sparse, gboolean readable);
/* Whether the volumes of a pool are files. */
gboolean vd_pool_has_files(virStoragePoolPtr pool);
/* Whether its volumes are those of RBD. */
gboolean vd_rbd_holds(virStoragePoolPtr pool);
/* Removes such a volume, with the snapshots that libvirt made of a base; waits till ceph knows that
 * a process that was killed does not use it any more, up to 45 s. -1 with libvirt's error. */
int vd_rbd_delete(virStorageVolPtr volume, gboolean base);
