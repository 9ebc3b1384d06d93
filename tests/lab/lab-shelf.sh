#!/bin/bash
# A machine becomes an image, goes out into a published folder, comes in on another host, and is a
# machine again: what was put into the first is seen from inside the second. From a machine that is
# off, and from one that runs and must not notice. And a first-boot script that fails, on a machine
# that a medium and our agent set up.
# About 450 s on two processors.
. "$(dirname "$0")/lib.bash"

lab_up
source_image=$(image small-gpt) || give_up "the small image is made"
printf 'shelf secret\n' >"$work/password"
chmod 600 "$work/password"
cat >"$work/bundle.sh" <<'END'
#!/bin/sh
mkdir -p /srv/bundle
echo "a web server, a database and PHP, in small" >/srv/bundle/index.html
echo "somebody was here" >/root/.bash_history
mkdir -p /root/.ssh
echo "ssh-ed25519 AAAA somebody" >>/root/.ssh/authorized_keys
cat /etc/machine-id >/srv/bundle/first-id
mkdir -p /etc/network/interfaces.d
printf 'iface ens99 inet static\n    address 192.0.2.9/24\n' >/etc/network/interfaces.d/50-cloud-init
# A repository with one package, in the place of the real one.
mkdir -p /srv/repo/p/DEBIAN /srv/repo/p/usr/lib/systemd/system
cd /srv/repo
printf '%s\n' 'Package: unattended-upgrades' 'Version: 1' 'Architecture: all' \
  'Maintainer: the lab <lab@example.org>' 'Description: upgrades nothing' >p/DEBIAN/control
printf '%s\n' '[Service]' 'ExecStart=/bin/sleep infinity' '[Install]' 'WantedBy=multi-user.target' \
  >p/usr/lib/systemd/system/unattended-upgrades.service
dpkg-deb -b p u.deb
{ cat p/DEBIAN/control
  echo 'Filename: ./u.deb'
  echo "Size: $(stat -c %s u.deb)"
  echo "SHA256: $(sha256sum u.deb | cut -d' ' -f1)"; } >Packages
rm -rf p /etc/apt/sources.list.d
echo 'deb [trusted=yes] file:/srv/repo ./' >/etc/apt/sources.list
END

is_state_off() { [ "$(vm domstate "$1" | tr -d '\n')" = "shut off" ]; }
refuses_make() { ! deck image make first --name bundle >/dev/null 2>&1; }

ok "the image is added" deck image add "$source_image" --name small
ok "a script is taken into the library" deck script add "$work/bundle.sh" --name bundle --for debian
ok "a machine is deployed with that script" try_deploy first --image small --disk 1G --cpus 1 \
  --memory 384M --password-file "$work/password" --firstboot bundle
vm dominfo first >/dev/null 2>&1 || give_up "there is a machine to make an image from"

# ---- from a machine that runs -------------------------------------------------------------

vm domblklist first >"$work/disks.before"
ok "an image is made while it runs" deck image make first --name running --keep logs --tag web
same "the machine still runs" running "$(vm domstate first | tr -d '\n')"
vm domblklist first >"$work/disks.after"
ok "on the same disk" cmp "$work/disks.before" "$work/disks.after"
ok "without a job or a snapshot" eval '[ -z "$(vm snapshot-list first --name)" ] &&
  vm domjobinfo first | grep -q None'
ok "its tag is kept" eval 'deck image show running --format json | grep -q "\"tags\" *: *\"web\""'

# ---- from the same one, off ---------------------------------------------------------------

