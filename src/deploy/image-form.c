/* The fields of the forms about images, checked as they are left. */
#include "config.h"

#include "src/base/paths.h"
#include "src/deploy/deploy.h"
#include "src/deploy/diskfile.h"
#include "src/deploy/image-steps.h"
#include "src/deploy/publish.h"

static gboolean file_to_add(const char *value, GError **error)
{
    g_autofree char *file = g_canonicalize_filename(value, NULL), *folder = vd_path_images();
    VdDiskFile look;

    if (!vd_diskfile_look_path(file, &look, error))
        return FALSE;
    /* The first image makes the folder. */
    return !g_file_test(folder, G_FILE_TEST_EXISTS) ||
           vd_image_check_room(file, look.allocated, error);
}

static gboolean folder_to_publish(const char *value, GError **error)
{
    g_autofree char *folder = g_canonicalize_filename(value, NULL);

    return vd_publish_check_folder(folder, TRUE, error);
}

static gboolean file_to_export(const char *value, GError **error)
{
    g_autofree char *file = g_canonicalize_filename(value, NULL);

    return vd_export_check_file(file, error);
}

static const struct {
    const char *verb, *field;
    gboolean (*check)(const char *value, GError **error);
} fields[] = {
    {"image.add", "file", file_to_add},
    {"image.add", "name", vd_image_check_name},
    {"image.make", "name", vd_image_check_name},
    {"image.prepare", "name", vd_image_check_name},
    {"image.publish", "folder", folder_to_publish},
    {"image.publish", "key", vd_publish_check_key},
    {"image.export", "file", file_to_export},
};

gboolean vd_image_check_field(const char *verb, const char *field, const char *value,
                              GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (g_str_equal(fields[i].verb, verb) && g_str_equal(fields[i].field, field))
            return fields[i].check(value, error);
    }
    return TRUE;
}
