#!/bin/bash
# Layouts that are grown: a logical partition on MBR, LVM; ext4, XFS and btrfs. Each image is
# deployed to a disk four times its size, boots from it, and says itself how large its root is. One
# has init of System V and no systemd that runs. The usual one, ext4 on GPT, is proved by
# lab-debian.sh and lab-shelf.sh.
# About 300 s on two processors.
. "$(dirname "$0")/lib.bash"

lab_up
printf 'lab secret\n' >"$work/password"

# prove KIND ARGUMENT...: add, deploy, log in; the facts in $work/KIND.facts, the status returned
prove() {
  local kind=$1 file
  shift
  file=$(image "$kind") || return 1
  deck image add "$file" --name "$kind" >"$work/$kind.add" 2>&1 || {
    cat "$work/$kind.add"
    return 1
  }
  try_deploy "$kind" --image "$kind" --disk 4G --cpus 1 --memory 512M \
    --password-file "$work/password" --hostname "$kind" "$@" || { cat "$work/$kind.err"; return 1; }
  on_console "$kind" root "$work/password" '
    hostname; df -k --output=size / | tail -n 1; df --output=fstype / | tail -n 1
    ip -4 -o addr show scope global | sed "s/.*inet //; s/ .*//"
    ip route show default | sed "s/.*via //; s/ .*//"; cat /proc/1/comm' >"$work/$kind.facts"
}

fact() { sed -n "$2p" "$work/$1.facts" 2>/dev/null; }

judge() { # KIND STATUS FS ADDRESS-PATTERN
  local kind=$1 size
  same "$kind: added, deployed, and its console opens with the password" 0 "$2"
  sed 's/^/# /' "$work/$kind.log"
  same "$kind: the hostname is set" "$kind" "$(fact "$kind" 1)"
  size=$(fact "$kind" 2)
  ok "$kind: the root fills the disk (${size:-no} KiB)" [ "${size:-0}" -gt $((3500 * 1024)) ]
  same "$kind: on its file system" "$3" "$(fact "$kind" 3)"
  ok "$kind: the address is as wanted" eval "[[ '$(fact "$kind" 4)' == $4 ]]"
  vm destroy "$kind" >/dev/null 2>&1
}

# Two at a time: a guest under emulation takes one processor.
pair() {
  local first=$1 second=$2
  prove "$first" ${extra[$first]} >"$work/$first.log" 2>&1 &
  prove "$second" ${extra[$second]} >"$work/$second.log" 2>&1
  status[$second]=$?
  wait $!
  status[$first]=$?
}

declare -A extra status
extra[small-mbr]='--address 192.168.122.42/24 --gateway 192.168.122.1'
extra[small-lvm]=''
extra[small-xfs]='--whole --address 192.168.122.43/24 --gateway 192.168.122.1'
extra[small-btrfs]='--disk-format raw'

pair small-lvm small-xfs
judge small-lvm "${status[small-lvm]}" ext4 '192.168.122.*'
judge small-xfs "${status[small-xfs]}" xfs 192.168.122.43/24
same "small-xfs: the gateway is set" 192.168.122.1 "$(fact small-xfs 5)"
same "small-xfs: systemd runs it" systemd "$(fact small-xfs 6)"
ok "a full copy stands on no other file" eval \
  '! qemu-img info "$dir/lib/images/$(ls "$dir/lib/images" | grep small-xfs)" | grep -q "backing file"'
ok "an overlay stands on the image in the store" eval \
  'qemu-img info -U "$dir/lib/images/$(ls "$dir/lib/images" | grep small-lvm)" | grep -q "backing file"'
pair small-mbr small-btrfs
judge small-mbr "${status[small-mbr]}" ext4 192.168.122.42/24
same "small-mbr: the gateway is set" 192.168.122.1 "$(fact small-mbr 5)"
same "small-mbr: init of System V runs it, and has told the end of its first boot" init "$(fact small-mbr 6)"
judge small-btrfs "${status[small-btrfs]}" btrfs '192.168.122.*'
ok "a raw disk is one, for the machine and in its file, with holes" eval \
  'file=$(find "$dir/lib/images" -name "small-btrfs-*.raw") && vm dumpxml small-btrfs | grep "type=.raw." &&
    [ "$(($(stat -c "%b" "$file") * 512))" -lt "$(stat -c %s "$file")" ] &&
    [ "$(qemu-img info -U --output=json "$file" | jq -r .format)" = raw ]'
finish
