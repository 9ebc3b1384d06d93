/* The palette and the menu are one list of commands, once filtered by what is typed, once parted
 * into groups. What does not suit what is under the cursor is greyed, not hidden, so that things
 * stay where they were. */
#include "config.h"

#include "ui/choose.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "ui/edit.h"

typedef struct {
    VdDialog dialog;
    gboolean palette;
    VdEdit edit;
    GPtrArray *shown; /* const VdCommand *; NULL: a heading is drawn before the next */
    VdList list;
} Choice;

guint vd_fuzzy_score(const char *typed, const char *text)
{
    guint score = 1, run = 0;
    gboolean start = TRUE, first = TRUE; /* of a word; of all */
    if (!*typed)
        return 1;
    for (; *text && *typed; text = g_utf8_next_char(text)) {
        gunichar want = g_unichar_tolower(g_utf8_get_char(typed));
        gunichar have = g_unichar_tolower(g_utf8_get_char(text));
        if (want == have) {
            run++;
            score += run * 2 + (start ? 8 : 0) + (first ? 4 : 0);
            typed = g_utf8_next_char(typed);
        } else {
            run = 0;
        }
        start = !g_unichar_isalnum(have);
        first = FALSE;
    }
    return *typed ? 0 : score;
}

/* With nothing typed yet, verbs come first, and moving about, which nobody types, last. */
static guint command_score(const char *typed, const VdCommand *command)
{
    if (!*typed)
        return command->verb ? 3 : command->action > VD_DO_OPEN ? 2 : 1;
    guint label = vd_fuzzy_score(typed, _(command->label));
    guint word = vd_fuzzy_score(typed, command->verb ? command->verb->command : command->id);
    /* An id is typed with its dot; else it would bring up what nobody looks for. */
    guint id = command->verb && strchr(typed, '.') ? vd_fuzzy_score(typed, command->verb->id) : 0;
    return MAX(MAX(label, word), id);
}

typedef struct {
    const VdCommand *command;
    guint score;
} Scored;

static int compare_scored(gconstpointer left, gconstpointer right)
{
    const Scored *a = left, *b = right;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    /* "suspend" means the machine, as it does on the command line, not the program's own id. */
    if (!a->command->verb != !b->command->verb)
        return a->command->verb ? -1 : 1;
    return a->command < b->command ? -1 : 1; /* the order of the keymap */
}

static void fill_palette(Choice *self)
{
    const VdKeymap *keymap = self->dialog.app->keymap;
    g_autoptr(GArray) scored = g_array_new(FALSE, FALSE, sizeof(Scored));
    for (guint i = 0; i < vd_keymap_count(keymap); i++) {
        const VdCommand *command = vd_keymap_at(keymap, i);
        Scored one = {command, command_score(vd_edit_text(&self->edit), command)};
        if (one.score)
            g_array_append_val(scored, one);
    }
    g_array_sort(scored, compare_scored);
    g_ptr_array_set_size(self->shown, 0);
    for (guint i = 0; i < scored->len; i++)
        g_ptr_array_add(self->shown, (gpointer)g_array_index(scored, Scored, i).command);
}

/* Groups in the order of their first verb; the verbs' groups first, moving about last. */
static void fill_menu(Choice *self)
{
    const VdKeymap *keymap = self->dialog.app->keymap;
    guint n = vd_keymap_count(keymap);
    g_autoptr(GPtrArray) groups = g_ptr_array_new();
    for (int verbs = 1; verbs >= 0; verbs--)
        for (guint i = 0; i < n; i++) {
            const VdCommand *command = vd_keymap_at(keymap, i);
            if ((command->verb != NULL) == (verbs == 1) &&
                !g_ptr_array_find_with_equal_func(groups, command->menu, g_str_equal, NULL))
                g_ptr_array_add(groups, (gpointer)command->menu);
        }
    for (guint g = 0; g < groups->len; g++) {
        g_ptr_array_add(self->shown, NULL);
        for (guint i = 0; i < n; i++) {
            const VdCommand *command = vd_keymap_at(keymap, i);
            if (strcmp(command->menu, g_ptr_array_index(groups, g)) == 0)
                g_ptr_array_add(self->shown, (gpointer)command);
        }
    }
}

static const VdCommand *at(const Choice *self, guint i)
{
    return i < self->shown->len ? g_ptr_array_index(self->shown, i) : NULL;
}

/* Off a heading, in the direction of the move. */
static void skip_heading(Choice *self, int by)
{
    if (at(self, self->list.cursor) || self->shown->len == 0)
        return;
    if (by < 0 && self->list.cursor > 0)
        self->list.cursor--;
    else if (self->list.cursor + 1 < self->shown->len)
        self->list.cursor++;
}

/* Cells: labels get no fewer and no more; the keys at the right have as many. */
enum { LABEL_LEAST = 20, LABEL_MOST = 28, KEYS_WIDTH = 14, WIDTH_LEAST = 100 };

