/* Who may do what. Asked before every request. Pure. */
#pragma once

#include "src/base/conf.h"

typedef enum { VD_ROLE_VIEW, VD_ROLE_OPERATE, VD_ROLE_ADMIN } VdRole;

/* The person: login name of the real user (SUDO_USER is not trusted). The caller frees. */
char *vd_access_person(void);
/* The role of a person: by the configuration's `roles`; without any, everybody is admin of what
 * libvirt lets them do; who may have one that could not be read may view. */
VdRole vd_access_role(const VdConf *conf, const char *person);
const char *vd_role_word(VdRole role);
