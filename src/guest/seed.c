/* Which files a medium has. meta-data and user-data are on every medium: a guest that has got a
 * cloud-init after it was prepared finds the same there. */
#include "config.h"

#include "src/guest/seed.h"

#include "src/guest/agent.h"
#include "src/guest/cloud.h"
#include "src/guest/iso.h"

/* Takes text. */
static void add(GPtrArray *files, const char *name, char *text)
{
    VdSeedFile *file = g_new0(VdSeedFile, 1);
    file->name = g_strdup(name);
    file->text = text;
    g_ptr_array_add(files, file);
}

GPtrArray *vd_seed_files(const VdRequest *request)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(vd_seed_file_free);
    gboolean nuage = request->reader == VD_READER_NUAGEINIT;
    char *(*user)(const VdRequest *) = nuage ? vd_nuage_user : vd_cloud_user;
    add(files, "meta-data", vd_cloud_meta(request));
    add(files, "user-data", request->user_data ? g_strdup(request->user_data) : user(request));
    /* Whoever wrote the text said in it what the network is to be. */
    if (request->customise->net && !request->user_data)
        add(files, "network-config", vd_cloud_network(request->customise->net, !nuage));
    if (request->reader == VD_READER_AGENT)
        vd_agent_seed(request, files);
    return files;
}
