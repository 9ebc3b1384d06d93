#!/bin/bash
# Installing where there is no image: a small installer of the lab's own (tiny-installer.c) is
# started with the answers in its initrd, ends, and the machine starts from the disk that it filled.
. "$(dirname "$0")/lib.bash"

lab_up
printf 'lab secret\n' >"$work/password"
. "$lab_home/installer.bash"

install() { # NAME TEMPLATE ARGUMENT...
  local name=$1
  deck install "$1" --template "$2" --tree "$tree" --memory 256M --disk 100M --cpus 1 \
    --password-file "$work/password" "${@:3}" >"$work/$name.out" 2>"$work/$name.err"
}

make_tree || give_up "the tree is made"
template lab nothing 1
template lab-twice twice 2
template lab-fail fail 1
template lab-ask ask 1
{
  sed -n '/^#%/p' "$work/lab" | sed 's/kind: file/kind: autoinstall/; /file: answers/d'
  echo '#cloud-config'
  sed '/^#%/d' "$work/lab"
} >"$work/lab-medium"
sed 's/HOSTNAME/HOSTNAMES/' "$work/lab" >"$work/lab-wrong"

# What libosinfo would say of the lab's system: the runner needs it no more.
cat >"$work/osinfo" <<END
#!/bin/sh
echo '{"systems":[{"id":"http://vmdeck.example/lab/1","short":"lab1","name":"Lab 1","trees":[
  {"arch":"all","url":"file://$tree/","kernel":"images/linux","initrd":"images/initrd.gz"}],
  "least":[{"arch":"all","memory":209715200,"disk":83886080}]}]}'
END
chmod 755 "$work/osinfo"

# ---- templates --------------------------------------------------------------------------

for name in lab lab-twice lab-fail lab-ask lab-medium; do
  ok "the template $name is taken" deck template add "$work/$name"
done
ok "a template with an unknown macro is refused, with its line" eval \
  '! deck template add "$work/lab-wrong" 2>"$work/wrong.err" &&
   grep -q "line 11.*HOSTNAMES" "$work/wrong.err"'
ok "templates are listed, shipped ones and one's own" eval \
  'deck template list --format csv | grep -q "^debian,.*,false," &&
   deck template list --format csv | grep -q "^lab,.*,true,"'
ok "a template can be read and taken again" eval \
  'deck template show lab >"$work/again" && cmp "$work/lab" "$work/again" &&
   ! deck template add "$work/again" --name lab && deck template add "$work/again" --name lab --replace'
ok "one of vmdeck's own cannot be removed" eval '! deck template remove debian --yes'

# ---- an installation --------------------------------------------------------------------

from_disk() { # NAME: it runs, from its disk, and restarts when its guest does
  local xml
  [ "$(vm domstate "$1")" = running ] || return 1
  xml=$(vm dumpxml "$1" --inactive)
  ! grep -Eq '<(kernel|initrd|cmdline)>' <<<"$xml" && grep -q '<on_reboot>restart' <<<"$xml"
}

answers_of() { # NAME: what the installer found in its initrd, read from the disk of the machine
  local disk
  disk=$(vm domblklist "$1" | awk '/vda/ { print $2 }')
  in_host qemu-img dd -f qcow2 -O raw -U bs=4096 skip=256 count=257 "if=$disk" "of=$disk.peek" &&
    tr -d '\0' <"$dir/lib/images/$(basename "$disk").peek"
  rm -f "$dir/lib/images/$(basename "$disk").peek"
}

ok "a machine is installed from a tree" install inst-1 lab --hostname db.example \
  --timezone Europe/Berlin --user anna --address 192.168.122.77/24 --gateway 192.168.122.1
