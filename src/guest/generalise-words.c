/* Apart from those that clean, so that a request is judged without libguestfs. */
#include "config.h"

#include "src/guest/generalise-words.h"

gboolean vd_generalise_known(const char *word)
{
    static const char *const words[] = {
        "machine-id", "host-keys",     "logs",       "leases",  "history",
        "user-keys",  "random-seed",   "net-names",  "network", "hostname",
        "tmp",        "package-cache", "first-boot", NULL,
    };
    return g_strv_contains(words, word);
}
