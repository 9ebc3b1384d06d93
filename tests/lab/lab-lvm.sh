#!/bin/bash
# Volume groups of LVM, and hosts that lose their power, in a kernel of its own: the one that runs
# the tests need not have a device mapper, and nobody may switch it off. It boots twice:
# the first round ends with its power cut, and what was begun last is not on its disk then.
# About 130 s on two processors.
# shellcheck disable=SC2016 -- conditions are given to ok() as text
rounds="cut last"

# ---- outside: one boot a round, and its cases as one list --------------------------------------

if [ -z "${VMDECK_LAB_ROUND:-}" ]; then
  home=$(dirname "$(readlink -f "$0")")
  disks=$(mktemp -d /tmp/vmdeck-uml.XXXXXX)
  trap 'rm -rf "$disks"' EXIT
  trap 'exit 130' INT TERM HUP
  for round in $rounds; do
    case $round in cut) wanted=113 ;; *) wanted=0 ;; esac
    status=0
    "$home/uml" "$disks" env VMDECK_LAB_ROUND="$round" VMDECK_LAB_WORK=/mnt/lab HOME=/mnt/home \
      TMPDIR=/mnt/tmp XDG_RUNTIME_DIR=/run "$0" || status=$?
    if [ $status = $wanted ]; then echo "ok 0 - $round: went as it was to"; else
      echo "not ok 0 - $round: ended with $status, not with $wanted"
      tail -n 20 "$disks/kernel.log" "$disks/console.log" | sed 's/^/# /'
    fi
  done | awk '/^1\.\./ { next } /^(not )?ok / { n++; sub(/ok [0-9]+/, "ok " n) }
    { print; fflush() } END { print "1.." n }'
  exit
fi

# ---- inside ------------------------------------------------------------------------------------

mkdir -p /mnt/home /mnt/tmp
. "$(dirname "$0")/lib.bash"

# What needs no appliance has none.
deck() { in_host env VMDECK_GUEST="$lab_home/fake-guest" FAKE_OS=none VMDECK="$VMDECK" "$VMDECK" "$@"; }
device=/dev/ubdb
tcp=qemu+tcp://127.0.0.1/system
"$lab_home/lab" up "$dir" --listen || give_up "the lab comes up"
# A machine that halts once it is up takes no processor from the others.
small="--no-grow --cpus 1 --memory 64M"
bare="--image still $small --no-customise --wait 0"
seeded="--image still $small --engine seed --wait 0"

job_state() { deck job show "$1" --format json 2>/dev/null | jq -r '.job.state // .state'; }
state_is() { [ "$(job_state "$1")" = "$2" ] || { deck job show "$1"; return 1; }; }
resume() { deck job resume "$1" && until_ok 180 eval "! state_is $1 running" && state_is "$1" done; }
take_back() { deck job cancel "$1" --yes && until_ok 60 state_is "$1" cancelled && nothing_of "$2" && no_volume_of "$2"; }
runs() { [ "$(vm domstate "$1" | head -n 1)" = running ]; }
# disk_of NAME [TARGET]
disk_of() { vm domblklist "$1" | awk -v t="${2:-vda}" '$1 == t { print $2 }' | grep .; }
no_volume_of() { ! lvs --noheadings -o lv_name guests | grep -F -- "$1"; }
# as_made NAME [IMAGE]: its disk begins with the image's bytes, and the rest of it is zero
as_made() {
  local path length size image=${2:-still}
  path=$(disk_of "$1") || return
  length=$(stat -c %s "$work/$image.raw") size=$(blockdev --getsize64 "$path") || return
  cmp -n "$length" "$work/$image.raw" "$path" && cmp -i "$length:0" -n $((size - length)) "$path" /dev/zero
}
# dying POINT NAME ARGUMENT...: a deployment whose runner dies at that point
dying() {
  local point=$1 name=$2
  shift 2
  in_host env VMDECK_GUEST="$lab_home/fake-guest" VMDECK="$VMDECK" VMDECK_JOB_DIE_AT="$point" \
    "$VMDECK" deploy "$name" "$@" --yes >"$work/$name.out" 2>"$work/$name.err"
  state_is "$(job_of "$name")" interrupted || { cat "$work/$name.err"; return 1; }
}

