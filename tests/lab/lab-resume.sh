#!/bin/bash
# What is interrupted: a runner killed at each point of each step that the journal knows, of
# deployments by both engines and of what makes images; a host that goes down; a cancel, a daemon
# that is restarted, a disk that fills up while jobs are held at each step. What was begun then goes
# on to a machine or an image that works, or is taken back without a trace.
# About 440 s on two processors.
. "$(dirname "$0")/lib.bash"

lab_up

# What needs no appliance has none: its launches are 15 s each, and tested elsewhere.
faked() { in_host env VMDECK_GUEST="$lab_home/fake-guest" VMDECK="$VMDECK" "$@"; }

# An image that boots in no time, and asks for a login whenever a key is pressed.
ok "a tiny image is made" "$lab_home/tiny-image" bios "$work/tiny.raw"
ok "and added" faked FAKE_OS=none "$VMDECK" image add "$work/tiny.raw" --name tiny
small=$(image small-gpt) || give_up "the image is made"
ok "a Debian is added" deck image add "$small" --name small
printf 'lab secret\n' >"$work/password"
tiny="--image tiny --no-grow --disk 16M --cpus 1 --memory 64M"

job_state() { deck job show "$1" --format json 2>/dev/null | jq -r '.job.state // .state'; }
state_is() { [ "$(job_state "$1")" = "$2" ] || { deck job show "$1"; return 1; }; }
step_is() { # JOB STEP STATE
  deck job show "$1" --format json | jq -e --arg s "$2" --arg w "$3" \
    '.steps[] | select(.id == $s and .state == $w)'
}
runner_of() { in_host pgrep -f "job-run $1" | head -n 1 | grep .; }

# job_in NAME: the job that the command of that NAME spoke of
job_in() { cat "$work/$1.out" "$work/$1.err" | grep -Eo 'r-[A-Z0-9]{6}' | head -n 1 | grep .; }

# dies POINT NAME COMMAND...: a job, called NAME here, whose runner dies at that point
dies() {
  local point=$1 name=$2
  shift 2
  faked VMDECK_JOB_DIE_AT="$point" "$VMDECK" "$@" >"$work/$name.out" 2>"$work/$name.err"
  state_is "$(job_in "$name")" interrupted || { cat "$work/$name.err"; return 1; }
}
dying() { # POINT NAME ARGUMENT...: a deployment that does so
  local point=$1 name=$2
  shift 2
  dies "$point" "$name" deploy "$name" "$@" --yes
}
resume() { faked "$VMDECK" job resume "$1" && until_ok 180 eval "! state_is $1 running" && state_is "$1" done; }
resume_really() { deck job resume "$1" && until_ok 180 eval "! state_is $1 running" && state_is "$1" done; }
take_back() { # JOB NAME
  deck job cancel "$1" --yes && until_ok 60 state_is "$1" cancelled && nothing_of "$2"
}
runs() { [ "$(vm domstate "$1" | head -n 1)" = running ]; }
away() { vm destroy "$1"; vm undefine "$1"; vm vol-list default | awk -v n="$1" 'index($1, n "-") == 1 { print $1 }' |
  xargs -r -n 1 "$lab_home/lab" exec "$dir" -- virsh -q vol-delete --pool default; nothing_of "$1"; }

# ---- each point of each step

n=0
for point in check:begin check:end disk:begin disk:undo disk:end medium:begin medium:undo medium:end \
  define:begin define:undo define:end start:begin start:end boot:begin; do
  n=$((n + 1))
  # The seed engine has all steps of the offline one but the appliance's; its boot is not waited for.
  engine="--no-customise"
  case $point in medium:* | define:undo | start:begin) engine="--engine seed --wait 0" ;; esac
  # shellcheck disable=SC2086 # the words of $tiny
  {
    ok "$point: the runner dies" dying $point "on-$n" $tiny $engine
    job=$(job_of "on-$n")
    ok "$point: it is offered" eval 'deck jobs --format csv | grep "job resume $job"'
    ok "$point: it goes on to its end" resume "$job"
    ok "$point: its machine runs" runs "on-$n"
    case $engine in *seed*) ok "$point: with its medium" eval 'vm domblklist "on-$n" | grep seed.iso' ;; esac
    ok "$point: and goes away whole" away "on-$n"
    ok "$point: another dies" dying $point "off-$n" $tiny $engine
    job=$(job_of "off-$n")
    ok "$point: it is taken back without a trace" take_back "$job" "off-$n"
  }