/* The widest label and the widest description there are, so that nothing moves while one types. */
static void widths(const VdKeymap *keymap, int *ret_label, int *ret_help)
{
    int label = LABEL_LEAST, help = 0;
    for (guint i = 0; i < vd_keymap_count(keymap); i++) {
        const VdCommand *command = vd_keymap_at(keymap, i);
        label = MAX(label, vd_text_width(_(command->label)));
        help = MAX(help, vd_text_width(_(command->help)));
    }
    *ret_label = MIN(label, LABEL_MOST);
    *ret_help = help;
}

static void measure(VdDialog *dialog, int max_w, int max_h, int *ret_w, int *ret_h)
{
    const Choice *self = (const Choice *)dialog;
    int label = 0, help = 0;
    widths(dialog->app->keymap, &label, &help);
    /* The frame's sides, a margin, and the gaps: see draw_command(). */
    *ret_w = MIN(max_w, MAX(WIDTH_LEAST, 2 + 2 + label + 1 + help + 1 + KEYS_WIDTH + 1));
    *ret_h = self->palette ? MIN(max_h, 18) : MIN(max_h, (int)self->shown->len + 2);
}

static void draw_command(Choice *self, VdCanvas *canvas, VdRect line, const VdCommand *command,
                         gboolean selected)
{
    VdApp *app = self->dialog.app;
    VdRole role = vd_console_can(app, command) ? VD_ROLE_DIALOG : VD_ROLE_HINT;
    g_autofree char *keys = vd_keymap_keys(app->keymap, command, 2);
    int x = line.x + 2, right = line.x + line.w - 1;
    int keys_width = MIN(KEYS_WIDTH, line.w / 3);
    int label = 0, help = 0;
    widths(app->keymap, &label, &help);
    vd_canvas_text(canvas, x, line.y, MIN(label, line.w - 3), role, _(command->label));
    x += label + 1;
    vd_canvas_text(canvas, x, line.y, right - keys_width - 1 - x, VD_ROLE_HINT, _(command->help));
    vd_canvas_text_right(canvas, right - keys_width, line.y, keys_width, VD_ROLE_DIALOG, keys);
    if (selected)
        vd_canvas_tint(canvas, line, VD_ROLE_SELECTED);
}

static void draw(VdDialog *dialog, VdCanvas *canvas, VdRect rect)
{
    Choice *self = (Choice *)dialog;
    VdRect in = vd_canvas_box(canvas, rect, VD_ROLE_DIALOG_FRAME, VD_ROLE_DIALOG,
                              self->palette ? _("Command") : _("Menu"));
    if (self->palette && in.h > 1) {
        vd_canvas_put(canvas, in.x, in.y, VD_ROLE_DIALOG, ':');
        vd_edit_draw(&self->edit, canvas, in.x + 1, in.y, in.w - 2, VD_ROLE_FIELD_FOCUS, TRUE);
        in.y++;
        in.h--;
    }
    guint top = vd_list_top(&self->list, self->shown->len, (guint)MAX(1, in.h));
    /* The heading of the group under the cursor stays in sight. */
    if (top > 0 && !at(self, top - 1) && self->list.cursor == top)
        self->list.top = --top;
    for (guint i = top; i < self->shown->len && (int)(i - top) < in.h; i++) {
        const VdCommand *command = at(self, i);
        VdRect line = {in.x, in.y + (int)(i - top), in.w, 1};
        if (command)
            draw_command(self, canvas, line, command, i == self->list.cursor);
        else if (at(self, i + 1))
            vd_canvas_text(canvas, line.x + 1, line.y, line.w - 1, VD_ROLE_DIALOG_FRAME,
                           _(at(self, i + 1)->menu));
    }
    if (self->shown->len == 0)
        vd_canvas_text(canvas, in.x + 1, in.y, in.w - 1, VD_ROLE_HINT, _("No command fits."));
}

static VdDialogResult run(Choice *self)
{
    const VdCommand *command = at(self, self->list.cursor);
    VdApp *app = self->dialog.app;
    if (!command)
        return VD_DIALOG_HANDLED;
    /* Off the stack first: what it opens goes on top of the main view. */
    vd_app_close(app, &self->dialog);
    if (!vd_console_do(app, command))
        vd_app_say(app, FALSE, _("%s has nothing to work on here."), _(command->label));
    return VD_DIALOG_HANDLED;
}

/* To the first command of the group after this one, or before; the menu's ends are ends. */
static void to_group(Choice *self, int by)
{
    guint wanted = by > 0 ? 1 : 2; /* headings to meet: the next one; its own and the one before */
    guint i = self->list.cursor;
    while (i < self->shown->len && (at(self, i) || --wanted > 0))
        i = by > 0 ? i + 1 : i - 1;
    if (i + 1 < self->shown->len)
        self->list.cursor = i + 1;
}

