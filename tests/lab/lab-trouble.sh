#!/bin/bash
# What goes wrong: images that are none, disks that are too small, words that do not exist in the
# guest, a terminal that hangs up, a job that is cancelled, a runner that is killed. Each leaves
# the host as it was, and says why.
# About 120 s on two processors.
. "$(dirname "$0")/lib.bash"

lab_up
good=$(image small-gpt) || give_up "the image is made"
printf 'lab secret\n' >"$work/password"

# ---- images that are refused

refused() { # NAME FILE PATTERN: not added, and the sentence says why
  ! deck image add "$2" --name "$1" >"$work/add.out" 2>&1 || { echo "it was taken"; return 1; }
  grep -Eqi -- "$3" "$work/add.out" || { cat "$work/add.out"; return 1; }
  ! deck image show "$1" >/dev/null 2>&1 || { echo "it is in the store"; return 1; }
}

head -c 300000 /dev/urandom >"$work/noise.qcow2"
head -c 20000000 "$good" >"$work/cut.qcow2"
qemu-img create -q -f qcow2 -b "$good" -F qcow2 "$work/child.qcow2"
qemu-img create -q -f qcow2 -o data_file="$work/data.raw",data_file_raw=on "$work/outside.qcow2" 1M
# It counts what a hash costs, and gives up where other work comes between.
until_ok 60 qemu-img create -q --object secret,id=s,data=x -f qcow2 \
  -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 "$work/locked.qcow2" 1M
ok "a truncated image is refused" refused cut "$work/cut.qcow2" 'trunc|short|damage|incomplete|beyond'
ok "an image with a backing file is refused" refused child "$work/child.qcow2" 'backing|stands on'
ok "an image with a data file is refused" refused outside "$work/outside.qcow2" 'data.*file'
ok "an encrypted image is refused" refused locked "$work/locked.qcow2" 'encrypt'
ok "a file that is not there is refused" refused none "$work/none.qcow2" 'none.qcow2'

ok "noise with the name of an image is no machine to customise" eval \
  'deck image add "$work/noise.qcow2" --name noise >"$work/noise.out" 2>&1;
   ! try_deploy noise-1 --image noise --disk 1G --hostname noise-1 && nothing_of noise-1'
ok "a good image is added" deck image add "$good" --name small
ok "an image name in use is refused" eval '! deck image add "$good" --name small'

# ---- words that are wrong

fails() { # NAME STATUS PATTERN ARGUMENT...: ends so, says so, leaves nothing; both are patterns
  local name=$1 want=$2 pattern=$3 status
  shift 3
  try_deploy "$name" "$@"
  status=$?
  [[ $status =~ ^$want$ ]] || { echo "status $status"; cat "$work/$name.err"; return 1; }
  said "$name" "$pattern" && nothing_of "$name"
}
small="--image small --cpus 1 --memory 512M"

# shellcheck disable=SC2086 # the words of $small
{
  ok "a disk smaller than the image fails" fails tiny 2 'smaller than the image' $small --disk 100M
  ok "a hostname against RFC 1123 fails" fails host 2 'host' $small --disk 2G --hostname 'a_b'
  ok "an image that is not there fails" fails absent '[12]' 'nosuch' --image nosuch --disk 2G
  ok "a timezone that the image does not have fails" \
    fails zone 2 'Mars/Olympus' $small --disk 2G --timezone Mars/Olympus
  ok "a network that is not there fails" fails net '[12]' 'nosuch' $small --disk 2G --network nosuch
  ok "a pool that is not there fails" fails pool '[12]' 'nosuch' $small --disk 2G --pool nosuch
}

mkdir -p "$dir/lib/narrow"
in_host mount -t tmpfs -o size=40m none /var/lib/libvirt/narrow
vm pool-create-as narrow dir --target /var/lib/libvirt/narrow >/dev/null
# shellcheck disable=SC2086
ok "a full copy without room fails and leaves no volume" eval \
  'fails wide 1 "room|space|free on narrow" $small --disk 2G --pool narrow --whole &&
   [ -z "$(ls -A "$dir/lib/narrow")" ]'

# ---- a job that is cancelled, a runner that is killed, a terminal that hangs up

begin() { # NAME ARGUMENT...: a deployment in the background
  # shellcheck disable=SC2086
  deck deploy "$@" $small --disk 2G --password-file "$work/password" --detach --yes \
    >"$work/$1.out" 2>"$work/$1.err" || { cat "$work/$1.err"; return 1; }
  until_ok 20 job_of "$1"
}
in_step() { # JOB STEP: it has begun
  deck job show "$1" --format json | tr -d ' \n' | grep -Eq "\"id\":\"$2\"[^{}]*\"state\":\"(running|done)\"|\"$2\"[^{}]*(running|done)"
}
state_is() { deck job show "$1" --format json | tr -d '\n' | grep -Eq "\"state\" *: *\"$2\""; }
runner_of() { in_host pgrep -f "job-run $1" | head -n 1 | grep .; }

