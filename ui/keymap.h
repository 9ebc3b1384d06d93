/* What the keys do: actions of the console and verbs of the table, their default keys, and the
 * user's own from the configuration. Help, menu and function-key bar are made from it, so that they
 * never lie. Immutable once made; loop thread only. */
#pragma once

#include "src/deck/deck.h"
#include "ui/keys.h"

typedef enum {
    VD_DO_UP,
    VD_DO_DOWN,
    VD_DO_LEFT,
    VD_DO_RIGHT,
    VD_DO_PAGE_UP,
    VD_DO_PAGE_DOWN,
    VD_DO_TOP,
    VD_DO_BOTTOM,
    VD_DO_OPEN,
    VD_DO_MARK,
    VD_DO_MARK_INVERT,
    VD_DO_MARK_NONE,
    VD_DO_FILTER,
    VD_DO_SORT_NEXT,
    VD_DO_SORT_PREVIOUS,
    VD_DO_SORT_INVERT,
    VD_DO_FLAT,
    VD_DO_FOCUS_NEXT,
    VD_DO_FOCUS_PREVIOUS,
    VD_DO_ZOOM_IN,
    VD_DO_ZOOM_OUT,
    VD_DO_VIEW_NEXT,
    VD_DO_VIEW_PREVIOUS,
    VD_DO_VIEW_MACHINES,
    VD_DO_VIEW_JOBS,
    VD_DO_VIEW_IMAGES,
    VD_DO_VIEW_LOG,
    VD_DO_REFRESH,
    VD_DO_REPAINT,
    VD_DO_PALETTE,
    VD_DO_MENU,
    VD_DO_HELP,
    VD_DO_METER,
    VD_DO_SUSPEND,
    VD_DO_QUIT,
    VD_DO_COUNT
} VdAction;

/* One thing that can be done. Static, immutable. */
typedef struct {
    const char *id;     /* "sort-next", "vm.start": in the configuration and in the palette */
    const char *menu;   /* N_(): the group in help and menu */
    const char *label;  /* N_() a word or two */
    const char *help;   /* N_() one sentence */
    VdAction action;    /* VD_DO_COUNT: a verb */
    const VdVerb *verb; /* NULL: an action */
} VdCommand;

typedef struct _VdKeymap VdKeymap;

/* conf: its keys (id → NULL-terminated key names) come in place of the defaults; may be NULL. Every
 * name that is not known adds a sentence with file and line to problems (char *, owned by the
 * array). */
VdKeymap *vd_keymap_new(const VdConf *conf, GPtrArray *problems);
void vd_keymap_free(VdKeymap *keymap);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdKeymap, vd_keymap_free)
/* All commands: the actions, then the verbs of the menus. */
guint vd_keymap_count(const VdKeymap *keymap);
const VdCommand *vd_keymap_at(const VdKeymap *keymap, guint i);
/* By id, or by a verb's command line word; NULL: none. */
const VdCommand *vd_keymap_find(const VdKeymap *keymap, const char *id);
/* What a key is bound to: the n-th command in the order of preference, NULL after the last. A key
 * may do different things for a host and for a machine. */
const VdCommand *vd_keymap_lookup(const VdKeymap *keymap, guint32 key, guint n);
/* The keys of a command as text: "k, Up"; at most max of them (0: all). "" if it has none. The
 * caller frees. */
char *vd_keymap_keys(const VdKeymap *keymap, const VdCommand *command, guint max);