ok "the machine is powered off" deck poweroff first --yes
ok "an image is made of it" deck image make first --name bundle --notes "LAMP in small"
ok "the machine is as it was" is_state_off first
file=$(deck image show bundle --format json | sed -n 's/.*"path" *: *"\(.*\)".*/\1/p')
# One appliance answers all of it.
in_host guestfish --ro --format=qcow2 -a "$file" -i >"$work/inside" 2>"$work/inside.err" <<'END'
echo = bundle
cat /srv/bundle/index.html
echo = machine-id
filesize /etc/machine-id
echo = host keys
glob-expand /etc/ssh/ssh_host_*
echo = history
is-file /root/.bash_history
echo = keys
is-file /root/.ssh/authorized_keys
echo = network
is-file /etc/network/interfaces.before-vmdeck
-cat /etc/network/interfaces
-cat /etc/systemd/network/05-vmdeck.network
-cat /etc/network/interfaces.d/50-cloud-init
echo = name
cat /etc/hostname
cat /etc/hosts
echo = log
-filesize /var/log/vmdeck-firstboot.log
echo = end
END
sed 's/^/# /' "$work/inside" "$work/inside.err"
look() { sed -n "/^= $1\$/,/^= /p" "$work/inside" | grep -v '^= '; }
ok "what was put in is in it" eval 'look bundle | grep -q "in small"'
same "its machine-id is empty" 0 "$(look machine-id)"
same "no host key is in it" "" "$(look 'host keys')"
same "no history is in it" false "$(look history)"
same "no user's key is in it" false "$(look keys)"
ok "its network is nobody's: no address is in it, and none of our files" eval \
  '! look network | grep -Eq "192\.0\.2\.9|vmdeck0|true" && look network | grep -qx "iface ens99 inet dhcp"'
same "its name is nobody's" "localhost 127.0.0.1 localhost" "$(look name | grep . | tr '\n\t' '  ' | sed 's/ *$//')"
same "the logs are empty" 0 "$(look log | grep -x '[0-9]*' || echo 0)"
ok "all of it was looked at" grep -qx '= end' "$work/inside"
ok "it is smaller than the disk was" eval \
  '[ "$(in_host stat -c %s "$file")" -lt "$(du -B1 --apparent-size "$source_image" | cut -f1)" ]'
ok "a name in use is refused" refuses_make

# ---- out, and in on another host -----------------------------------------------------------

export GNUPGHOME=$work/gnupg
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-gen-key shelf@lab ed25519 sign never 2>/dev/null
fingerprint=$(gpg --batch --with-colons --list-keys | sed -n 's/^fpr:*\([0-9A-F]*\):*/\1/p' | head -n 1)
gpg --batch --armor --export >"$work/shelf.asc"
ok "it is published, signed" in_host env GNUPGHOME="$GNUPGHOME" "$VMDECK" image publish "$work/shelf" \
  --image bundle --key "$fingerprint" --level 0
# Without the repositories that are set up here, which may be out of reach.
ok "virt-builder lists it" eval 'unshare -m sh -c "mount -t tmpfs none /etc/virt-builder/repos.d &&
  virt-builder --list --no-cache --source file://$work/shelf/index.asc --fingerprint $fingerprint" |
  grep -q "^bundle .*LAMP in small" &&
  grep -q "^expand=/dev/sda" "$work/shelf/index"'
ok "a second time nothing is new" eval 'in_host env GNUPGHOME="$GNUPGHOME" "$VMDECK" image publish \
  "$work/shelf" --image bundle --key "$fingerprint" && [ "$(ls "$work/shelf"/*.xz | wc -l)" = 1 ]'
ok "what is signed is not left behind" eval '! deck image publish "$work/shelf" --image bundle'
gpgconf --kill all

there=$work/there
"$lab_home/lab" up "$there" --listen || give_up "a second host comes up"
away() { "$lab_home/lab" exec "$there" -- "$@"; }
cat >"$work/there.conf" <<END
sources = ( { name = "shelf"; kind = "virt-builder"; url = "file://$work/shelf/index.asc";
  fingerprint = "$fingerprint"; keyring = "$work/shelf.asc"; } );
