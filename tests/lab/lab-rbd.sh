#!/bin/bash
# Machines whose disks are in RBD, with a real ceph that asks for a key. The image goes there once
# and each disk is a clone of it; a machine is proved from inside. What is interrupted goes on or is
# taken back, and nothing stays in ceph; nobody sees the key.
# About 150 s on two processors.
# shellcheck disable=SC2016 -- conditions are given to ok() as text
. "$(dirname "$0")/lib.bash"

"$lab_home/lab" up "$dir" --listen || give_up "the lab comes up"
tcp=qemu+tcp://127.0.0.1/system
ceph=$dir/ceph
in_host "$lab_home/ceph" up "$ceph" || give_up "ceph comes up"
in_host "$lab_home/ceph" pool "$ceph" vms || give_up "it has a pool, and so has libvirt"
cloud=$(image small-cloud) || give_up "the image is made"
"$lab_home/tiny-image" bios "$work/tiny.raw" || give_up "the tiny image is made"
# It goes in more than one part, and a hole is in it.
cp "$work/tiny.raw" "$work/big.raw"
head -c 80M /dev/urandom >>"$work/big.raw"
truncate -s 128M "$work/big.raw"

faked() { in_host env VMDECK_GUEST="$lab_home/fake-guest" FAKE_OS="${os-none}" VMDECK="$VMDECK" "$@"; }
rbd() { in_host env CEPH_CONF="$ceph/ceph.conf" rbd "$@"; }
# go NAME ARGUMENT...: a deployment into RBD
go() {
  # shellcheck disable=SC2086 # the words of $wrap and $connection
  faked VMDECK_JOB_DIE_AT="${die_at:-}" ${wrap:-} "$VMDECK" ${connection:+-c "$connection"} deploy "$@" --pool vms --cpus 1 --yes \
    >"$work/$1.out" 2>"$work/$1.err"
}
volumes() { rbd ls vms | grep -- "$1"; }
bases() { volumes '^vmdeck-' | grep -c .; }
nothing_in_ceph() { ! volumes "$1" && ! volumes '^vmdeck-' && [ -z "$(rbd trash ls vms)" ]; }
parent() { rbd info --format json "vms/$(volumes "^$1-")" | jq -r '.parent.image // "none"'; }
job_is() { deck job show "$(job_of "$1")" --format json | jq -e --arg s "$2" '.job.state // .state | . == $s'; }
small="--memory 64M --wait 0"

for pair in cloud:$cloud tiny:$work/tiny.raw big:$work/big.raw; do
  ok "${pair%%:*} is added" faked "$VMDECK" image add "${pair#*:}" --name "${pair%%:*}"
done

# ---- a machine, proved from inside; another one sends nothing ------------------------------------

printf 'in the cluster\n' >"$work/password"
chmod 600 "$work/password"
go first --image cloud --engine seed --disk 3G --memory 512M --hostname first.example.org \
  --password-file "$work/password"
same "a machine is deployed into RBD" 0 $?
sed 's/^/# /' "$work/first.err"
on_console first root "$work/password" 'hostname; df -k --output=size / | tail -n 1; ls /dev/vdb 2>&1' \
  >"$work/facts" 2>"$work/facts.err"
sed 's/^/# /' "$work/facts" "$work/facts.err"
same "it has its hostname" first.example.org "$(sed -n 1p "$work/facts" | tr -d '\r')"
size=$(sed -n 2p "$work/facts" | tr -d '\r')
ok "its root fills the disk (${size:-no} KiB)" [ "${size:-0}" -gt $((2600 * 1024)) ]
ok "its disk is in ceph, and its medium was not" eval 'vm dumpxml first >"$work/first.xml" &&
  grep -q "protocol=.rbd. name=.vms/first-" "$work/first.xml" && ! grep -q seed "$work/first.xml"'
