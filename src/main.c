/* The program: the command line decides whether the console is wanted. */
#include "config.h"

#include <locale.h>

#include "src/base/i18n.h"
#include "src/base/paths.h"

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    setlocale(LC_ALL, "");
    return 0;
}
