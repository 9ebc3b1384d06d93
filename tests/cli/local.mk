# tier cli: the program itself, by a script.
EXTRA_DIST += tests/cli/cli.sh
EXTRA_DIST += tests/cli/hosts.sh
