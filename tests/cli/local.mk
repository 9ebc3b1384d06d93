# tier cli: the program itself, by a script.
EXTRA_DIST += tests/cli/cli.sh
EXTRA_DIST += tests/cli/hosts.sh
EXTRA_DIST += tests/cli/lib.bash
EXTRA_DIST += tests/cli/answers.sh
EXTRA_DIST += tests/cli/many.sh