done

tiny="$tiny --no-customise"
# shellcheck disable=SC2086
ok "a boot that was all but over" dying boot:begin twice $tiny
job=$(job_of twice)
in_host env VMDECK_JOB_DIE_AT=boot:end "$VMDECK" job resume "$job" >/dev/null 2>&1
ok "its second runner dies as well" until_ok 60 state_is "$job" interrupted
ok "the third one ends it" resume "$job"

# ---- what is interrupted keeps its name and its address

# shellcheck disable=SC2086
{
  ok "one with an address is interrupted" dying disk:end kept $tiny
  ok "its name is kept" eval '! try_deploy kept $tiny && said kept "job resume r-"'
}
kept=$(job_of kept)
ok "an address is kept too" eval 'dying disk:begin with-1 --image small --disk 2G --address 192.168.122.77/24 --no-start &&
  first=$(job_of with-1) && ! try_deploy with-2 --image small --disk 2G --address 192.168.122.77/24 --no-start &&
  said with-2 "$first gives the address 192.168.122.77" && nothing_of with-2'
ok "until it is taken back" take_back "$(job_of with-1)" with-1
ok "an address outside of the network is refused" eval '! try_deploy far --image small --disk 2G \
  --address 10.9.8.7/24 --no-start && said far "outside the network default" && nothing_of far'

# ---- the appliance's steps: the disk is made anew

tiny_file() { # NAME: one like no other, so that nothing is known of it
  cp --sparse=always "$work/tiny.raw" "$work/$1.raw" &&
    printf %s "$1" | dd of="$work/$1.raw" bs=512 seek=9 conv=notrunc status=none
}
ok "an image is made that an appliance could change" eval 'tiny_file fake &&
  faked "$VMDECK" image add "$work/fake.raw" --name fake'
for point in grow:begin grow:end customise:end; do
  n=$((n + 1))
  ok "$point: the runner dies" dying $point "in-$n" --image fake --disk 20M \
    --cpus 1 --memory 64M --password-file "$work/password" --no-start
  job=$(job_of "in-$n")
  if [ $point = grow:end ]; then
    ok "$point: it is taken back without a trace" take_back "$job" "in-$n"
  else
    ok "$point: its secrets are still there" test -s "$dir/vmdeck/jobs/$job/secrets"
    ok "$point: it goes on to its end" resume "$job"
    ok "$point: and the secrets are gone" test ! -e "$dir/vmdeck/jobs/$job/secrets"
  fi
done

# ---- images: added, prepared, made of a machine, published, fetched, exported