ok "and is a clone of the image there" eval 'parent first | grep "^vmdeck-[0-9a-f]\{64\}\."'
ok "a second one is deployed" go second --image cloud --engine seed --disk 3G --memory 512M --no-start
ok "for which nothing was sent" eval 'deck job show "$(job_of second)" | grep "it is there already"'
same "it stands on the same" "$(parent first)" "$(parent second)"
same "which is there once" 1 "$(bases)"
ok "the image is listed with who stands on it" eval 'deck image sent | grep -E "^cloud +vms .*(first|second)"'
ok "and is not recalled" eval '! deck image recall cloud --yes'
ok "a machine that is deleted takes its disk with it" eval 'vm destroy first && deck delete first --volumes --yes &&
  ! volumes first && ! vm dominfo first'
ok "the other one too" eval 'deck delete second --volumes --yes && ! volumes second'
ok "then the image is recalled" eval 'deck image recall cloud --yes && nothing_in_ceph .'

# shellcheck disable=SC2034,SC2086 # for go(); words
ok "a host elsewhere takes one too, and the image with it" eval 'connection=$tcp go far --image tiny \
  --no-grow --no-customise $small && [ "$(vm domstate far | head -n 1)" = running ] &&
  parent far | grep "^vmdeck-" && deck job show "$(job_of far)" | grep "sent to vms"'
ok "it goes away whole" eval 'vm destroy far && deck -c $tcp delete far --volumes --yes && ! volumes "^far-" &&
  deck -c $tcp image recall tiny --yes && nothing_in_ceph .'

# ---- refused before anything is made --------------------------------------------------------------