# shellcheck disable=SC2086 # words
volumes() {
  # Extents that somebody used before: what they hold must not be in a machine's disk.
  ok "a volume group is made" eval 'pvcreate -q $device && vgcreate -q guests $device &&
    lvcreate -q -y -n old -L 128M guests &&
    yes dirt | dd of=/dev/guests/old bs=1M count=128 iflag=fullblock status=none &&
    lvremove -q -y guests/old'
  ok "and a storage pool of it" eval 'vm pool-define-as guests logical --source-name guests \
    --target /dev/guests && vm pool-autostart guests && vm pool-start guests'
  ok "tiny images are made" eval '"$lab_home/tiny-image" bios "$work/tiny.raw" &&
    "$lab_home/tiny-image" halt "$work/still.raw"'
  ok "and added" eval 'deck image add "$work/tiny.raw" --name tiny && deck image add "$work/still.raw" --name still'

  ok "a machine is deployed to the group, and asks for a login" \
    try_deploy one --image tiny $small --no-customise --pool guests --disk 64M
  ok "it runs" runs one
  ok "its disk is a logical volume" expr "$(disk_of one)" : '/dev/guests/one-.*\.raw$'
  ok "whose bytes are the image's, and zero behind them" as_made one tiny
  same "of the size that was asked for" $((64 << 20)) "$(blockdev --getsize64 "$(disk_of one)")"
  ok "it is switched off" vm destroy one
  ok "another one has a medium" try_deploy two $seeded --pool guests
  ok "which is a file, since a volume is none" expr "$(disk_of two vdb)" : '.*/lib/libvirt/images/two-.*seed.iso'
  ok "a machine of a host elsewhere" eval 'deck -c $tcp deploy three $bare --pool guests --disk 48M --yes'
  ok "has the same there" as_made three
  ok "a disk of qcow2 is refused" eval '! try_deploy no $bare --pool guests --disk-format qcow2 &&
    said no "disk-format raw" && nothing_of no'
  ok "and one that would become whole later" eval '! try_deploy no $bare --pool guests --whole-later &&
    said no "leave --whole-later out" && nothing_of no'
  ok "more than the group has is refused" eval '! try_deploy no $bare --pool guests --disk 9G &&
    said no "free on guests" && nothing_of no && no_volume_of no'
  vm pool-define-as gone logical --source-name gone --target /dev/gone
  ok "a group that is not there is told in its host's words" eval '! try_deploy no $bare --pool gone &&
    said no "cannot find logical volume group|volume group .*gone.* not found|vgchange" && nothing_of no'
  ok "an image is made of a machine that is off" eval 'deck image make one --name again &&
    deck image show again --format json | grep -q "\"virtual_size\" *: *$((64 << 20))"'
  ok "a volume goes with its machine" eval 'deck delete one --volumes --yes && no_volume_of one'
}

# ---- the power goes

# resume or take back, by turns: NAME...
put_right() {
  local name turn=0 job
  for name; do
    job=$(job_of "$name")
    ok "$name: it is offered" eval 'deck jobs --format csv | grep "job resume $job"'
    turn=$((1 - turn))
    if [ $turn = 1 ]; then
      ok "$name: it goes on to its end" resume "$job"
      ok "$name: and its machine runs" runs "$name"
    else
      ok "$name: it is taken back without a trace" take_back "$job" "$name"
    fi
  done
}

# shellcheck disable=SC2086
begun() {
  ok "a runner dies while a volume is filled" dying disk:clear on-1 $bare --pool guests --disk 80M
  ok "one that has a machine of it" dying define:end off-1 $bare --pool guests
  ok "one with a disk and a medium" dying medium:end on-2 $seeded
  ok "one whose machine runs" dying boot:begin off-2 $bare
  # Nobody writes down what the last one has made.
  ok "one that has just made its disk" dying disk:end on-3 $bare
}

cut() {
  volumes
  begun
}

last() {
  put_right on-1 off-1 on-2 off-2 on-3
  ok "the volume that was being filled is as the image, and zero behind it" as_made on-1
}

"$VMDECK_LAB_ROUND"
finish
case $VMDECK_LAB_ROUND in cut) poweroff -fn ;; esac
