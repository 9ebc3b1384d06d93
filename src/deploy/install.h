/* Installing by network, where there is no image: what the files of this engine share. Inside the
 * deploy room. */
#pragma once

#include "src/deploy/plan.h"
#include "src/deploy/template.h"
#include "src/jobs/runner.h"

extern const VdStepSpec vd_install_steps[];
extern const VdAgain vd_install_again[];

/* A tree as people give it, a folder or an http, https or file URL, as a URL without a slash at its
 * end. The caller frees; NULL with a sentence if it is neither. */
char *vd_install_tree_url(const char *tree, GError **error);
/* Whether the installer will find what it installs: in the machine there is no folder of this host,
 * only what can be had by http and the medium (NULL or "": none). A sentence if not. */
gboolean vd_install_check_reach(const VdTemplate *template, const char *url, const char *medium,
                                GError **error);
/* The host of an http tree and the folder of its mirror (what is before /dists/, else the whole
 * path), for installers that want them apart. *ret_host NULL: the tree is no http one. The caller
 * frees both. */
void vd_install_tree_parts(const char *url, char **ret_host, char **ret_folder);
/* What an installed system runs once to have our first-boot unit, the keys and the script in it: a
 * text for sh, in base64. script may be NULL. Free with vd_secret_free(). NULL with a sentence if
 * it is too long to be a word of a shell's. */
char *vd_install_setup(const VdPlan *plan, const char *request, const char *script, GError **error);
/* The architecture of a host's machines; away: it cannot be asked, so this one's. The caller
 * frees. May wait. */
char *vd_install_arch(const char *uri, gboolean away);