images=$dir/lib/vmdeck/images
[ -d "$images" ] || images=$(dirname "$(find "$dir" -name fake.json | head -n 1)")
# Whether the image NAME is there and its disk is what was recorded.
whole_image() {
  local path sha
  path=$(deck image show "$1" --format json | jq -r '.. | .path? // empty') &&
    sha=$(basename "$path" | cut -d. -f1) && [ ${#sha} = 64 ] &&
    [ "$(in_host sha256sum "$path" | cut -d' ' -f1)" = "$sha" ]
}
no_parts() { [ -z "$(find "$images" "$work/shelf" -name '.*.part' -o -name "*.r-*.part")" ]; }
count_disks() { find "$images" -maxdepth 1 -name '*.raw' -o -maxdepth 1 -name '*.qcow2' | wc -l; }

taken_back() { # NAME
  local job
  job=$(job_in "$1") && deck job cancel "$job" --yes && until_ok 60 state_is "$job" cancelled &&
    ! deck image show "$1"
}
nothing_new() { no_parts && [ "$(count_disks)" = "$1" ]; } # DISKS

# goes_on POINT NAME PROOF COMMAND...: dies at the point; goes on, and PROOF NAME holds.
goes_on() {
  local point=$1 it=$2 proof=$3
  shift 3
  ok "$it: the runner dies" dies "$point" "$it" "$@"
  ok "$it: it goes on to its end" resume "$(job_in "$it")"
  ok "$it: all of it is there" "$proof" "$it"
}
# and_back POINT NAME COMMAND...: another one is taken back
and_back() {
  local point=$1 it=$2 before
  shift 2
  before=$(count_disks)
  ok "$it: the runner dies" dies "$point" "$it" "$@"
  ok "$it: it is taken back" taken_back "$it"
  ok "$it: nothing is left of it" nothing_new "$before"
}

mkdir "$work/shelf"
for point in check:end copy:undo copy:end inspect:begin inspect:end record:disk record:image record:end; do
  it=add-${point%:*}-${point#*:}
  tiny_file "$it" && goes_on $point "$it" whole_image image add "$work/$it.raw" --name "$it"
  case $point in inspect:*) continue ;; esac
  tiny_file "off-$it" && and_back $point "off-$it" image add "$work/off-$it.raw" --name "off-$it"
done
for point in copy:end agent:begin agent:end; do
  it=prep-${point%:*}-${point#*:}
  goes_on $point "$it" whole_image image prepare fake --name "$it"
done
and_back agent:end off-prep image prepare fake --name off-prep
# shellcheck disable=SC2086
ok "a machine to make images of" try_deploy source $tiny --no-start
for point in copy:undo copy:end generalise:begin shrink:begin compress:undo compress:end; do
  it=make-${point%:*}-${point#*:}
  goes_on $point "$it" whole_image image make source --name "$it"
done
and_back compress:end off-make image make source --name off-make

published() { # FOLDER: the index names the image, with the digest of what lies there
  local sum
  sum=$(sha512sum "$1"/fake-1.raw.xz | cut -d' ' -f1) && grep -q "^checksum\[sha512\]=$sum" "$1/index" &&
    no_parts
}
ok "publishing dies" dies publish:file shelf image publish "$work/shelf" --image fake --level 1
ok "and goes on" resume "$(job_in shelf)"
ok "to an index" published "$work/shelf"
and_back publish:file off-shelf image publish "$work/new/shelf" --image fake --level 1
ok "and the folders that were made for it are gone" test ! -e "$work/new"
cat >"$work/sources.conf" <<END
sources = ( { name = "shelf"; kind = "virt-builder"; url = "file://$work/shelf/index"; } );
END
for point in find:end download:undo download:end record:image; do
  it=get-${point%:*}-${point#*:}
  goes_on $point "$it" whole_image --config "$work/sources.conf" image fetch fake --name "$it"
done
and_back download:end off-get --config "$work/sources.conf" image fetch fake --name off-get
exported() { cmp "$work/$1.raw" "$work/fake.raw" && no_parts; }
for point in copy:undo copy:end; do
  goes_on $point "out-${point#*:}" exported image export fake "$work/out-${point#*:}.raw"
done
tiny_file over && ok "an image is being added" dies copy:end over image add "$work/over.raw" --name over

begin() { # NAME ARGUMENT...
  deck deploy "$@" --detach --yes >"$work/$1.out" 2>"$work/$1.err" || { cat "$work/$1.err"; return 1; }
}
ok "a Debian begins" begin debian --image small --disk 3G --cpus 1 --memory 512M \
  --password-file "$work/password"
job=$(job_of debian) || give_up "there is a job"
ok "its appliance runs" until_ok 120 in_host pgrep -f qemu-system-x86_64
# All at once: nobody of them can take anything away.
everybody() { runner_of "$1" && sed 's/^/-/' "$dir/vmdeck/jobs/$1/children"; }
# The QEMUs before the appliance's, which are asked what they can, have no sockets.
ok "the folder of its sockets is noted" until_ok 120 eval 'grep -q "^d/tmp/libguestfs" "$dir/vmdeck/jobs/$job"/traces.*'
noted=$(sed -n 's/^d//p' "$dir/vmdeck/jobs/$job"/traces.*)
ok "so is that of its files" grep -q /vmdeck-guest- <<<"$noted"
# shellcheck disable=SC2046 # one word for each
ok "its runner is killed, with all it started" in_host kill -KILL -- $(everybody "$job")
ok "it waits for a word" until_ok 20 state_is "$job" interrupted
ok "and its appliance is gone" until_ok 20 eval '! in_host pgrep -f "guestfs"'
left() { local one; for one in $noted; do in_host test ! -e "$one" || echo "$one"; done; }
ok "its folders are still there" [ -n "$(left)" ]

# ---- the host goes down and comes up

"$lab_home/lab" down "$dir"
lab_up
ok "after a restart of the host the job waits" state_is "$job" interrupted
ok "so does the one whose name is kept" state_is "$kept" interrupted
ok "which is taken back" take_back "$kept" kept
ok "so does the image that was being added" resume "$(job_in over)"
ok "which is whole" whole_image over
ok "and the Debian goes on" resume_really "$job"
same "nothing is left of the appliance that was killed" "" "$(left)"
same "it opens to its password" debian "$(on_console debian root "$work/password" hostname)"
same "and fills its disk" 2 "$(gib "$(on_console debian root "$work/password" \
  "df -k --output=size / | tail -n 1")")"

# ---- its disk is made whole while it runs; held back, so that there is time to interrupt it

disk=$(vm domblklist debian | awk '$1 == "vda" { print $2 }')
base_of() { in_host qemu-img info -U --output=json "$1" | jq -r '."backing-filename" // "none"'; }
stands_alone() { # in the definition that is used, in the one that will be, and in the file
  ! { vm dumpxml debian; vm dumpxml --inactive debian; } | grep "<backingStore type=" &&
    [ "$(base_of "$disk")" = none ]
}
bar_moves() { deck job show "$1" --format json | jq -e '.steps[] | select(.id == "pull") | .text | test(" of ")'; }
whole_begins() {
  vm blockpull debian vda --bandwidth 1 && deck whole debian --detach
}
base=$(base_of "$disk")
ok "it stands on its image" [ "$base" != none ]
ok "making it whole begins" whole_begins
whole=$(job_of "whole debian")
ok "its bar tells how far it is" until_ok 60 bar_moves "$whole"
ok "it is stopped" eval 'deck job cancel "$whole" --yes && until_ok 60 state_is "$whole" cancelled'
ok "and so is QEMU" until_ok 30 eval 'in_host virsh blockjob debian vda --info 2>&1 | grep -i "no current"'
same "the disk stands on its image as before" "$base" "$(base_of "$disk")"
ok "it begins again" whole_begins
whole=$(job_of "whole debian")
ok "and is at work" until_ok 60 bar_moves "$whole"
ok "its runner is killed" eval 'in_host kill -KILL "$(runner_of "$whole")" && until_ok 20 state_is "$whole" interrupted'
ok "it goes on to its end" eval 'vm blockjob debian vda --bandwidth 10000; resume_really "$whole"'
ok "the disk stands alone" stands_alone
same "the guest noticed nothing" debian "$(on_console debian root "$work/password" hostname)"
ok "a second time there is nothing to do" eval 'deck whole debian && deck jobs --format csv | grep "whole debian" | head -n 1 | grep done'
vm destroy debian >/dev/null
ok "the disk is sound" in_host qemu-img check -q "$disk"

# Whether one without a system has booted nobody can tell, so these have one, as far as is known.
ok "an image that boots is added" eval 'cp --sparse=always "$work/tiny.raw" "$work/known.raw" &&
  truncate -s +1M "$work/known.raw" && faked "$VMDECK" image add "$work/known.raw" --name known'
known="--image known --no-grow --no-customise --disk 20M --cpus 1 --memory 64M"
# shellcheck disable=SC2086
ok "one that boots" begin boots $known
job=$(job_of boots) || give_up "there is a job"
ok "is heard" until_ok 60 step_is "$job" boot running
"$lab_home/lab" down "$dir"
lab_up
ok "with its host down it waits" state_is "$job" interrupted
ok "going on starts it again" resume "$job"
ok "it runs" runs boots

# ---- a daemon that is restarted

# shellcheck disable=SC2086
ok "another boots" begin daemon $known
job=$(job_of daemon) || give_up "there is a job"
ok "it is heard as well" until_ok 60 step_is "$job" boot running
ok "the daemon is killed" in_host sh -c 'kill -KILL "$(cat /run/libvirtd.pid)"'
ok "and started again" eval 'in_host libvirtd -d && until_ok 30 vm uri'
ok "the job comes to its end" until_ok 90 state_is "$job" done
ok "with its machine" runs daemon

# ---- jobs that are held at each step, side by side, while something happens ---------------------

# held NAME POINT COMMAND...: a job, called NAME here, that rests at that point
held() {
  local name=$1 point=$2
  shift 2
  faked VMDECK_JOB_PAUSE_AT="$point" VMDECK_IMAGE_DIR="${store:-}" "$VMDECK" "$@" --yes --detach \
    >"$work/$name.out" 2>"$work/$name.err" || { cat "$work/$name.err"; return 1; }
  until_ok 60 test -e "$dir/vmdeck/jobs/$(job_in "$name")/paused" || { deck job show "$(job_in "$name")"; return 1; }
}
go_on() { rm "$dir/vmdeck/jobs/$(job_in "$1")/paused"; }
stop() { deck job cancel "$(job_in "$1")" --yes && until_ok 90 state_is "$(job_in "$1")" cancelled; }
has_ended() { [[ $(job_state "$(job_in "$1")") =~ ^(done|failed|cancelled)$ ]]; }
seed="--engine seed --wait 0"
tiny=${tiny% --no-customise}

held_points="disk:undo medium:undo define:undo start:begin boot:begin"
# shellcheck disable=SC2086
for point in $held_points; do
  ok "$point: a deployment by seed rests there" held "stop-${point/:/-}" "$point" deploy "stop-${point/:/-}" $tiny $seed
done
# shellcheck disable=SC2086
ok "a raw copy rests in its middle" held stop-raw disk:part deploy stop-raw $tiny --no-customise --disk-format raw
ok "which has begun" eval 'vm vol-list default | grep -q "stop-raw.*raw"'
for point in $held_points raw; do
  ok "$point: it is stopped" stop "stop-${point/:/-}"
  ok "$point: and leaves nothing" nothing_of "stop-${point/:/-}"
done

held_points="disk:undo medium:undo define:undo start:begin"
# shellcheck disable=SC2086
for point in $held_points; do
  ok "$point: another rests there" held "on-${point/:/-}" "$point" deploy "on-${point/:/-}" $tiny $seed
done
ok "an image of a machine rests as well" held make-held copy:undo image make source --name make-held
ok "the daemon is killed" in_host sh -c 'kill -KILL "$(cat /run/libvirtd.pid)"'
ok "and started anew" eval 'in_host libvirtd -d && until_ok 30 vm uri'
for point in $held_points; do
  it=on-${point/:/-}
  ok "$point: it goes on" go_on "$it"
  ok "$point: and ends" until_ok 90 has_ended "$it"
  ok "$point: with a machine that runs, or nothing of it" eval 'if state_is "$(job_in "$it")" done; then
    runs "$it" && away "$it"; else nothing_of "$it"; fi'
done
ok "the image goes on" eval 'go_on make-held && until_ok 90 has_ended make-held'
ok "and is whole, or there is nothing of it" eval 'if state_is "$(job_in make-held)" done; then
  whole_image make-held; else no_parts && ! deck image show make-held; fi'

# ---- a disk that fills up

mkdir -p "$dir/lib/narrow"
in_host mount -t tmpfs -o size=300m none /var/lib/libvirt/narrow
in_host mkdir /var/lib/libvirt/narrow/pool /var/lib/libvirt/narrow/store
vm pool-create-as narrow dir --target /var/lib/libvirt/narrow/pool >/dev/null
narrowly() { faked VMDECK_IMAGE_DIR=/var/lib/libvirt/narrow/store "$VMDECK" "$@"; }
# But the beginning of a download, which the next one goes on with.
left_there() { in_host find /var/lib/libvirt/narrow -type f ! -name fill ! -path '*/.fetch/*'; }
tiny_file thin && ok "an image is there" narrowly image add "$work/thin.raw" --name thin
left_there >"$work/before"
held_points="disk:undo medium:undo define:undo start:begin"
# shellcheck disable=SC2086
for point in $held_points; do
  ok "$point: another rests there" held "full-${point/:/-}" "$point" deploy "full-${point/:/-}" $tiny $seed \
    --pool narrow --overcommit
done
store=/var/lib/libvirt/narrow/store
held_points="$held_points add:copy:undo prep:copy:undo prep:agent:begin get:download:undo make:copy:undo make:compress:undo"
tiny_file second && ok "an image that is added rests" held full-add-copy-undo copy:undo image add "$work/second.raw" --name second
for point in copy:undo agent:begin; do
  ok "one that is prepared, at $point" held "full-prep-${point/:/-}" $point image prepare thin --name "full-prep-${point/:/-}"
done
ok "one that is fetched" held full-get-download-undo download:undo --config "$work/sources.conf" image fetch fake --name got
for point in copy:undo compress:undo; do
  ok "one that is made, at $point" held "full-make-${point/:/-}" $point image make source --name "full-make-${point/:/-}"
done
# qemu-img's own words are no sentence.
full_words() { case $1 in full-make-*) echo "no room left for the image $1 in " ;; *) echo "room|space|full|free" ;; esac; }
ok "the disk is filled" eval '! in_host dd if=/dev/zero of=/var/lib/libvirt/narrow/fill bs=1M'
for point in $held_points; do go_on "full-${point//:/-}"; done
for point in $held_points; do
  it=full-${point//:/-}
  ok "$point: it ends" until_ok 120 has_ended "$it"
  ok "$point: with a machine or an image that works, or saying that there is no room" eval '
    state_is "$(job_in "$it")" done || deck job show "$(job_in "$it")" | grep -Eiq "$(full_words "$it")"'
done
in_host rm /var/lib/libvirt/narrow/fill
for point in disk:undo medium:undo define:undo start:begin; do
  it=full-${point/:/-}
  vm domstate "$it" >/dev/null 2>&1 || continue
  ok "$point: the machine that is there runs, and goes" eval 'runs "$it" && vm destroy "$it" && vm undefine "$it" &&
    in_host sh -c "rm /var/lib/libvirt/narrow/pool/$it-*"'
done
# shellcheck disable=SC2044
for it in $(narrowly image list --format csv | cut -d, -f1 | grep -Ex 'second|full-.*|got'); do
  ok "$it: the image that is there can be removed" narrowly image remove "$it" --yes
done
left_there >"$work/after"
ok "nothing else is left" diff "$work/before" "$work/after"

# ---- a disk that fills up under the appliance

mkdir -p "$dir/lib/tight"
in_host mount -t tmpfs -o size=1m none /var/lib/libvirt/tight
vm pool-create-as tight dir --target /var/lib/libvirt/tight >/dev/null
ok "a disk that fills up fails the job" eval '! try_deploy full --image small --disk 2G --pool tight \
  --overcommit --password-file "$work/password"'
ok "it says so" said full 'room|space|full|free'
ok "and leaves nothing" eval 'nothing_of full && [ -z "$(ls -A "$dir/lib/tight")" ]'
finish
