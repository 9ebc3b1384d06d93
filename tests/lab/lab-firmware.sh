#!/bin/bash
# An image that only UEFI firmware starts: recognised when it is added, given the firmware when it
# is deployed, refused before anything is made where the host has none.
# About 70 s on two processors.
. "$(dirname "$0")/lib.bash"

lab_up
ok "an image is made that has an EFI system partition and nothing for a BIOS" \
  "$lab_home/tiny-image" efi "$work/efi.raw"
ok "it is added" deck image add "$work/efi.raw" --name efi
words="--image efi --no-grow --no-customise --disk 64M --cpus 1 --memory 128M"

# shellcheck disable=SC2086 # the words
ok "it is deployed, and boots to its prompt" try_deploy uefi $words
ok "by UEFI firmware" eval 'vm dumpxml uefi --inactive | grep -q "firmware=.efi"'
ok "that starts what nobody has signed" eval '! vm dumpxml uefi | grep -q "secure=.yes"'
ok "the machine has variables of its own" eval 'ls "$dir"/lib/qemu/nvram/uefi* '
vm destroy uefi >/dev/null
ok "it is deleted with its disk" deck delete uefi --volumes --yes
ok "and its variables" eval '! ls "$dir"/lib/qemu/nvram/uefi* && nothing_of uefi'

in_host mount -t tmpfs none /usr/share/qemu/firmware
# shellcheck disable=SC2086
{
  ok "without firmware on the host it is refused" eval '! try_deploy none $words'
  ok "with what to install" said none 'UEFI firmware only, .*install ovmf there .Fedora: edk2-ovmf'
  ok "and nothing was made" nothing_of none
}
finish