END
ok "the other host fetches it" away "$VMDECK" --config "$work/there.conf" image fetch bundle
ok "and deploys it with a script that is shipped" away "$VMDECK" deploy second --image bundle \
  --firstboot unattended-upgrades --disk 2G --cpus 1 --memory 384M \
  --password-file "$work/password" --hostname second --no-start \
  --address 192.168.122.41/24 --gateway 192.168.122.1 --dns 192.168.122.1 --yes
away virsh -q start second

# ---- and to it from here, with nothing but its libvirt: by TCP and by ssh ----------------------

# Here, as far as files and processes go; its network is the other one's, on whose loopback are
# libvirtd and sshd.
near() {
  "$lab_home/lab" exec "$dir" --net "$there" -- env VMDECK_SSH="$work/ssh/ssh" \
    VMDECK_GUEST="${guest:-}" FAKE_OS=none VMDECK_JOB_DIE_AT="${die_at:-}" VMDECK="$VMDECK" "$@"
}
mkdir "$work/ssh"
ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/host" && ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/user"
echo "[127.0.0.1]:2222 $(cut -d' ' -f1,2 "$work/ssh/host.pub")" >"$work/ssh/known"
printf '%s\n' 'Port 2222' 'ListenAddress 127.0.0.1' "HostKey $work/ssh/host" 'StrictModes no' \
  "AuthorizedKeysFile $work/ssh/user.pub" "PidFile $work/ssh/pid" 'UsePAM no' >"$work/ssh/sshd_config"
printf '%s\n' "UserKnownHostsFile $work/ssh/known" 'IdentitiesOnly yes' >"$work/ssh/client"
printf '#!/bin/sh\nexec "%s" -F "%s" "$@"\n' "$(dirname "$VMDECK")/vmdeck-ssh" "$work/ssh/client" \
  >"$work/ssh/ssh"
chmod 755 "$work/ssh/ssh"
away mkdir -p /run/sshd
away /usr/sbin/sshd -f "$work/ssh/sshd_config" -E "$work/ssh/log" || give_up "sshd runs"
until_ok 20 test -s "$work/ssh/pid" || give_up "sshd runs"
tcp=qemu+tcp://127.0.0.1/system
ssh="qemu+ssh://root@127.0.0.1:2222/system?keyfile=$work/ssh/user"

send() { # URI POINT ARGUMENT...: a deployment to it whose runner dies at the point
  die_at=$2 near "$VMDECK" -c "$1" "${@:3}" >"$work/send.out" 2>&1
}
# without its words, after a failure
sent() { guest=$lab_home/fake-guest send "$ssh" '' deploy "$@" --yes || { cat "$work/send.out"; false; }; }
base_there() { away virsh -q vol-list default | grep -c "vmdeck-[0-9a-f]*\.qcow2 "; }
disk_there() { away virsh -q domblklist "$1" | awk '$1 == "vda" { print $2 }'; }
no_job() { ! test -e "$dir/vmdeck/jobs/$(job_of "$1" || echo none)"; }
none_there() { ! away virsh -q list --all | grep -w "$1" && ! away virsh -q vol-list default | grep -w "$1"; }
ok "a runner that is killed while it sends the image, by TCP" eval '! send "$tcp" upload:part deploy far \
  --image bundle --disk 2G --cpus 1 --memory 384M --password-file "$work/password" --hostname far'
ok "goes on" eval 'near "$VMDECK" job resume "$(job_of far)" && deck job follow "$(job_of far)"'
ok "where it was" eval 'deck job log "$(job_of far)" |
  grep -Eq "going on with the upload at byte [1-9][0-9]{6}"'
same "the image is there once" 1 "$(base_there)"
ok "the disk stands on it" eval 'away virsh -q vol-dumpxml --pool default "$(away virsh -q vol-list \
  default | grep -o "far-[^ ]*qcow2" | head -n 1)" | grep -q "<path>.*vmdeck-[0-9a-f]*\.qcow2</path>"'