# refuses NAME PATTERN ARGUMENT...: nothing is in ceph, and it is said why
refuses() {
  local name=$1 pattern=$2
  shift 2
  ! go "$name" "$@" && said "$name" "$pattern" && nothing_in_ceph . && ! vm dominfo "$name"
}
# shellcheck disable=SC2034 # for go()
blind() { wrap="unshare -m sh $work/blind" refuses "$@"; }
cat >"$work/blind" <<'END'
for driver in /usr/lib*/qemu*/block-rbd.so /usr/lib/*/qemu/block-rbd.so; do
  [ ! -e "$driver" ] || mount --bind /dev/null "$driver"
done
exec "$@"
END
secret() { # private='no' or 'yes': libvirt does not change that of one that is there
  vm secret-undefine "$(cat "$ceph/vms.uuid")"
  printf '%s\n' "<secret ephemeral='no' private='$1'><uuid>$(cat "$ceph/vms.uuid")</uuid>" \
    "<usage type='ceph'><name>client.vms</name></usage></secret>" >"$work/secret.xml"
  vm secret-define "$work/secret.xml" &&
    vm secret-set-value "$(cat "$ceph/vms.uuid")" --file "$ceph/vms.key"
}
# shellcheck disable=SC2086 # the words of $small
{
  wrap="unshare -n" ok "without a way to the monitors, with what to do" refuses cut \
    "monitors cannot be reached from this machine" --image tiny --engine seed $small
  ok "without a driver, with the package" blind blind "qemu-block-extra" --image tiny --engine seed $small
  ok "a secret is made private" secret yes
  ok "with a key that libvirt does not show" refuses hidden "private='no'" --image tiny --engine seed $small
  ok "a secret is made public" secret no
  ok "made whole later" refuses later "rbd flatten" --image tiny --engine seed --whole-later $small
  ok "a disk larger than ceph" refuses large "free on vms" --image tiny --engine seed --disk 900G $small
}

# ---- interrupted ------------------------------------------------------------------------------------

dies() { # POINT ARGUMENT...
  local die_at=$1
  shift
  ! go "$@" && until_ok 30 job_is "$1" interrupted
}
resumes() { faked "$VMDECK" job resume "$(job_of "$1")" && until_ok 120 eval "! job_is $1 running" && job_is "$1" done; }
taken_back() { faked "$VMDECK" job cancel --yes "$(job_of "$1")" && until_ok 120 job_is "$1" cancelled && nothing_of "$1" && ! volumes "^$1-"; }
same_bytes() { # NAME FILE: the disk begins with what the file has
  rbd export --no-progress "vms/$(volumes "^$1-")" - | cmp -n "$(stat -c %s "$2")" - "$2"
}
# shellcheck disable=SC2086
{
  ok "one dies while the image is sent" dies upload:part big-1 --image big --engine seed $small
  ok "half of it is no base" eval '[ "$(bases)" = 1 ] && go big-2 --image big --engine seed --no-start $small &&
    deck job show "$(job_of big-2)" | grep "sent to vms" && [ "$(bases)" = 2 ]'
  ok "the other one has the image's bytes" same_bytes big-2 "$work/big.raw"
  ok "it goes on with what is there now, and takes its half back" eval 'resumes big-1 && vm destroy big-1 &&
    deck job show "$(job_of big-1)" | grep "there already" && [ "$(bases)" = 1 ]'
  ok "both are deleted" eval 'deck delete big-1 --volumes --yes && deck delete big-2 --volumes --yes'
  ok "and the image is recalled" eval 'deck image recall big --yes && nothing_in_ceph .'
  ok "another one dies while the image is sent" dies upload:part big-3 --image big --engine seed $small
  ok "it goes on" resumes big-3
  ok "where it was" eval 'deck job log "$(job_of big-3)" | grep "going on with the upload at byte 33554432"'
  ok "to the image's bytes" eval 'vm destroy big-3 && same_bytes big-3 "$work/big.raw"'
  for point in upload:end disk:begin disk:undo disk:end define:undo; do
    ok "$point: one dies" dies $point on --image big --engine seed $small
    ok "$point: and goes on" resumes on
    ok "$point: it runs on a clone" eval 'vm domstate on | grep running && parent on | grep ^vmdeck-'
    ok "$point: and goes away whole" eval 'vm destroy on && deck delete on --volumes --yes && ! volumes ^on-'
    ok "$point: another dies" dies $point off --image big --engine seed $small
    ok "$point: and is taken back" taken_back off
  done
  ok "what was made of them is deleted" deck delete big-3 --volumes --yes
  ok "and the image is recalled" eval 'deck image recall big --yes && nothing_in_ceph .'
}

# ---- by the appliance, whole, by an installer ---------------------------------------------------------

# In the place of the appliance: what it would change in the disk is some bytes.
cat >"$work/guest" <<END
#!/bin/sh
request=\$(cat)
disk=\$(printf '%s' "\$request" | jq -r 'select(.action == "prepare").disk // empty')
[ -z "\$disk" ] || qemu-io -f qcow2 -c 'write -P 7 40M 64k' -c 'write -P 9 140M 64k' "\$disk" >&2
printf '%s' "\$request" | "$lab_home/fake-guest"
END
chmod 755 "$work/guest"
cp "$work/big.raw" "$work/system.raw"
qemu-io -f raw -c 'write -P 5 120M 64k' "$work/system.raw" >/dev/null
cp "$work/system.raw" "$work/changed.raw"
truncate -s 160M "$work/changed.raw"
qemu-io -f raw -c 'write -P 7 40M 64k' -c 'write -P 9 140M 64k' "$work/changed.raw" >/dev/null
# offline NAME ARGUMENT...: by an appliance that is said to have found a system
offline() {
  in_host env VMDECK_GUEST="$work/guest" VMDECK="$VMDECK" VMDECK_JOB_DIE_AT="${die_at:-}" "$VMDECK" deploy \
    "$@" --pool vms --cpus 1 --memory 64M --disk 160M --no-start --yes >"$work/$1.out" 2>"$work/$1.err" ||
    { tail -n 3 "$work/$1.err"; false; }
}
nothing_near() { ! find "$dir/vmdeck" -name 'disk.*' | grep .; }
ok "an image with a system is added" eval 'os= faked "$VMDECK" image add "$work/system.raw" --name system'
ok "what the appliance changed is on the disk" eval 'offline changed --image system --hostname changed &&
  same_bytes changed "$work/changed.raw"'
ok "of which the rest is the image's in ceph" eval 'parent changed | grep ^vmdeck- && nothing_near'
ok "one dies while that is sent" eval '! die_at=send:undo offline again --image system'
ok "and goes on to the same" eval 'resumes again && same_bytes again "$work/changed.raw" && nothing_near'
ok "another dies" eval '! die_at=send:undo offline back --image system'
ok "and is taken back" eval 'taken_back back && nothing_near'
ok "a whole one has all of it and stands on nothing" eval 'offline alone --image system --whole &&
  same_bytes alone "$work/changed.raw" && [ "$(parent alone)" = none ] && nothing_near'
ok "so has one that nothing changes" eval 'offline copy --image system --whole --no-grow --no-customise &&
  same_bytes copy "$work/system.raw" && [ "$(parent copy)" = none ]'
for name in changed again alone copy; do
  ok "$name is deleted" eval "deck delete $name --volumes --yes && ! volumes ^$name-"
done
ok "and the image recalled" eval 'deck image recall system --yes && nothing_in_ceph .'

. "$lab_home/installer.bash"
make_tree || give_up "the installer's tree is made"
template lab nothing 1
ok "its template is taken" deck template add "$work/lab"
ok "a machine is installed into RBD" eval 'deck install inst --template lab --tree "$tree" --memory 256M --disk 100M \
  --cpus 1 --password-file "$work/password" --hostname inst.example --pool vms >"$work/inst.out" 2>&1 ||
  { cat "$work/inst.out"; false; }'
ok "it runs from its disk there" eval 'vm dumpxml inst | grep "name=.vms/inst-" && ! vm dumpxml inst | grep "<kernel>" &&
  rbd export --no-progress "vms/$(volumes ^inst-)" - | tr -d "\0" | grep -a "host inst.example"'
ok "and what was needed for it is gone" eval '! vm vol-list default | grep inst'
ok "one that is stopped is taken back" eval '! in_host env VMDECK_JOB_DIE_AT=define:end "$VMDECK" install gone \
  --template lab --tree "$tree" --memory 256M --disk 100M --password-file "$work/password" --pool vms &&
  volumes ^gone- && taken_back gone'
ok "the machine is deleted" eval 'vm destroy inst && deck delete inst --volumes --yes && nothing_in_ceph .'

# Held in the middle of a write, by a disk of ceph that stands still from then on.
osd() { in_host kill "-$1" "$(cat "$ceph/run/osd.0.pid")"; }
held() { in_host pgrep -f "qemu-img convert.*target-is-zero"; }
paused() { test -e "$dir/vmdeck/jobs/$(job_of "$1")/paused"; }
holding() { # NAME: a deployment whose image is half there and gets no further
  {
    exec >"$work/$1.out" 2>"$work/$1.err"
    faked VMDECK_JOB_PAUSE_AT=upload:part "$VMDECK" deploy "$1" --image big --engine seed --memory 64M \
      --wait 0 --pool vms --cpus 1 --yes
  } &
  until_ok 60 paused "$1" && osd STOP && rm "$dir/vmdeck/jobs/$(job_of "$1")/paused" && until_ok 60 held
}
key=$(cat "$ceph/vms.key")
seen() { # whether the key can be seen anywhere: processes, what they were given, what is written
  in_host sh -c 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ' 2>/dev/null | tr '\0' '\n' | grep -F -- "$key" ||
    grep -rlF -- "$key" "$dir/vmdeck" "$dir/log" "$dir/lib/images" || grep -F -- "$key" "$work"/*.out "$work"/*.err
}
ok "one hangs while it sends" holding stuck
ok "nobody sees the key" eval '! seen'
ok "its runner is killed" eval 'in_host pkill -KILL -f "job-run $(job_of stuck)"'
ok "and what it had started with it" until_ok 30 eval '! held'
osd CONT
ok "it is taken back, and nothing of it is in ceph" eval 'taken_back stuck && nothing_in_ceph .'
ok "another one hangs" holding stopped
ok "it can be cancelled" eval 'deck job cancel --yes "$(job_of stopped)" && until_ok 60 eval "! held"'
osd CONT
ok "and leaves nothing" eval 'until_ok 120 job_is stopped cancelled && nothing_in_ceph . && nothing_of stopped'
ok "the key was written down nowhere" eval '! seen'
finish
