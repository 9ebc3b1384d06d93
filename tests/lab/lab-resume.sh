#!/bin/bash
# What is interrupted: a runner killed at each point of each step that the journal knows, a host
# that goes down, a daemon that is restarted, a disk that fills up. What was begun then goes on to a
# machine that works, or is taken back without a trace, whichever is asked for.
# About 330 s on two processors.
. "$(dirname "$0")/lib.bash"

lab_up

# An image that boots in no time, and asks for a login whenever a key is pressed.
ok "a tiny image is made" "$lab_home/tiny-image" bios "$work/tiny.raw"
ok "and added" deck image add "$work/tiny.raw" --name tiny
small=$(image small-gpt) || give_up "the image is made"
ok "a Debian is added" deck image add "$small" --name small
printf 'lab secret\n' >"$work/password"
tiny="--image tiny --no-grow --no-customise --disk 16M --cpus 1 --memory 64M"

job_state() { deck job show "$1" --format json 2>/dev/null | jq -r '.job.state // .state'; }
state_is() { [ "$(job_state "$1")" = "$2" ] || { deck job show "$1"; return 1; }; }
step_is() { # JOB STEP STATE
  deck job show "$1" --format json | jq -e --arg s "$2" --arg w "$3" \
    '.steps[] | select(.id == $s and .state == $w)'
}
runner_of() { in_host pgrep -f "job-run $1" | head -n 1 | grep .; }

# dying POINT NAME ARGUMENT...: a deployment whose runner dies at that point
dying() {
  local point=$1 name=$2 job
  shift 2
  in_host env VMDECK_JOB_DIE_AT="$point" "$VMDECK" deploy "$name" "$@" --yes \
    >"$work/$name.out" 2>"$work/$name.err"
  job=$(job_of "$name") && state_is "$job" interrupted || { cat "$work/$name.err"; return 1; }
}
resume() { deck job resume "$1" && until_ok 180 eval "! state_is $1 running" && state_is "$1" done; }
take_back() { # JOB NAME
  deck job cancel "$1" --yes && until_ok 60 state_is "$1" cancelled && nothing_of "$2"
}
runs() { [ "$(vm domstate "$1" | head -n 1)" = running ]; }
away() { vm destroy "$1"; vm undefine "$1"; vm vol-list default | awk -v n="$1" 'index($1, n "-") == 1 { print $1 }' |
  xargs -r -n 1 "$lab_home/lab" exec "$dir" -- virsh -q vol-delete --pool default; nothing_of "$1"; }

# ---- each point of each step

n=0
for point in check:begin check:end disk:begin disk:undo disk:end define:begin define:undo \
  define:end start:begin start:end boot:begin; do
  n=$((n + 1))
  # shellcheck disable=SC2086 # the words of $tiny
  {
    ok "$point: the runner dies" dying $point "on-$n" $tiny
    job=$(job_of "on-$n")
    ok "$point: it is offered" eval 'deck jobs --format csv | grep "job resume $job"'
    ok "$point: it goes on to its end" resume "$job"
    ok "$point: its machine runs" runs "on-$n"
    ok "$point: and goes away whole" away "on-$n"
    ok "$point: another dies" dying $point "off-$n" $tiny
    job=$(job_of "off-$n")
    ok "$point: it is taken back without a trace" take_back "$job" "off-$n"
  }
done

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

for point in grow:begin grow:end customise:end; do
  ok "$point: the runner dies" dying $point "in-${point%:*}-${point#*:}" --image small --disk 2G \
    --cpus 1 --memory 512M --password-file "$work/password" --no-start
  job=$(job_of "in-${point%:*}-${point#*:}")
  if [ $point = grow:end ]; then
    ok "$point: it is taken back without a trace" take_back "$job" in-grow-end
  else
    ok "$point: its secrets are still there" test -s "$dir/vmdeck/jobs/$job/secrets"
    ok "$point: it goes on to its end" resume "$job"
    ok "$point: and the secrets are gone" test ! -e "$dir/vmdeck/jobs/$job/secrets"
  fi
done

begin() { # NAME ARGUMENT...
  deck deploy "$@" --detach --yes >"$work/$1.out" 2>"$work/$1.err" || { cat "$work/$1.err"; return 1; }
}
ok "a Debian begins" begin debian --image small --disk 3G --cpus 1 --memory 512M \
  --password-file "$work/password"
job=$(job_of debian) || give_up "there is a job"
ok "its appliance runs" until_ok 120 in_host pgrep -f qemu-system-x86_64
ok "its runner is killed" eval 'in_host kill -KILL "$(runner_of "$job")"'
ok "it waits for a word" until_ok 20 state_is "$job" interrupted
ok "and its appliance is gone" until_ok 20 eval '! in_host pgrep -f "guestfs"'

# ---- the host goes down and comes up

"$lab_home/lab" down "$dir"
lab_up
ok "after a restart of the host the job waits" state_is "$job" interrupted
ok "so does the one whose name is kept" state_is "$kept" interrupted
ok "which is taken back" take_back "$kept" kept
ok "and the Debian goes on" resume "$job"
same "it opens to its password" debian "$(on_console debian root "$work/password" hostname)"
same "and fills its disk" 2 "$(gib "$(on_console debian root "$work/password" \
  "df -k --output=size / | tail -n 1")")"
vm destroy debian >/dev/null

# shellcheck disable=SC2086
ok "one that boots" begin boots $tiny
job=$(job_of boots) || give_up "there is a job"
ok "is heard" until_ok 60 step_is "$job" boot running
"$lab_home/lab" down "$dir"
lab_up
ok "with its host down it waits" state_is "$job" interrupted
ok "going on starts it again" resume "$job"
ok "it runs" runs boots

# ---- a daemon that is restarted

# shellcheck disable=SC2086
ok "another boots" begin daemon $tiny
job=$(job_of daemon) || give_up "there is a job"
ok "it is heard as well" until_ok 60 step_is "$job" boot running
ok "the daemon is killed" in_host sh -c 'kill -KILL "$(cat /run/libvirtd.pid)"'
ok "and started again" eval 'in_host libvirtd -d && until_ok 30 vm uri'
ok "the job comes to its end" until_ok 90 state_is "$job" done
ok "with its machine" runs daemon

# ---- a disk that fills up under the appliance

mkdir -p "$dir/lib/narrow"
in_host mount -t tmpfs -o size=1m none /var/lib/libvirt/narrow
vm pool-create-as narrow dir --target /var/lib/libvirt/narrow >/dev/null
ok "a disk that fills up fails the job" eval '! try_deploy full --image small --disk 2G --pool narrow \
  --overcommit --password-file "$work/password"'
ok "it says so" said full 'room|space|full|free'
ok "and leaves nothing" eval 'nothing_of full && [ -z "$(ls -A "$dir/lib/narrow")" ]'
finish