ok "nothing of it is left here" eval '! find "$dir" -name "*disk.qcow2" | grep .'
ok "another one, by ssh, is killed before it is whole" eval '! send "$ssh" define:undo deploy gone \
  --image bundle --no-grow --no-customise && deck job log "$(job_of gone)" | grep -q "upload: done"'
ok "the image was not sent again" eval '! deck job log "$(job_of gone)" | grep -q "upload at byte" &&
  deck job show "$(job_of gone)" | grep -q "there already"'
ok "it is taken back" eval 'near "$VMDECK" job cancel --yes "$(job_of gone)" &&
  ! deck job follow "$(job_of gone)"'
ok "and leaves nothing but the image" eval 'none_there gone && [ "$(base_there)" = 1 ]'
ok "it is listed with who stands on it, and not recalled" eval \
  'near "$VMDECK" -c "$ssh" image sent | grep -q "^bundle .*far" &&
  ! near "$VMDECK" -c "$tcp" image recall bundle --yes'

# A tiny one, since all that counts is what arrives.
small="--cpus 1 --memory 64M --no-grow"
ok "a tiny image is made" eval '"$lab_home/tiny-image" bios "$work/tiny.raw" &&
  guest=$lab_home/fake-guest near "$VMDECK" image add "$work/tiny.raw" --name tiny'
# shellcheck disable=SC2086
{
  ok "a machine with a medium goes there by ssh" sent seeded --image tiny --engine seed --wait 0 $small
  ok "and has it" eval 'away virsh -q domblklist seeded | grep -q seed.iso &&
    away virsh -q vol-list default | grep -q "seeded-.*seed.iso"'
  ok "a raw disk is sent whole, by TCP" eval '! guest=$lab_home/fake-guest send "$tcp" boot:begin deploy raw \
    --image tiny --no-customise --disk-format raw --yes $small && away virsh -q domstate raw | grep running'
  # What a machine says that nobody listens to is lost, and this one says it when a key is pressed.
  ok "and its console is heard there" near "$VMDECK" job resume "$(job_of raw)"
  ok "to the end" near "$VMDECK" job follow "$(job_of raw)"
  ok "a full copy is" sent copy --image tiny --no-customise --whole --no-start $small
  ok "the one is the image's bytes" eval 'away virsh -q destroy raw
    away virsh -q dumpxml raw | grep -q "type=.raw." && cmp -n 4194304 "$there/lib/images/$(basename "$(disk_there raw)")" "$work/tiny.raw"'
  ok "the other as well, and stands on nothing" eval 'away qemu-img compare -f qcow2 -F raw -U "$(disk_there copy)" "$work/tiny.raw" &&
    ! away qemu-img info -U "$(disk_there copy)" | grep -q "backing file"'
  ok "one that is killed while a copy is sent is taken back" eval '! send "$tcp" send:undo deploy cut \
    --image tiny --no-customise --whole --yes $small && near "$VMDECK" job cancel --yes "$(job_of cut)"
    until_ok 60 none_there cut && ! find "$dir" -name disk.copy | grep .'
}
# shellcheck disable=SC2086
ok "an overlay there is made whole later, by ssh" eval 'sent later --image tiny --no-customise --whole-later $small &&
  until_ok 60 eval "deck jobs --format csv | grep \"whole later\" | grep -w done" &&
  ! away qemu-img info -U "$(disk_there later)" | grep -q "backing file" && away virsh domstate later | grep running'

# ---- images of machines there ------------------------------------------------------------------

