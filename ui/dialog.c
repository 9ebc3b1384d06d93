/* References to dialogs: the stack holds one, every answer that is awaited another. */
#include "config.h"

#include "ui/dialog.h"

void vd_dialog_init(VdDialog *dialog, const VdDialogClass *class)
{
    *dialog = (VdDialog){.class = class, .refs = 1};
}

VdDialog *vd_dialog_ref(VdDialog *dialog)
{
    dialog->refs++;
    return dialog;
}

void vd_dialog_unref(VdDialog *dialog)
{
    if (!dialog || --dialog->refs > 0)
        return;
    dialog->class->free(dialog);
}
