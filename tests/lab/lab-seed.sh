#!/bin/bash
# The seed engine: a machine with cloud-init and one of a prepared image set themselves up from a
# medium at their first boot, and are proved from inside; of the medium nothing is left, in the
# machine or on the host. No appliance takes part in a deployment. The prepared one is started by
# init of System V, and once more: then nothing is set up. (By systemd: lab-shelf.sh.)
# About 210 s on two processors.
# shellcheck disable=SC2016 -- conditions are given to ok() as text
. "$(dirname "$0")/lib.bash"

lab_up
cloud_image=$(image small-cloud) && plain_image=$(image small-mbr) || give_up "the images are made"
ssh-keygen -q -t ed25519 -N '' -C 'lab $(touch /pwned) `touch /pwned` "key'"'" -f "$work/key"
secret='pa ss"w$r\d'\''é'
printf '%s\n' "$secret" >"$work/password"
chmod 600 "$work/password"
printf '#!/bin/sh\necho "ran as $(id -un) on $(hostname)" | tee /var/lib/first-boot-was-here\n' \
  >"$work/first.sh"
# What happened at which boot can be read by the user, who has a key.
{ cat "$work/first.sh" && echo 'chmod a+r /var/log/vmdeck-firstboot.log'; } >"$work/told.sh"

facts='hostname; readlink -f /etc/localtime; df -k --output=size / | tail -n 1
  cat /var/lib/first-boot-was-here; ip -4 -o addr show scope global | sed "s/.*inet //; s/ .*//"
  ip route show default | sed "s/.*via //; s/ .*//"; grep -s ^nameserver /etc/resolv.conf || echo none
  id -un anna; wc -c </etc/machine-id; ls /pwned /dev/vdb 2>/dev/null; cat /proc/1/comm'

# prove NAME IMAGE ARGUMENT...: deployed and looked at from inside; facts in $work/NAME.facts
prove() {
  local name=$1
  try_deploy "$name" --image "$2" --disk 4G --cpus 1 --memory 512M --password-file "$work/password" \
    --hostname "$name.example.org" --timezone Asia/Tokyo "${@:3}" || return 1
  on_console "$name" root "$work/password" "$facts" >"$work/$name.facts" 2>"$work/$name.facts.err"
}
fact() { sed -n "$2p" "$work/$1.facts" 2>/dev/null; }

judge() { # NAME STATUS
  local name=$1 size
  same "$name: deployed, and its console opens with the password" 0 "$2"
  sed 's/^/# /' "$work/$name.err" "$work/$name.facts"
  same "$name: the hostname is set" "$name.example.org" "$(fact "$name" 1)"
  same "$name: the timezone is set" /usr/share/zoneinfo/Asia/Tokyo "$(fact "$name" 2)"
  size=$(fact "$name" 3)
  ok "$name: the root fills the disk (${size:-no} KiB)" [ "${size:-0}" -gt $((3500 * 1024)) ]
  same "$name: the script ran once, as root" "ran as root on $name.example.org" "$(fact "$name" 4)"
  same "$name: the machine runs" running "$(vm domstate "$name" | tr -d '\n')"
  ok "$name: the medium is out of the machine" eval \
    '! { vm dumpxml '"$name"'; vm dumpxml --inactive '"$name"'; } | grep -q vmdeck-seed'
  ok "$name: and off the host" eval '! find "$dir" -name "*'"$name"'*seed*" -o -name seed.iso | grep .'
  ok "$name: no appliance ran" eval \
    '! deck job show "$(job_of '"$name"')" --format json | grep -Eq "\"(grow|customise)\""'
}

ok "the cloud image is added" deck image add "$cloud_image" --name cloud
deck image show cloud --format json >"$work/cloud.json" 2>/dev/null
ok "and known to have cloud-init" grep -Eq '"engine" *: *"cloud-init"' "$work/cloud.json"
ok "an image is added that reads no medium" deck image add "$plain_image" --name plain
ok "a seed for it is refused, and what helps is said" eval \
  '! try_deploy plain-1 --image plain --engine seed && said plain-1 "vmdeck image prepare plain"'
ok "it is prepared" deck image prepare plain --name prepared
deck image show prepared --format json >"$work/prepared.json" 2>/dev/null
ok "and known to have our agent" grep -Eq '"engine" *: *"agent"' "$work/prepared.json"
ok "an image is not prepared twice" eval '! deck image prepare prepared'

# Two at a time: a guest under emulation takes one processor.
prove prepared-1 prepared --address 192.168.122.52/24 --gateway 192.168.122.1 --dns 192.168.122.1 \
  --user anna --ssh-key "$work/key.pub" --firstboot "$work/told.sh" &
prove cloud-1 cloud --address 192.168.122.51/24 --gateway 192.168.122.1 --dns 192.168.122.1 \
  --user anna --ssh-key "$work/key.pub" --firstboot "$work/first.sh"
status=$?
wait $!
judge prepared-1 $?
judge cloud-1 $status
while read -r -u 3 name address init; do
  same "$name: the address is as wanted" $address/24 "$(fact $name 5)"
  same "$name: the gateway is set" 192.168.122.1 "$(fact $name 6)"
  same "$name: the name server is set" "nameserver 192.168.122.1" "$(fact $name 7)"
  same "$name: the user was made" anna "$(fact $name 8)"
  same "$name: it has a machine id" 33 "$(fact $name 9)"
  same "$name: no value was taken for a command, the medium is unplugged, and $init runs it" $init \
    "$(fact $name 10)"
  ok "$name: the key opens the user's door by SSH" until_ok 60 by_ssh $address anna "$work/key" true
done 3<<<'prepared-1 192.168.122.52 init
cloud-1 192.168.122.51 systemd'

# ---- a second boot -------------------------------------------------------------------------

in_sysv() { by_ssh 192.168.122.52 anna "$work/key" "$@" </dev/null; }
boot_of() { in_sysv cat /proc/sys/kernel/random/boot_id 2>/dev/null | grep .; }
log_of() { in_sysv cat /var/log/vmdeck-firstboot.log; }
ok "prepared-1: the script's words are in the job's log" eval \
  'deck job log "$(job_of prepared-1)" | grep -q "first boot: ran as root on prepared-1.example.org"'
first_boot=$(boot_of)
# It says so twice, lest a getty that comes up swallows it.
ok "prepared-1: its first boot is told to its end" until_ok 60 eval '[ "$(log_of | grep -c " done 0")" = 2 ]'
log_of >"$work/log.first"
in_sysv sync # a reset takes away what is not on the disk
vm reset prepared-1
ok "prepared-1: it boots again" until_ok 300 eval 'now=$(boot_of) && [ "$now" != "$first_boot" ]'
log_of >"$work/log.second"
ok "prepared-1: neither the agent nor the script runs then" diff -a "$work/log.first" "$work/log.second"
ok "the password stands in no file of the host" eval \
  '! grep -rlF -- "$secret" "$dir/vmdeck" "$dir/log" "$dir/etc" "$dir/run"'
finish
