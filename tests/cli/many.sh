#!/bin/bash
# Many machines in one request, against libvirt's test driver: names, reserving, cancelling one and
# all, going on after a kill, spreading, and what fails. Nothing is started: each step of a
# deployment has a test driver of its own.
# About 20 s on two processors.
. "$(dirname "$0")/lib.bash"
export VMDECK_IMAGE_DIR=$work/images
mkdir "$VMDECK_IMAGE_DIR"
qemu-img create -q -f qcow2 "$work/disk" 1M
sum=$(sha256sum "$work/disk" | cut -d' ' -f1)
mv "$work/disk" "$VMDECK_IMAGE_DIR/$sum.qcow2"
printf '{"sha256":"%s","format":"qcow2","virtual_size":1048576,"file_size":%s,"added":1}\n' "$sum" \
  "$(stat -c %s "$VMDECK_IMAGE_DIR/$sum.qcow2")" >"$VMDECK_IMAGE_DIR/bare.json"

uri=test:///default
usual=(--image bare --pool default-pool --no-grow --no-customise --no-start --memory 64M)
deploy() { try "$1" -c $uri deploy "${@:2}" "${usual[@]}"; }
journal() { sqlite3 -cmd '.timeout 60000' "$work/state/journal.db" "$1"; }
# The number of jobs whose title is like $1 and whose state is $2.
jobs() { journal "SELECT count(*) FROM job WHERE title LIKE '$1' AND state = '$2'"; }
parent() { journal "SELECT id FROM job WHERE verb = 'deploy.many' ORDER BY created DESC LIMIT 1"; }
# until_true COMMAND...: within two minutes
until_true() {
  local end=$((SECONDS + 120))
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.05
  done
}

# ---- names

check "a count of no numbers" all deploy 2 'web-{01..x}' , says "expected two numbers"
check "braces that are not closed" all deploy 2 'web-{01..20' , says "do not go in pairs"
check "more than can be meant" all deploy 2 'web-{1..900}' , says "more than 200 names"
check "a name twice" all deploy 2 'web-{01..03}' web-02 , says "web-02 is given twice"
check "one hostname for all" all deploy 2 'web-{1..2}' --hostname x , says "leave it out"
check "one of the names is taken there" all deploy 1 'tes{s,t}' , says "named test is there already"
check "more than the pool holds" all deploy 1 'web-{1..9}' --disk 20G , says "free on default-pool"
check "one that would have to run" all try 1 -c $uri deploy web-1 --image bare --pool default-pool \
  --memory 64M --no-grow --no-customise , says "only plays machines"
check "the same without waiting for it" all deploy 1 test --detach , says "named test is there already"
check "an image that cannot be set up" all try 1 -c $uri deploy web-1 --image bare --detach , \
  says "give --no-customise"
silent=$work/mute
python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(9)
open(sys.argv[1] + ".up", "w").close()
time.sleep(3600)' "$silent" &
trap 'kill $!; rm -rf "$work"' EXIT
until_true [ -e "$silent.up" ]
uri=qemu+unix:///system?socket=$silent
check "a host that says nothing" all deploy 3 web-1 --timeout 1 , says "no answer within 1 second"
uri=qemu+unix:///system?socket=$work/none
check "one that is down" all deploy 3 web-1 --detach , says "no libvirt daemon listens there"
uri=test:///default
check "nothing was begun" is 0 "$(journal 'SELECT count(*) FROM job' 2>/dev/null || echo 0)"

# ---- twenty

check "twenty at once" all deploy 0 'web-{01..20}' , prints "20 ready" , prints web-20
check "all of them are done" is 20 "$(jobs 'deploy web-__' "done")"
check "a line for each" is 20 "$(grep -c '^done  *web-[0-9][0-9] ' "$work/err")"
id=$(parent)
check "the request's story names them" all try 0 trace "$id" , prints web-01 , prints web-20
check "what its step says is in the language of who looks" all \
  eval 'LANGUAGE=ru VMDECK_LOCALE_DIR=$VMDECK_BUILD/locale try 0 job show "$id"' , prints "20 имён" , prints "готово 20"
russian() { LANGUAGE=ru VMDECK_LOCALE_DIR=$VMDECK_BUILD/locale try "$@"; }
check "so are titles and steps, but not for programs" all russian 0 jobs , prints "развёртывание web-20" , \
  russian 0 job show "$id" , prints "создание машин" , \
  russian 0 job show "$id" --format json , one_json , prints '"deploy web-{01..20}"' , prints '"reserve"' , \
  russian 0 trace "$id" , prints "запросил " , prints "шаг machines: готово через "
check "several words" all deploy 0 db-1 'db-{a,b}' , prints "3 ready"
check "two, told as JSON" all deploy 0 'json-{1..2}' --format json , one_json
check "JSON has each machine" is json-2 "$(json '$.machines[1].target')"

# ---- cancelling and going on: held at the beginning of a step

export VMDECK_JOB_DIE_AT=machines:begin
check "the runner is killed when the names are reserved" all deploy 1 'dead-{1..3}' , \
  says "was interrupted"
unset VMDECK_JOB_DIE_AT
id=$(parent)
check "the machines wait" is 3 "$(jobs 'deploy dead-_' queued)"
check "their names are taken" all deploy 1 dead-2 , says dead-2
check "it goes on, and is followed to its end" all try 0 job resume "$id" , says "machines" , prints "3 ready"

