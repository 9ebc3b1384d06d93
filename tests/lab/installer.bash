# The tree and the templates of the lab's own installer (tiny-installer.c), for tests that source
# lib.bash.

tree=$work/tree

make_tree() {
  local version root=$work/root module i=0
  version=$(basename "$(find /boot -name 'vmlinuz-*' | sort -V | tail -n 1)" | sed 's/^vmlinuz-//')
  mkdir -p "$root/dev" "$tree/images"
  cc -static -O2 -Wall -o "$root/init" "$lab_home/tiny-installer.c" || return 1
  for module in virtio/virtio_ring virtio/virtio virtio/virtio_pci_modern_dev \
    virtio/virtio_pci_legacy_dev virtio/virtio_pci block/virtio_blk; do
    cp "/lib/modules/$version/kernel/drivers/$module.ko" "$root/$i.ko" || return 1
    i=$((i + 1))
  done
  (cd "$root" && find . | cpio -o -H newc 2>/dev/null | gzip) >"$tree/images/initrd.gz" &&
    cp "/boot/vmlinuz-$version" "$tree/images/linux"
}

template() { # NAME WHAT ENDS: a file for the lab's installer, see tiny-installer.c
  cat >"$work/$1" <<END
#% title: the lab's installer
#% kind: file
#% file: answers/lab.txt
#% kernel: images/linux
#% initrd: images/initrd.gz
#% append: console=ttyS0 quiet no_timer_check tree=(\$TREE) request=(\$REQUEST)
#% memory: 128M
#% disk: 64M
#% ends: $3
#% os: $1
host (\$HOSTNAME)
do $2
root (\$ROOT_HASH)
zone (\$TIMEZONE)
(\$?USER)user (\$USER)
(\$!USER)nobody
(\$?ADDRESS)address (\$ADDRESS) (\$NETMASK) (\$GATEWAY)
END
}
