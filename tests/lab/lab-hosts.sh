#!/bin/bash
# Hosts over the network, on the loopback of a lab: ssh with its keys right and wrong, a password
# asked for in the console and on a terminal, a port where somebody listens and says nothing;
# TLS with certificates, SASL with a user and a password; LXC's containers beside machines.
# About 90 s on two processors, most of it waiting.
. "$(dirname "$0")/lib.bash"

lab_up
ssh=$work/ssh
mkdir "$ssh"
for key in host other user stranger; do
  ssh-keygen -q -t ed25519 -N '' -C "$key" -f "$ssh/$key" || give_up "keys are made"
done
port=2222
cp "$ssh/user.pub" "$ssh/authorized"
cat >"$ssh/sshd_config" <<END
Port $port
ListenAddress 127.0.0.1
HostKey $ssh/host
AuthorizedKeysFile $ssh/authorized
PidFile $ssh/sshd.pid
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication yes
END
cat >"$ssh/client" <<END
UserKnownHostsFile $ssh/known
GlobalKnownHostsFile /dev/null
IdentitiesOnly yes
IdentityAgent none
END
# What the program runs for ssh, with the test's own keys.
cat >"$ssh/ssh" <<END
#!/bin/sh
exec "$(dirname "$VMDECK")/vmdeck-ssh" -F "$ssh/client" "\$@"
END
chmod 755 "$ssh/ssh"
# A password of root's own that nobody outside the lab sees.
sed "s|^root:[^:]*:|root:$(openssl passwd -6 sesame):|" /etc/shadow >"$ssh/shadow"
chmod 600 "$ssh/shadow"
in_host mount --bind "$ssh/shadow" /etc/shadow
in_host mkdir -p /run/sshd
# Ends with the lab, like every process in it.
in_host /usr/sbin/sshd -f "$ssh/sshd_config" -E "$ssh/sshd.log" || give_up "sshd runs"
until_ok 20 test -s "$ssh/sshd.pid" || give_up "sshd runs"

deck() { in_host env VMDECK_SSH="$ssh/ssh" "$VMDECK" "$@"; }
uri="qemu+ssh://root@127.0.0.1:$port/system?keyfile=$ssh"

knows() { echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 "$ssh/$1.pub")" >"$ssh/known"; }

# ends STATUS SECONDS PATTERN COMMAND...: so, and soon, and it says so on standard error
ends() {
  local status=$1 begun=$SECONDS end=$((SECONDS + $2)) pattern=$3 got
  shift 3
  "$@" >"$work/out" 2>"$work/err" </dev/null
  got=$?
  [ $got = "$status" ] && [ $SECONDS -le $end ] && grep -Eq -- "$pattern" "$work/err" && return
  echo "status $got after $((SECONDS - begun)) s"
  cat "$work/out" "$work/err"
  return 1
}

# ---- ssh

knows host
ok "the right key and the right host key let one in" deck host test "$uri/user"
knows other
ok "another host key than before is not gone past" \
  ends 4 60 'host key is another one than before' deck host test "$uri/user"
: >"$ssh/known"
ok "a host key that is not known is not taken" \
  ends 4 60 'host key is not known' deck host test "$uri/user"
same "nor remembered" "" "$(cat "$ssh/known")"
knows host
ok "a key that is not accepted is refused, without a question" \
  ends 4 60 'accepts none of your keys' deck host test "$uri/stranger"
ok "a port where no sshd listens" \
  ends 3 60 'ssh is refused' deck host test "qemu+ssh://root@127.0.0.1:2223/system?keyfile=$ssh/user"