# make_of URI POINT MACHINE IMAGE: one whose runner dies at the point
make_of() { guest=$lab_home/fake-guest send "$1" "$2" image make "$3" --name "$4" --yes; }
goes_on() { guest=$lab_home/fake-guest near "$VMDECK" job resume "$(job_of "$1")" && deck job follow "$(job_of "$1")"; }
nothing_between() { ! away virsh -q vol-list default | grep vmdeck-make && ! find "$dir/vmdeck/images" -name '*.part' | grep .; }
# same_disk IMAGE MACHINE FORMAT: it has what the machine's disk has, and stands on nothing
same_disk() {
  local file
  file=$dir/vmdeck/images/$(basename "$(deck image show "$1" --format json | sed -n 's/.*"path" *: *"\(.*\)".*/\1/p')")
  away qemu-img compare -U -f qcow2 -F "$3" "$file" "$(disk_there "$2")" &&
    ! away qemu-img info "$file" | grep "backing file" && nothing_between
}
ok "a machine there has a disk like no other" eval 'away virsh destroy seeded &&
  away qemu-io -f qcow2 -c "write -P 7 8M 64k" "$(disk_there seeded)" && away virsh start seeded'
ok "an image of it while it runs, by ssh, is killed while it is copied there" eval \
  '! make_of "$ssh" copy:backup seeded back-again && away virsh -q vol-list default | grep vmdeck-make'
ok "and taken back" eval 'near "$VMDECK" job cancel --yes "$(job_of back-again)" && until_ok 60 nothing_between'
ok "another one is killed while it is fetched" eval '! make_of "$ssh" copy:part seeded as-it-ran'
went_on() { deck job log "$(job_of "$1")" | grep -q "going on after [1-9]"; }
ok "and goes on after what was there, of the same copy" eval 'goes_on as-it-ran && went_on as-it-ran &&
  deck job log "$(job_of as-it-ran)" | grep -q "made before is still there"'
ok "to what the machine's disk has" same_disk as-it-ran seeded qcow2
ok "the machine goes on as well" eval 'away virsh domstate seeded | grep running && away virsh domjobinfo seeded | grep None'
ok "one of it while it is off, by TCP, on an image that is here" eval 'away virsh destroy seeded && make_of "$tcp" "" seeded as-it-lay &&
  same_disk as-it-lay seeded qcow2 && deck job log "$(job_of as-it-lay)" | grep "is here as"'
ok "one is killed on its way that needs all files" eval 'near "$VMDECK" image remove tiny --yes && ! make_of "$ssh" copy:part seeded all-files'
ok "and goes on to the same" eval 'goes_on all-files && went_on all-files && same_disk all-files seeded qcow2'
ok "another is killed, and the machine is written to before it goes on" eval '! make_of "$ssh" copy:part seeded changed &&
  away qemu-io -f qcow2 -c "write -P 9 8M 64k" "$(disk_there seeded)"'
ok "which begins anew, and has what was written" eval 'goes_on changed && same_disk changed seeded qcow2'
ok "one of a raw disk" eval 'make_of "$tcp" "" raw theirs && same_disk theirs raw raw'
ok "a disk in no storage pool is refused, with what to do" eval '
  away sh -c "mkdir /var/lib/libvirt/loose && mv $(disk_there copy) /var/lib/libvirt/loose/" &&
  away virsh -q dumpxml copy | sed "s,$(dirname "$(disk_there copy)"),/var/lib/libvirt/loose," >"$work/copy.xml" &&
  away virsh -q define "$work/copy.xml" && ! make_of "$tcp" "" copy loose &&
  grep -q "pool-create-as NAME dir --target /var/lib/libvirt/loose" "$work/send.out"'
"$lab_home/guest-console" "$there" far root "$work/password" 'hostname; cat /srv/bundle/index.html' \
  >"$work/far" 2>&1
same "its guest is what was wanted" "far a web server, a database and PHP, in small" \
  "$(tail -n 2 "$work/far" | tr -s '\r\n' ' ' | sed 's/ $//')"
