/* The whole of a lab machine's userland: the first process of an initramfs. It says on the serial
 * line that it is up, counts the seconds, and powers off when the power button is pressed, so that
 * a test sees from the outside what a machine lives through. Static, without libraries. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tiny.h"

#define MAX_INPUTS 8

static int open_inputs(struct pollfd *inputs)
{
    DIR *folder = opendir("/dev/input");
    const struct dirent *entry;
    int count = 0;

    while (folder != NULL && (entry = readdir(folder)) != NULL && count < MAX_INPUTS) {
        char path[300];

        if (strncmp(entry->d_name, "event", 5) != 0)
            continue;
        snprintf(path, sizeof path, "/dev/input/%s", entry->d_name);
        inputs[count].fd = open(path, O_RDONLY | O_CLOEXEC);
        inputs[count].events = POLLIN;
        if (inputs[count].fd >= 0)
            count++;
    }
    if (folder != NULL)
        closedir(folder);
    return count;
}

static int power_pressed(const struct pollfd *inputs, int count)
{
    struct input_event event;

    for (int i = 0; i < count; i++) {
        if ((inputs[i].revents & POLLIN) == 0)
            continue;
        if (read(inputs[i].fd, &event, sizeof event) == (ssize_t)sizeof event &&
            event.type == EV_KEY && event.code == KEY_POWER && event.value == 1)
            return 1;
    }
    return 0;
}

int main(void)
{
    struct pollfd inputs[MAX_INPUTS] = {{0}};
    unsigned second = 0;
    int count;

    mkdir("/dev", 0755);
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    serial = open("/dev/ttyS0", O_WRONLY | O_NOCTTY | O_CLOEXEC);
    load("/button.ko");
    load("/evdev.ko");
    count = open_inputs(inputs);
    say("lab: up, %d inputs\n", count);
    for (;;) {
        if (poll(inputs, (nfds_t)count, 1000) > 0) {
            if (power_pressed(inputs, count))
                break;
            continue;
        }
        say("lab: second %u\n", ++second);
    }
    say("lab: power button\n");
    sync();
    reboot(RB_POWER_OFF);
    return 0;
}