ok "it runs from its disk" from_disk inst-1
ok "its first boot was followed to the login that the installer wrote" eval \
  'deck job show "$(job_of inst-1)" --format json | jq -e ".job.state == \"done\" and
     (.steps | map(select(.id == \"boot\"))[0].state == \"done\")"'
answers=$(answers_of inst-1)
ok "the answers had hostname, zone, user and address" eval \
  'grep -qx "host db.example" <<<"$answers" && grep -qx "zone Europe/Berlin" <<<"$answers" &&
   grep -qx "user anna" <<<"$answers" && ! grep -q nobody <<<"$answers" &&
   grep -qx "address 192.168.122.77 255.255.255.0 192.168.122.1" <<<"$answers"'
hash=$(sed -n 's/^root //p' <<<"$answers")
same "the hash in them is of the password that was given" "$hash" \
  "$(openssl passwd -6 -salt "$(cut -d'$' -f3 <<<"$hash")" -stdin <"$work/password")"
ok "kernel and initrd, which held them, are gone" eval \
  '! vm vol-list default | grep -E "inst-1.*(kernel|initrd)"'
ok "password and hash are in no file of vmdeck's" eval \
  '! grep -rqF -e "lab secret" -e "$hash" "$dir/vmdeck" --exclude-dir=templates'
ok "what the installer printed is in the job's log" eval \
  'deck job log "$(job_of inst-1)" | grep -q "Installing the base system ... 60%"'
ok "its kernel got the words of the template" eval \
  'deck job log "$(job_of inst-1)" | grep -q "request=$(job_of inst-1)"'

by_name() { # NAME ARGUMENT...: as libosinfo knows it
  local name=$1
  VMDECK_OSINFO=$work/osinfo deck install "$name" --os 'lab 1' --cpus 1 --disk 100M --password-file "$work/password" \
    "${@:2}" >"$work/$name.out" 2>"$work/$name.err"
}
ok "a system that is named brings template, tree and least sizes" eval \
  'by_name inst-10 --memory 256M && from_disk inst-10 && deck job log "$(job_of inst-10)" | grep -qF "fetching file://$tree/images/linux"'
ok "what libosinfo calls it stands in the definition" eval \
  'vm dumpxml inst-10 | grep -A1 "<libosinfo:libosinfo" | grep -q "id=.http://vmdeck.example/lab/1"'
ok "less than it needs is refused, and said" eval \
  '! by_name inst-11 --memory 192M && said inst-11 "Lab 1 needs at least 200 MiB of memory" && nothing_of inst-11'

ok "an installer that restarts twice is counted to its second end" eval \
  'install inst-2 lab-twice && from_disk inst-2 &&
   deck job log "$(job_of inst-2)" | grep -q "ended, 2 of 2"'

ok "answers on a medium are read, and the medium is taken away" eval \
  'install inst-9 lab-medium --hostname medium.example && from_disk inst-9 &&
   answers_of inst-9 | grep -qx "host medium.example" &&
   ! vm vol-list default | grep -E "inst-9.*medium" && ! vm dumpxml inst-9 | grep -q vmdeck-seed'

# ---- what goes wrong --------------------------------------------------------------------

ok "an installer that ends without writing anything fails, and nothing is left" eval \
  '! install inst-3 lab-fail && said inst-3 "without having written" && nothing_of inst-3'
ok "a tree without a kernel is told before anything is made" eval \
  'mkdir "$work/empty"; ! deck install inst-4 --template lab --tree "$work/empty" \
     --password-file "$work/password" 2>"$work/inst-4.err" && said inst-4 "no images/linux" && nothing_of inst-4'
ok "a tree that does not answer fails with its address" eval \
  '! deck install inst-5 --template lab --tree http://127.0.0.1:9/tree --password-file \
     "$work/password" 2>"$work/inst-5.err" && said inst-5 "127.0.0.1:9" && nothing_of inst-5'
ok "a machine into which nobody could log in is refused" eval \
  '! deck install inst-6 --template lab --tree "$tree" 2>"$work/inst-6.err" && said inst-6 "log in"'
ok "too little memory for the installer is told" eval \
  '! install inst-7 lab --memory 100M && said inst-7 "128 MiB"'

# ---- what happens to a machine while it is installed ----------------------------------------

answer() { in_host sh -c "echo >\"\$(virsh ttyconsole $1)\""; }
waiting() { install "$1" lab-ask --detach && until_ok 60 eval "log_of $1 | grep -q 'note: .*asks something'"; }
log_of() { deck job log "$(job_of "$1")"; }
job_is() { deck job show "$1" --format json | jq -e ".job.state == \"$2\"" >/dev/null; }
ok "an installer waits" waiting inst-14
ok "its machine is saved, and the daemon restarted" eval \
  'vm managedsave inst-14 && in_host sh -c "kill \$(cat /run/libvirtd.pid)" &&
   until_ok 20 eval "! in_host test -e /run/libvirtd.pid" && in_host libvirtd -d && until_ok 30 vm uri'
ok "which is not the end of the installation" eval \
  'until_ok 30 eval "log_of inst-14 | grep -q \"daemon was restarted; the installer goes on\"" && job_is "$(job_of inst-14)" running'
ok "when it is started again it goes on to its end" eval \
  'vm start inst-14 && answer inst-14 && until_ok 60 job_is "$(job_of inst-14)" done && from_disk inst-14'
ok "another one waits" waiting inst-15
ok "powering it off is not taken for the installer's end" eval \
  'vm destroy inst-15 && until_ok 30 job_is "$(job_of inst-15)" failed &&
   deck job show "$(job_of inst-15)" | grep -q "Somebody powered the machine off" && nothing_of inst-15'

ok "an installation goes on by itself" install inst-8 lab-ask --detach
asking() { deck job show "$(job_of inst-8)" --format json | grep -q 'asks something'; }
ok "an installer that asks is told of" until_ok 60 asking
ok "cancelling it leaves nothing behind" eval \
  'deck job cancel "$(job_of inst-8)" --yes && until_ok 30 nothing_of inst-8'

# ---- a runner that dies while the installer runs ------------------------------------------

end_runner() { # JOB
  in_host kill -KILL "$(cat "$dir/vmdeck/jobs/$1/lock")" && until_ok 20 job_is "$1" interrupted
}
cut_short() { # NAME: its installer asks, and its runner is killed
  waiting "$1" && end_runner "$(job_of "$1")"
}
ok "a runner is killed while its installer waits for an answer" cut_short inst-12
ok "the installation is gone on with" deck job resume "$(job_of inst-12)" --detach
ok "not anew: the installer that runs is followed again" eval \
  'until_ok 30 eval "log_of inst-12 | grep -q \"is followed again\"" &&
   answer inst-12 && until_ok 60 job_is "$(job_of inst-12)" done'
ok "to its end, and the machine runs from its disk" eval \
  'from_disk inst-12 && log_of inst-12 | grep -q "Installing the base system ... 80%" &&
   [ "$(log_of inst-12 | grep -c "Which disk shall be erased")" = 1 ] &&
   deck job show "$(job_of inst-12)" | grep -q "^install .*ended 1 time" &&
   ! deck job show "$(job_of inst-12)" | grep -q "asks something"'
ok "another one, whose machine is saved" eval 'cut_short inst-13 && vm managedsave inst-13'
ok "goes on where that was" eval \
  'deck job resume "$(job_of inst-13)" --detach &&
   until_ok 60 eval "log_of inst-13 | grep -q \"saved, and its installer goes on\"" &&
   until_ok 30 eval "[ \$(vm domstate inst-13) = running ]"'
ok "once more, and the machine ends as well" eval 'end_runner "$(job_of inst-13)" && vm destroy inst-13'
ok "begins anew with an empty disk" eval \
  'deck job resume "$(job_of inst-13)" --detach &&
   until_ok 60 eval "[ \$(log_of inst-13 | grep -c \"Which disk shall be erased\") -ge 2 ]" &&
   log_of inst-13 | grep -q "going on with the step disk"'
ok "and is cancelled without a trace" eval \
  'deck job cancel "$(job_of inst-13)" --yes && until_ok 30 nothing_of inst-13'

# ---- on a host elsewhere, with nothing but its libvirt ------------------------------------

there=$work/there
"$lab_home/lab" up "$there" --listen || give_up "a second host comes up"
away() { "$lab_home/lab" exec "$there" -- virsh -q "$@"; }
# Here, as far as files and processes go; its network is the other one's, where libvirtd listens.
near() { "$lab_home/lab" exec "$dir" --net "$there" -- "$VMDECK" "$@"; }
far() { # NAME ARGUMENT...
  near -c qemu+tcp://127.0.0.1/system install "$1" --template lab-medium --tree "$tree" --memory 256M \
    --disk 100M --cpus 1 --password-file "$work/password" "${@:2}" --yes >"$work/$1.out" 2>"$work/$1.err"
}
{ truncate -s 1M "$work/medium.iso" && printf CD001 | dd of="$work/medium.iso" bs=1 seek=32769 conv=notrunc status=none; } ||
  give_up "a medium is made"
ok "a machine is installed on another host from a tree and a medium of this one" \
  far far-1 --medium "$work/medium.iso" --hostname far.example
ok "it runs there from its disk, and its console was heard here" eval \
  '[ "$(away domstate far-1)" = running ] && ! away dumpxml far-1 --inactive | grep -E "<kernel>|cdrom" &&
   deck job log "$(job_of far-1)" | grep -q "Installing the base system ... 60%"'
ok "the medium was sent there" eval 'deck job log "$(job_of far-1)" | grep -q "sending .*medium.iso"'
same "nothing but its disk is left there" 1 "$(away vol-list default | grep -c .)"
ok "a medium that is not here, or is none, is told before a job is made" eval \
  '! far far-2 --medium "$work/none.iso" && said far-2 "none.iso" &&
   ! far far-2 --medium /etc/shadow && said far-2 "no installation medium" && [ -z "$(job_of far-2)" ]'

# ---- spread over both, by room ------------------------------------------------------------

cat >"$work/both.conf" <<'END'
hosts = ( { name = "here"; uri = "qemu:///system"; },
  { name = "there"; uri = "qemu+tcp://127.0.0.1/system"; } );
END
cat >"$work/full.xml" <<END
<domain type='qemu'>
  <name>full</name>
  <memory unit='KiB'>$(($(awk '/^MemTotal/ { print $2 }' /proc/meminfo) / 10 * 9))</memory>
  <os><type>hvm</type></os>
</domain>
END
qemu-img create -q -f qcow2 "$work/bare.qcow2" 1M
ok "an image is added" env VMDECK_GUEST="$lab_home/fake-guest" FAKE_OS=none \
  "$lab_home/lab" exec "$dir" -- "$VMDECK" image add "$work/bare.qcow2" --name bare
# Both see the memory of one computer. Nine tenths of it are promised to a machine that never runs,
# so never touches it; what others use meanwhile is less.
spread() { # NAMES VIRSH: while the memory of VIRSH's host is taken
  local came
  "$2" create --paused "$work/full.xml" || return 1
  near --config "$work/both.conf" deploy "$1" --image bare --host here --host there --no-grow \
    --no-customise --no-start --cpus 1 --memory 64M --yes
  came=$?
  "$2" destroy full && return $came
}
ok "of two hosts the one with more room gets the machines" spread 'sp-{1..2}' away
ok "here" eval 'vm list --all --name | grep -c "^sp-[12]" | grep -x 2 && ! away list --all --name | grep "^sp-"'
ok "or the other one" spread 'sp-{3..4}' vm
ok "there" eval 'away list --all --name | grep -c "^sp-[34]" | grep -x 2 && ! vm list --all --name | grep "^sp-[34]"'

finish
