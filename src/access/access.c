/* Rights: a role for each person, from the system's configuration. Without any, everybody may do
 * what libvirt lets them do, as with virsh. */
#include "config.h"

#include <pwd.h>
#include <unistd.h>

#include "src/access/access.h"
#include "src/base/i18n.h"

char *vd_access_person(void)
{
    struct passwd entry, *found = NULL;
    char buffer[4096];
    if (getpwuid_r(getuid(), &entry, buffer, sizeof buffer, &found) == 0 && found)
        return g_strdup(found->pw_name);
    return g_strdup_printf("uid%u", (guint)getuid());
}

VdRole vd_access_role(const VdConf *conf, const char *person)
{
    if (g_hash_table_size(conf->roles) == 0 && !conf->roles_lost)
        return VD_ROLE_ADMIN;
    const char *word = g_hash_table_lookup(conf->roles, person);
    if (g_strcmp0(word, "admin") == 0)
        return VD_ROLE_ADMIN;
    return g_strcmp0(word, "operate") == 0 ? VD_ROLE_OPERATE : VD_ROLE_VIEW;
}

const char *vd_role_word(VdRole role)
{
    static const char *const words[] = {N_("view"), N_("operate"), N_("admin")};
    return words[role];
}
