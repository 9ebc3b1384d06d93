#!/bin/bash
# A whole Debian deployed from its image by the command line, and proved from inside the guest: by
# its serial console with the password, and by SSH with the key.
# About 120 s on two processors.
. "$(dirname "$0")/lib.bash"
# With the appliance as users have it; the others' is leaner.
unset LIBGUESTFS_PATH
export LIBGUESTFS_CACHEDIR=$work/appliance
mkdir -m 1777 "$LIBGUESTFS_CACHEDIR"

lab_up
source_image=$(image debian) || give_up "the Debian image is made"
ssh-keygen -q -t ed25519 -N '' -C 'lab key' -f "$work/key"
secret='pa ss"w$r\d'\''é'
printf '%s\n' "$secret" >"$work/password"
chmod 600 "$work/password"
cat >"$work/first.sh" <<'END'
#!/bin/sh
echo "ran as $(id -un) on $(hostname)" >>/var/lib/first-boot-was-here
END

ok "the image is added" deck image add "$source_image" --name debian-12
deck image show debian-12 --format json >"$work/image.json" 2>/dev/null
ok "its digest is that of the file" \
  grep -q "$(sha256sum <"$source_image" | cut -d' ' -f1)" "$work/image.json"
ok "inspection found Debian 12" grep -Eq '"os" *: *"Debian[^"]* 12' "$work/image.json"

start=$SECONDS
ok "deploy ends well" try_deploy deb-1 --image debian-12 --disk 5G --cpus 1 --memory 512M \
  --password-file "$work/password" --hostname web-07.example.org --timezone Asia/Tokyo \
  --user anna --ssh-key "$work/key.pub" --firstboot "$work/first.sh"
echo "# deployed and booted in $((SECONDS - start)) s"
sed 's/^/# /' "$work/deb-1.err"
vm dominfo deb-1 >/dev/null 2>&1 || give_up "there is a machine to log in to"

same "the machine runs" running "$(vm domstate deb-1 | tr -d '\n')"
ok "without a working KVM it is emulated, and the job says so" eval \
  'vm dumpxml deb-1 | grep -q "type=.kvm." ||
   deck job show "$(job_of deb-1)" --format json | grep -qi kvm'

on_console deb-1 root "$work/password" '
  hostname; readlink -f /etc/localtime; df -k --output=size / | tail -n 1
  cat /var/lib/first-boot-was-here; ip -4 -o addr show scope global | sed "s/.*inet //; s,/.*,,"
  id -un anna; systemctl is-system-running
  systemctl show -P JobRunningTimeoutUSec dev-ttyS0.device' >"$work/facts" 2>"$work/facts.err"
same "the password that was given opens the console" 0 $?
sed 's/^/# /' "$work/facts.err" "$work/facts"
fact() { sed -n "$1p" "$work/facts"; }
same "the hostname is set" web-07.example.org "$(fact 1)"
same "the timezone is set" /usr/share/zoneinfo/Asia/Tokyo "$(fact 2)"
size=$(fact 3)
ok "the root file system fills the disk" [ "${size:-0}" -gt $((4700 * 1024)) ]
same "the first-boot script ran once, as root" "ran as root on web-07.example.org" "$(fact 4)"
same "a slow machine waits for its serial line" 15min "$(fact 8)"
address=$(lease_of deb-1)
ok "the address in the guest is the one that the network gave" [ "${address:-none}" = "$(fact 5)" ]
same "the user was made" anna "$(fact 6)"
same "the guest is content" running "$(fact 7)"

ok "the key opens the user's door by SSH" \
  until_ok 60 by_ssh "$address" anna "$work/key" true
same "and leads to that machine" "web-07.example.org" \
  "$(by_ssh "$address" anna "$work/key" hostname)"
ok "another key does not" eval 'ssh-keygen -q -t ed25519 -N "" -f "$work/other" &&
  ! by_ssh "$address" anna "$work/other" true'
printf 'wrong\n' >"$work/wrong"
on_console deb-1 root "$work/wrong" true >/dev/null 2>&1
same "another password does not open the console" 126 $?

ok "the password stands in no journal, log or XML" eval \
  '! grep -rlF -- "$secret" "$dir/vmdeck" "$dir/log" "$dir/etc" "$dir/run"'
ok "nor does the log tell of files that were only asked for" eval \
  'deck job log "$(job_of deb-1)" | grep -q "grow: done" &&
   ! deck job log "$(job_of deb-1)" | grep -q "guestfsd: error: .*No such file"'
ok "the request's story can be told" eval 'deck trace "$(job_of deb-1)" | grep -q deploy'

ok "a second machine of that name is refused" eval \
  '! try_deploy deb-1 --image debian-12 && said deb-1 "deb-1"'
same "and the first is as it was" running "$(vm domstate deb-1 | tr -d '\n')"
ok "delete with its volumes leaves nothing" eval \
  'deck poweroff deb-1 --yes && deck delete deb-1 --volumes --yes && nothing_of deb-1'
finish