ok "the machines are listed over ssh" deck -c "$uri/user" list
cat >"$work/vm.xml" <<END
<domain type='qemu'><name>only-one</name><memory unit='MiB'>16</memory>
<os><type arch='x86_64'>hvm</type></os></domain>
END
vm define "$work/vm.xml"
twice=$(deck -c qemu:///system -c "$uri/user" list --format csv 2>&1)
same "two names of one host count its machines once" 1 "$(grep -c only-one <<<"$twice")"
ok "and the second says whose it is" \
  eval 'deck -c qemu:///system -c "$uri/user" hosts | grep "same as local"'
# For root "/session" is no session of its own: it leads to the system's daemon.
ok "so does root's session" \
  eval 'deck -c qemu:///system -c qemu:///session hosts | grep "same as local"'
same "no ssh is left behind" "" "$(in_host pgrep -x ssh)"

# ---- somebody listens and says nothing

# shellcheck disable=SC2016 -- perl's variables
in_host perl -MIO::Socket::INET -e '
  my $door = IO::Socket::INET->new(LocalAddr => "127.0.0.1:7777", Listen => 50, ReuseAddr => 1);
  my @held;
  while (my $one = $door->accept) { push @held, $one }' &
disown
until_ok 20 in_host bash -c '</dev/tcp/127.0.0.1/7777' || give_up "the mute port is open"
mute=qemu+tcp://127.0.0.1:7777/system
ok "a mute port is given up" ends 3 60 'does not answer' deck host test "$mute"
ok "a mute sshd is given up" \
  ends 3 60 'no answer by ssh|does not answer' deck host test "qemu+ssh://root@127.0.0.1:7777/system"
ok "it keeps no other host from being listed" bash -c '
  start=$SECONDS
  "$@" >/dev/null 2>&1
  [ $? = 3 ] && [ $((SECONDS - start)) -lt 60 ]' _ \
  "$lab_home/lab" exec "$dir" -- "$VMDECK" -c "$mute" -c qemu:///system list

# ---- a password, asked for

tmux() { in_host tmux -S "$work/tmux" "$@"; }
screen() { tmux capture-pane -p; }
shows() { screen | grep -Eq -- "$1"; }
# on_screen PATTERN: soon; else what is there instead
on_screen() {
  until_ok 90 shows "$1" || { screen; return 1; }
}
in_terminal() { # COMMAND...: in a terminal of its own, which stays
  tmux kill-server 2>/dev/null
  tmux -f /dev/null new-session -d -x 90 -y 24 \
    "env VMDECK_SSH=$ssh/ssh TERM=screen LC_ALL=C.UTF-8 $*; echo status \$?; exec sleep 1000"
}
types() { tmux send-keys "$@"; }

libssh="qemu+libssh://root@127.0.0.1:$port/system?sshauth=password&known_hosts=$ssh/seen"

in_terminal "'$VMDECK' host test '$libssh'"
ok "on a terminal the host key is shown first" on_screen 'key that is not known here yet'
# shellcheck disable=SC2016 # for eval
ok "as ssh-keygen shows it" eval 'tmux capture-pane -pJ | tr -d "\n" |
  grep -qF "$(ssh-keygen -lf "$ssh/host.pub" | cut -d" " -f2)"'
types n Enter
ok "and a no ends it" on_screen 'status 4'
same "and is not remembered" "" "$(cat "$ssh/seen" 2>/dev/null)"

in_terminal "'$VMDECK' host test '$libssh'"
ok "asked again" on_screen 'key that is not known here yet'
types y Enter
ok "then the password" on_screen 'password for'
types -l wrong
types Enter
ok "a wrong one is asked for again" until_ok 90 bash -c '[ "$("$@" | grep -c "password for")" = 2 ]' _ \
  "$lab_home/lab" exec "$dir" -- tmux -S "$work/tmux" capture-pane -p
ok "with a word about it" on_screen 'did not accept that'
types C-c
ok "and Ctrl-C refuses" on_screen 'status 4'
types -l 'echo is on'
ok "with the terminal as it was" on_screen 'echo is on'
ok "nothing of it was shown" bash -c '! "$@" | grep -q wrong' _ "$lab_home/lab" exec "$dir" -- \
  tmux -S "$work/tmux" capture-pane -p

ok "without a terminal nobody is asked" \
  ends 4 60 'nobody can be asked|not told' in_host setsid -w "$VMDECK" host test "$libssh"

in_terminal "'$VMDECK' -c '$libssh'"
ok "the console asks in a dialog" on_screen 'Enter answers'
types -l sesame
ok "and hides the password" bash -c '! "$@" | grep -q sesame' _ "$lab_home/lab" exec "$dir" -- \
  tmux -S "$work/tmux" capture-pane -p
types Enter
ok "then the host is there" on_screen '● *127.0.0.1|127.0.0.1.*0 VMs|127.0.0.1 +up'
ok "asked once for all its lanes" bash -c '! "$@" | grep -q "Enter answers"' _ \
  "$lab_home/lab" exec "$dir" -- tmux -S "$work/tmux" capture-pane -p

in_terminal "'$VMDECK' -c '$libssh'"
ok "it asks anew each time: nothing was kept" on_screen 'Enter answers'
types Escape
ok "Esc refuses, and the host says so" on_screen 'not told|127.0.0.1.*down'
ok "the password is nowhere in the host's files" bash -c '! grep -rqs sesame "$@"' _ \
  "$dir/vmdeck" "$dir/log"
types q
ok "and the console leaves" on_screen 'status 0'

# ---- a daemon that hangs while it is being opened over ssh

in_host sh -c 'kill -STOP $(cat /run/libvirtd.pid)'
in_terminal "'$VMDECK' -c '$uri/user'"
until_ok 20 in_host pgrep -x ssh
first=$(in_host pgrep -x ssh | head -n 1)
ok "it is opened by ssh" test -n "$first"
ok "a daemon that does not answer is given up" on_screen '127.0.0.1 +down'
ok "and its ssh is ended" until_ok 30 eval "! in_host kill -0 $first"
in_host sh -c 'kill -CONT $(cat /run/libvirtd.pid)'
ok "it is up again once the daemon goes on" on_screen '127.0.0.1 +up'
types q
ok "and no ssh stays" until_ok 30 eval '! in_host pgrep -x ssh'

# ---- containers: a driver without statistics in bulk, on the same host

for name in c1 c2 c3; do
  cat >"$work/$name.xml" <<END
<domain type='lxc'><name>$name</name><memory unit='MiB'>64</memory>
<os><type>exe</type><init>/bin/sleep</init><initarg>100000</initarg></os>
<devices><filesystem type='mount'><source dir='/'/><target dir='/'/></filesystem>
<console type='pty'/></devices></domain>
END
  ok "container $name starts" vm -c lxc:///system create "$work/$name.xml"
done
in_terminal "'$VMDECK' -c qemu:///system -c lxc:///system"
ok "containers are listed beside the machines of their host" \
  eval 'on_screen "c1 +running" && on_screen only-one'
ok "with figures that are asked one by one" on_screen 'c3 +running +[0-9.]+.* [0-9.]+/64M'
ok "what is in use is not taken for what there is, from one second to the next" \
  bash -c 'for i in 1 2 3 4 5 6 7 8 9 10; do
    ! "$@" | grep -E "c3 +running.*/[0-9.]+[KMG]" | grep -v "/64M" || exit 1
    sleep 0.3
  done' _ "$lab_home/lab" exec "$dir" -- tmux -S "$work/tmux" capture-pane -p
vm -c lxc:///system suspend c2
ok "an event of theirs shows" on_screen 'c2 +paused'
types q
ok "and the console leaves them" on_screen 'status 0'

# ---- TLS with certificates of both sides, TCP with a user and a password

pki=$work/pki
mkdir "$pki"
authority() { # FOLDER
  mkdir -p "$1"
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$(basename "$1")" \
    -keyout "$1/cakey.pem" -out "$1/cacert.pem" 2>/dev/null
}
issue() { # FOLDER NAME SUBJECT EXTENSION: a certificate by the authority of the folder
  openssl req -new -newkey rsa:2048 -nodes -keyout "$1/$2key.pem" -subj "$3" 2>/dev/null |
    openssl x509 -req -days 2 -CA "$1/cacert.pem" -CAkey "$1/cakey.pem" -CAcreateserial \
      -extfile <(echo "$4") -out "$1/$2cert.pem" 2>/dev/null
}
authority "$pki" && authority "$pki/other" &&
  issue "$pki" server /CN=127.0.0.1 subjectAltName=IP:127.0.0.1 &&
  issue "$pki" client /CN=someone extendedKeyUsage=clientAuth &&
  issue "$pki/other" client /CN=someone extendedKeyUsage=clientAuth ||
  give_up "certificates are made"
mkdir "$work/sasl"
printf 'mech_list: digest-md5\nsasldb_path: %s\n' "$work/sasl/users" >"$work/sasl/libvirt.conf"
in_host sh -c 'echo sesame | saslpasswd2 -p -a libvirt -f "$0" -u "$(hostname)" fred' \
  "$work/sasl/users" || give_up "there is a user"
sed -i '/^listen_\|^auth_tcp/d' "$dir/etc/libvirtd.conf"
cat >>"$dir/etc/libvirtd.conf" <<END
listen_tls = 1
listen_tcp = 1
listen_addr = "127.0.0.1"
auth_tcp = "sasl"
auth_tls = "none"
ca_file = "$pki/cacert.pem"
cert_file = "$pki/servercert.pem"
key_file = "$pki/serverkey.pem"
END
in_host sh -c 'kill $(cat /run/libvirtd.pid)'
until_ok 20 in_host sh -c '! test -e /run/libvirtd.pid' || give_up "libvirtd ends"
in_host env SASL_CONF_PATH="$work/sasl" libvirtd -d --listen || give_up "libvirtd listens"
until_ok 20 in_host bash -c '</dev/tcp/127.0.0.1/16514 && </dev/tcp/127.0.0.1/16509' ||
  give_up "libvirtd listens"

tls="qemu+tls://127.0.0.1/system"
ok "certificates of one authority let one in" deck host test "$tls?pkipath=$pki"
ok "and the machines are listed over TLS" \
  bash -c '"$@" | grep -q only-one' _ "$lab_home/lab" exec "$dir" -- \
  "$VMDECK" -c "$tls?pkipath=$pki" list
ok "a server of another authority is not trusted" \
  ends 4 60 'ertificate' deck host test "$tls?pkipath=$pki/other"
ok "which libvirt's own log does not say as well" \
  bash -c '! grep -q virNet "$0"' "$work/err"
mkdir "$pki/none"
ok "without certificates it says which is missing" \
  ends 3 60 'cacert.pem' deck host test "$tls?pkipath=$pki/none"

tcp=qemu+tcp://127.0.0.1/system
ok "without a terminal nobody is asked for a password" \
  ends 4 60 'nobody can be asked|not told' in_host setsid -w "$VMDECK" host test "$tcp"
in_terminal "'$VMDECK' -c '$tcp'"
ok "the console asks for user and password" on_screen 'Enter answers'
types -l fred
types Tab
types -l wrong
types Enter
ok "a wrong password is refused, and not tried again" on_screen '127.0.0.1.*down.*not accepted'
types r
ok "it asks anew when told to" on_screen 'Enter answers'
types -l fred
types Tab
types -l sesame
ok "and hides the password" bash -c '! "$@" | grep -q sesame' _ "$lab_home/lab" exec "$dir" -- \
  tmux -S "$work/tmux" capture-pane -p
types Enter
ok "the right one lets one in" on_screen '127.0.0.1 +up|only-one'
ok "the password is nowhere in the host's files" bash -c '! grep -rqs sesame "$@"' _ \
  "$dir/vmdeck" "$dir/log"
types q
ok "and the console leaves" on_screen 'status 0'
in_terminal "'$VMDECK' -c '$tcp'"
ok "the next one asks anew: nothing was kept" on_screen 'Enter answers'
types Escape
ok "Esc refuses" on_screen 'not told|127.0.0.1.*down'
types q
tmux kill-server
finish