ok "a deployment begins" begin stop-1
job=$(job_of stop-1) || give_up "there is a job"
ok "it comes to grow" until_ok 120 in_step "$job" grow
ok "it is cancelled" deck job cancel "$job" --yes
ok "and ends as cancelled" until_ok 60 state_is "$job" cancelled
ok "a cancelled deployment leaves nothing" until_ok 10 nothing_of stop-1
ok "and no appliance running" until_ok 10 eval '! in_host pgrep -x qemu-system-x86'

ok "another begins" begin kill-1
job=$(job_of kill-1) || give_up "there is a job"
ok "it comes to grow as well" until_ok 120 in_step "$job" grow
ok "its runner is killed" eval 'in_host kill -KILL "$(runner_of "$job")"'
ok "the journal knows that it was interrupted or rolled back" \
  until_ok 60 state_is "$job" 'interrupted|failed|cancelled'
ok "the next to look rolls it back, or cancelling does" eval \
  'nothing_of kill-1 || { deck job cancel "$job" --yes; until_ok 60 nothing_of kill-1; }'

# The terminal of the command goes away: script's pty is closed and SIGHUP sent.
in_host setsid script -qec "$VMDECK deploy hup-1 $small --disk 2G --password-file $work/password" \
  /dev/null </dev/null >"$work/hup.out" 2>&1 &
ok "a deployment on a terminal begins" eval 'until_ok 60 job_of hup-1'
job=$(job_of hup-1) || give_up "there is a job"
ok "it comes to the disk" until_ok 120 in_step "$job" disk
ok "its terminal hangs up" eval \
  'in_host pkill -HUP -f "^$VMDECK deploy hup-1" && until_ok 20 eval "! in_host pgrep -f \"^$VMDECK deploy hup-1\""'
ok "it goes on, and another console follows it to its end" deck job follow "$job"
ok "it ended well" state_is "$job" done
same "and its machine runs" running "$(vm domstate hup-1 | tr -d '\n')"
same "which the password opens" hup-1 "$(on_console hup-1 root "$work/password" hostname)"

# ---- an image in which nothing is found

truncate -s 20M "$work/empty.raw"
mkfs.ext2 -q -F "$work/empty.raw"
ok "a disk without a system is added" in_host env VMDECK="$VMDECK" FAKE_OS=none \
  VMDECK_GUEST="$lab_home/fake-guest" "$VMDECK" image add "$work/empty.raw" --name empty
ok "as it is, it has no first boot that is waited for" eval \
  'try_deploy empty-1 --image empty --disk 20M --memory 64M --no-grow --no-customise &&
   said empty-1 "no operating system was found"'
vm destroy empty-1 >/dev/null
ok "it is deleted" deck delete empty-1 --volumes --yes

# ---- a file system that shares blocks: a full copy is made in no time, and takes no room

truncate -s 1G "$work/sharing.img"
mkfs.xfs -q -m reflink=1 "$work/sharing.img"
in_host mount -o loop "$work/sharing.img" /var/lib/vmdeck # store and pool are one mount
in_host mkdir /var/lib/vmdeck/pool
vm pool-create-as sharing dir --target /var/lib/vmdeck/pool >/dev/null
ok "an image of 300 MiB is added" eval '"$lab_home/tiny-image" halt "$work/large.raw" &&
  dd if=/dev/urandom of="$work/large.raw" bs=1M seek=1 count=300 conv=notrunc status=none &&
  in_host env VMDECK="$VMDECK" FAKE_OS=none VMDECK_GUEST="$lab_home/fake-guest" \
    "$VMDECK" image add "$work/large.raw" --name large'
in_host sync
room=$(in_host stat -f -c %f /var/lib/vmdeck)
ok "a full copy of it is deployed" try_deploy shared --image large --pool sharing --disk-format raw \
  --no-grow --no-customise --no-start
in_host sync
ok "it shares the image's blocks, as the log says" eval \
  'deck job log "$(job_of shared)" | grep -q "shares the image.s blocks"'
ok "and takes no room" [ $((room - $(in_host stat -f -c %f /var/lib/vmdeck))) -lt 4096 ]
ok "its bytes are the image's" in_host cmp "$work/large.raw" \
  "$(vm domblklist shared | awk '$1 == "vda" { print $2 }')"
finish
