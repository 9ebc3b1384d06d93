#!/bin/bash
# Systems by name: what libosinfo's helper prints of a small database, and what is said where there
# is no such helper because vmdeck was built without it.
. "$(dirname "$0")/lib.bash"
n=0
export OSINFO_SYSTEM_DIR=$VMDECK_SOURCE/tests/osinfo OSINFO_LOCAL_DIR=$work/none OSINFO_USER_DIR=$work/none
export VMDECK_STATE_DIR=$work/state
printf 'secret one\n' >"$work/password"
mkdir -p "$VMDECK_STATE_DIR/templates"
printf '#%% kind: file\n#%% file: a\n#%% kernel: linux\n#%% initrd: initrd.gz\n#%% os: tiny\nx\n' \
  >"$VMDECK_STATE_DIR/templates/tiny"
ready() { # what the shipped templates declare is there
  [[ $out == *debian12*"Debian 12"*debian*rocky10* ]]
}
words=(-c "$fleet" install db-08 --password-file "$work/password")

if [ -x "$VMDECK_BUILD/vmdeck-osinfo" ]; then
  try 0 os list --format csv
  check "the list has what a template is for and its makers still care for" \
    all prints 'tiny2,Tiny л 2,tiny,true,805306368,21474836480' , eval '[[ $out != *tiny1* ]]'
  try 0 os list --all --format json
  check "or all" all one_json , eval '[[ $out == *\"tiny1\"*\"tiny2\"* ]]'
  try 1 "${words[@]}" --os tiny3
  check "one that nobody knows is told" says "knows no system “tiny3”"
  try 1 "${words[@]}" --os tiny2 --disk 10G
  check "the least that it needs is told" says "Tiny л 2 needs a disk of at least 20 GiB"
  try 1 "${words[@]}" --os 'TINY Л 2' --memory 512M
  check "by name, in any case, memory as well" says "Tiny л 2 needs at least 768 MiB of memory"
  try 1 "${words[@]}" --os tiny1
  check "so is that nobody knows where its installer is" says "where the installer of Tiny 1 for"
  mkdir "$work/broken"
  OSINFO_SYSTEM_DIR=$work/broken try 0 os list
  check "an empty database is the list of what templates declare" all is "$err" "" , ready
else
  try 0 os list
  check "a build without libosinfo says so" all prints "built without libosinfo" , ready
fi
# README's example, with a database as old as one may be, or none: all but the host is right.
for helper in "${VMDECK_OSINFO-}" "$work/nowhere" /bin/false; do
  VMDECK_OSINFO=$helper OSINFO_SYSTEM_DIR=$work/none try 1 "${words[@]}" --os "Debian 12" --disk 20G --memory 100M \
    --tree http://mirror.example/debian12
  check "README's example has its template with ${helper:-an empty database}" says "template debian needs at least 768 MiB"
done
mkdir "$work/tree" && touch "$work/tree/linux" "$work/tree/initrd.gz" && ln -s /etc/shadow "$work/shadow.iso"
for medium in /etc/passwd "$work/shadow.iso" "$work/tree"; do
  try 1 "${words[@]}" --template tiny --tree "$work/tree" --medium "$medium"
  check "what is no medium is refused before there is a job: ${medium##*/}" all quiet , says "$medium" , \
    eval '[[ $err == *"ISO 9660 or UDF"* || ( $EUID != 0 && $err == *"cannot be opened"* ) ]]' , \
    try 0 jobs --format csv , eval '[[ $out != *db-08* ]]'
done
try 1 "${words[@]}" --os ubuntu24.04
check "what to give for one that has no tree is told" all says "mount the ISO" , says "--medium"
VMDECK_OSINFO=$work/nowhere try 1 "${words[@]}" --os debian11
check "without it a name of a system is refused, and it says what to give" \
  all is "$status" 1 , says "built without libosinfo" , says "template and the tree" , quiet
VMDECK_OSINFO=/bin/false try 0 os list
check "a helper that fails is told, and costs its own list only" all prints "database cannot be read" , ready
printf '#!/bin/sh\nexec sleep 1000\n' >"$work/hangs" && chmod 755 "$work/hangs"
VMDECK_OSINFO=$work/hangs VMDECK_OSINFO_MS=200 try 0 os list
check "one that hangs is given up, and told as well" all prints "libosinfo hangs" , ready
VMDECK_OSINFO=$work/hangs VMDECK_OSINFO_MS=200 try 1 "${words[@]}" --os debian11
check "what to give then is told" all says "libosinfo hangs" , says "template and the tree" , quiet
try 2 "${words[@]}"
check "neither system nor template is too little" all is "$status" 2 , says "Give the system by --os"
echo "1..$n"
