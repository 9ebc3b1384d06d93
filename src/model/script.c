/* Values and nothing else. */
#include "config.h"

#include "src/model/script.h"

VdScript *vd_script_new(void)
{
    VdScript *script = g_new0(VdScript, 1);
    g_atomic_ref_count_init(&script->refs);
    return script;
}

VdScript *vd_script_ref(VdScript *script)
{
    g_atomic_ref_count_inc(&script->refs);
    return script;
}

void vd_script_unref(VdScript *script)
{
    if (!script || !g_atomic_ref_count_dec(&script->refs))
        return;
    g_free(script->name);
    g_free(script->path);
    g_free(script->notes);
    g_free(script->systems);
    g_free(script);
}