static gboolean move(Choice *self, guint32 key)
{
    VdAction action = VD_DO_COUNT;
    if (!self->palette && (key == VD_KEY_LEFT || key == VD_KEY_RIGHT)) {
        to_group(self, key == VD_KEY_RIGHT ? 1 : -1);
        return TRUE;
    }
    switch (key) {
    case VD_KEY_UP:
        action = VD_DO_UP;
        break;
    case VD_KEY_DOWN:
        action = VD_DO_DOWN;
        break;
    case VD_KEY_PGUP:
        action = VD_DO_PAGE_UP;
        break;
    case VD_KEY_PGDN:
        action = VD_DO_PAGE_DOWN;
        break;
    case 'k':
    case 'j':
        if (!self->palette)
            action = key == 'k' ? VD_DO_UP : VD_DO_DOWN;
        break;
    default:
        break;
    }
    if (!vd_list_act(&self->list, action, 1, FALSE))
        return FALSE;
    skip_heading(self, action == VD_DO_UP || action == VD_DO_PAGE_UP ? -1 : 1);
    return TRUE;
}

/* Tab: what is typed becomes the command under the cursor. */
static void complete(Choice *self)
{
    const VdCommand *command = at(self, self->list.cursor);
    if (!command)
        return;
    vd_edit_set(&self->edit, command->verb ? command->verb->command : command->id);
    fill_palette(self);
    self->list.cursor = 0;
}

/* In the menu a letter goes to the next command whose own key it is, and runs it. */
static VdDialogResult letter(Choice *self, guint32 key)
{
    for (guint n = 0;; n++) {
        const VdCommand *command = vd_keymap_lookup(self->dialog.app->keymap, key, n);
        if (!command)
            return VD_DIALOG_IGNORED;
        guint i = 0;
        if (!g_ptr_array_find(self->shown, command, &i) ||
            !vd_console_can(self->dialog.app, command))
            continue;
        self->list.cursor = i;
        return run(self);
    }
}

static VdDialogResult mouse(Choice *self, const VdEvent *event)
{
    if (event->kind == VD_EVENT_WHEEL_UP || event->kind == VD_EVENT_WHEEL_DOWN) {
        (void)vd_list_act(&self->list, event->kind == VD_EVENT_WHEEL_UP ? VD_DO_UP : VD_DO_DOWN, 1,
                          FALSE);
        skip_heading(self, event->kind == VD_EVENT_WHEEL_UP ? -1 : 1);
        return VD_DIALOG_HANDLED;
    }
    int first = self->dialog.rect.y + 1 + (self->palette ? 1 : 0);
    if (event->y < first || event->y >= self->dialog.rect.y + self->dialog.rect.h - 1)
        return VD_DIALOG_IGNORED;
    guint i = self->list.top + (guint)(event->y - first);
    if (!at(self, i))
        return VD_DIALOG_HANDLED;
    self->list.cursor = i;
    return event->kind == VD_EVENT_DOUBLE ? run(self) : VD_DIALOG_HANDLED;
}

static VdDialogResult event(VdDialog *dialog, const VdEvent *event)
{
    Choice *self = (Choice *)dialog;
    if (event->kind != VD_EVENT_KEY)
        return mouse(self, event);
    if (move(self, event->key))
        return VD_DIALOG_HANDLED;
    if (event->key == VD_KEY_ENTER && !event->pasted)
        return run(self);
    if (event->key == VD_KEY_ESC || event->key == VD_KEY_F(9) || event->key == VD_KEY_F(10))
        return VD_DIALOG_CLOSE;
    if (!self->palette)
        return event->pasted ? VD_DIALOG_IGNORED : letter(self, event->key);
    if (event->key == VD_KEY_TAB) {
        complete(self);
        return VD_DIALOG_HANDLED;
    }
    if (!vd_edit_key(&self->edit, event->key))
        return VD_DIALOG_IGNORED;
    fill_palette(self);
    self->list.cursor = self->list.top = 0;
    return VD_DIALOG_HANDLED;
}

static char *hint(VdDialog *dialog)
{
    if (((const Choice *)dialog)->palette)
        return g_strdup(_("Enter runs it · Tab completes · Esc closes"));
    return g_strdup(_("Enter or the key runs it · Left, Right other groups · Esc closes"));
}

static void free_choice(VdDialog *dialog)
{
    Choice *self = (Choice *)dialog;
    g_ptr_array_unref(self->shown);
    vd_edit_clear(&self->edit);
    g_free(self);
}

static const VdDialogClass choice_class = {.name = "choice",
                                           .measure = measure,
                                           .draw = draw,
                                           .event = event,
                                           .hint = hint,
                                           .free = free_choice};

static VdDialog *choice_new(VdApp *app, gboolean palette)
{
    Choice *self = g_new0(Choice, 1);
    vd_dialog_init(&self->dialog, &choice_class);
    self->dialog.app = app;
    self->palette = palette;
    self->shown = g_ptr_array_new();
    vd_edit_init(&self->edit, "", FALSE);
    if (palette)
        fill_palette(self);
    else
        fill_menu(self);
    skip_heading(self, 1);
    return &self->dialog;
}

VdDialog *vd_menu_new(VdApp *app)
{
    return choice_new(app, FALSE);
}

VdDialog *vd_palette_new(VdApp *app)
{
    return choice_new(app, TRUE);
}
