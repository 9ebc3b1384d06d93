/* A page of text that scrolls and can be searched: answers to questions, XML, logs, the help. Loop
 * thread only. Hand the dialogs to vd_app_push(). */
#pragma once

#include "ui/app.h"

/* doc is referenced. */
VdDialog *vd_page_new_doc(const char *title, VdDoc *doc);
/* wrap: long lines are broken between words; else the page scrolls sideways. */
VdDialog *vd_page_new_text(const char *title, const char *text, gboolean wrap);
/* A page whose text is made anew every second. make's answer is freed with g_free(); data with free
 * when the page closes. */
VdDialog *vd_page_new_live(const char *title, char *(*make)(gpointer data), gpointer data,
                           GDestroyNotify release);
/* The lines of a document as they stand on a page, for whoever wants them elsewhere. The caller
 * frees. */
char *vd_page_doc_text(const VdDoc *doc);