# One may log in before its script has ended.
"$lab_home/guest-console" "$there" second root "$work/password" '
  n=0; until grep -q " done " /var/log/vmdeck-firstboot.log || [ $n = 900 ]; do n=$((n + 1)); sleep 1; done
  cat /srv/bundle/index.html; hostname; cmp -s /etc/machine-id /srv/bundle/first-id && echo same || echo other
  ls /etc/ssh/ssh_host_*_key >/dev/null && echo keys; df -k --output=size / | tail -n 1
  ip -4 -o addr show scope global | sed "s/.*inet //; s/ .*//"
  ip route show default | sed "s/.*via //; s/ .*//"
  systemctl is-enabled unattended-upgrades; systemctl is-active unattended-upgrades
  apt-config dump Unattended-Upgrade::Automatic-Reboot-Time; tail -n 2 /var/log/vmdeck-firstboot.log' \
  >"$work/facts" 2>"$work/facts.err"
sed 's/^/# /' "$work/facts.err" "$work/facts"
same "what was put into the first is seen in the second" "a web server, a database and PHP, in small" \
  "$(sed -n 1p "$work/facts")"
same "it has its own name" second "$(sed -n 2p "$work/facts")"
same "and its own identity" other "$(sed -n 3p "$work/facts")"
same "and host keys" keys "$(sed -n 4p "$work/facts")"
size=$(sed -n 5p "$work/facts")
ok "its root fills the disk (${size:-no} KiB)" [ "${size:-0}" -gt $((1700 * 1024)) ]
same "its address is as wanted" 192.168.122.41/24 "$(sed -n 6p "$work/facts")"
ok "which is shown, though no lease tells of it" eval \
  'away "$VMDECK" show second | grep -q "192\.168\.122\.41"'
same "and its gateway" 192.168.122.1 "$(sed -n 7p "$work/facts")"
same "the shipped script has installed its package and started it" "enabled active" \
  "$(sed -n 8,9p "$work/facts" | tr -s '\r\n' ' ' | sed 's/ $//')"
same "and apt has the policy" 'Unattended-Upgrade::Automatic-Reboot-Time "03:30";' "$(sed -n 10p "$work/facts")"
"$lab_home/lab" down "$there"

# ---- a script that fails --------------------------------------------------------------------

printf '#!/bin/sh\necho "it breaks here"\nexit 7\n' >"$work/fails.sh"
ok "the image is prepared" deck image prepare small --name prepared
ok "a script that fails fails its job" eval '! try_deploy third --image prepared --disk 2G --cpus 1 \
  --memory 384M --hostname third.example.org --timezone Asia/Tokyo --password-file "$work/password" \
  --firstboot "$work/fails.sh" && said third "ended with status 7"'
same "the machine stays up" running "$(vm domstate third | tr -d '\n')"
ok "its words are in the job's log" eval 'deck job log "$(job_of third)" | grep -q "it breaks here"'
on_console third root "$work/password" '
  cat /proc/1/comm; hostname; readlink -f /etc/localtime; df -k --output=size / | tail -n 1
  ip -4 -o addr show scope global | sed "s/.*inet //; s,/.*,,"; wc -c </etc/machine-id
  ls /dev/vdb 2>/dev/null; systemctl is-system-running' >"$work/facts" 2>"$work/facts.err"
same "its password opens the console" 0 $?
sed 's/^/# /' "$work/facts.err" "$work/facts"
same "the agent has set it up, by systemd" "systemd third.example.org /usr/share/zoneinfo/Asia/Tokyo" \
  "$(sed -n 1,3p "$work/facts" | tr '\n' ' ' | sed 's/ $//')"
size=$(sed -n 4p "$work/facts")
ok "its root fills the disk (${size:-no} KiB)" [ "${size:-0}" -gt $((1700 * 1024)) ]
same "its address is the one that the network gave" "$(lease_of third)" "$(sed -n 5p "$work/facts")"
same "it has a machine id, no medium any more, and is content" "33 running" \
  "$(sed -n 6,8p "$work/facts" | tr '\n' ' ' | sed 's/ $//')"
finish
