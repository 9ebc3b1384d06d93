/* In the environment, since a runner is another process, and what it runs may be yet another. */
#include "config.h"

#include <glib.h>
#include <stdlib.h>

#include "src/base/patience.h"

#define VARIABLE     "VMDECK_TIMEOUT"
#define MOST_SECONDS 3600

void vd_patience_set(int seconds)
{
    g_autofree char *text = g_strdup_printf("%d", seconds);
    g_setenv(VARIABLE, text, TRUE);
}

int vd_patience_ms(int usual_ms)
{
    const char *text = g_getenv(VARIABLE);
    int seconds = text ? atoi(text) : 0;
    return seconds > 0 && seconds <= MOST_SECONDS ? seconds * 1000 : usual_ms;
}