export VMDECK_JOB_DIE_AT=machines:begin
deploy 1 'stop-{1..3}' || true
unset VMDECK_JOB_DIE_AT
id=$(parent)
check "one of those that wait is cancelled" all try 0 job cancel --yes \
  "$(journal "SELECT id FROM job WHERE title = 'deploy stop-2'")" , says "had not begun"
check "it ends" until_true eval '[ "$(jobs "deploy stop-2" cancelled)" = 1 ]'
check "the others are made, and what was not is said, with the job's end as the exit status" all \
  try 1 job resume "$id" , says "stop-2"
check "two of three" is 2 "$(jobs 'deploy stop-_' "done")"
check "the one that was cancelled is tried again, with all that it was asked for" all \
  try 0 job retry "$(journal "SELECT id FROM job WHERE title = 'deploy stop-2'")" , \
  until_true eval '[ "$(jobs "deploy stop-_" "done")" = 3 ]'
check "what is done is not" all try 2 job retry "$(journal "SELECT id FROM job WHERE title = 'deploy stop-1'")" , \
  says "only one that failed or was cancelled"

export VMDECK_JOB_DIE_AT=machines:begin
deploy 1 'none-{1..3}' || true
unset VMDECK_JOB_DIE_AT
check "all that wait are cancelled with their request" try 0 job cancel --yes "$(parent)"
check "they end" until_true eval '[ "$(jobs "deploy none-_" cancelled)" = 3 ]'
id=$(parent)
check "and are tried again with it" all try 0 job retry "$id" , \
  until_true eval '[ "$(jobs "deploy none-_" "done")" = 3 ]'

journal "UPDATE request SET args = json_set(args, '\$.password', NULL, '\$.user-password', NULL)
  WHERE id = '$id'"
check "all passwords that were given are asked for at once" all try 2 job retry "$id" , \
  says "give --password-file FILE --user-password-file FILE again"
(umask 077 && echo horse >"$work/secret")
check "and then the one that is missing" all try 2 job retry "$id" --password-file "$work/secret" , \
  says "give --user-password-file FILE again"

mkdir "$work/here"
touch "$work/here/k.pub" "$work/here/fb.sh"
cd "$work/here"
check "a request from a directory that is not the next one's" try 2 -c $uri deploy far-1 "${usual[@]}" \
  --ssh-key k.pub --ssh-key gone.pub --firstboot ./fb.sh
cd - >/dev/null
check "its files are kept by their whole paths, and what is no file as it is" is \
  "[\"$work/here/k.pub\",\"gone.pub\"] $work/here/fb.sh" \
  "$(journal "SELECT json_extract(args, '\$.ssh-key') || ' ' || json_extract(args, '\$.firstboot')
  FROM request WHERE target = 'far-1'")"

export VMDECK_JOB_DIE_AT=machines:begin
deploy 1 'halt-{1..4}' || true
unset VMDECK_JOB_DIE_AT
# With this lock in our hands no disk is made: the first of them waits in the middle of its work.
exec 9<>"$VMDECK_IMAGE_DIR/.lock"
flock 9
check "it goes on without being waited for, and the first is held up" all \
  try 0 job resume "$(parent)" --detach , says "The job goes on; vmdeck job follow $(parent)" , \
  until_true eval '[ "$(jobs "deploy halt-_" running)" -gt 0 ]'
check "one that is at work is cancelled with those that wait" all \
  try 0 job cancel --yes "$(parent)" , says "asked to stop, and what it made is being undone"
check "all of them hear of it" until_true eval \
  '[ $(($(jobs "deploy halt-_" cancelling) + $(jobs "deploy halt-_" cancelled))) = 4 ]'
flock -u 9
check "all of them end" until_true eval '[ "$(jobs "deploy halt-_" cancelled)" = 4 ]'
check "and so does their request" until_true eval '[ "$(jobs "deploy halt-{%" cancelled)" = 1 ]'

export VMDECK_JOB_DIE_AT=define:begin
check "what kills its runner twice is left to people" all deploy 1 'hurt-{1..2}' , says "2 of 2"
unset VMDECK_JOB_DIE_AT
check "how many, by the rules of the language" all russian 0 job show "$(parent)" , prints "Не созданы 2 машины из 2: hurt-1"
id=$(journal "SELECT id FROM job WHERE title = 'deploy hurt-2'")
check "who go on with it" try 0 job resume "$id"

# ---- over hosts

cat >"$work/two.conf" <<'END'
hosts = ( { name = "a"; uri = "test:///default"; }, { name = "b"; uri = "test:///default"; } );
parallel = 2;
END
uri=
two() { try "$1" --config "$work/two.conf" deploy "${@:2}" "${usual[@]}"; }
check "hosts that are full take nothing" all two 1 'sp-{1..4}' --host a --host b , \
  says "room for 0 of 4"
check "unless they are to" two 0 'sp-{1..4}' --host a --host b --overcommit
check "and then each gets its share" is "2 2" \
  "$(journal "SELECT sum(host = 'a') || ' ' || sum(host = 'b') FROM job WHERE title LIKE 'deploy sp-_'")"
check "all hosts" two 0 'all-{1..2}' --spread --overcommit
check "one each" is "1 1" \
  "$(journal "SELECT sum(host = 'a') || ' ' || sum(host = 'b') FROM job WHERE title LIKE 'deploy all-_'")"
check "a host that is not there" all two 1 sp-9 --host a --host c , says "no host “c”"
check "the word before the names may be a host" two 0 b one two
check "and is one" is b "$(journal "SELECT DISTINCT host FROM job WHERE title IN ('deploy one', 'deploy two')")"

echo "1..$n"
