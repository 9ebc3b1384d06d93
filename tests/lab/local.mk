# tier lab: real hosts in namespaces
EXTRA_DIST += tests/lab/lab tests/lab/image tests/lab/guest-console tests/lab/lib.bash \
  tests/lab/network.xml tests/lab/lab-ground.sh tests/lab/lab-debian.sh tests/lab/lab-layouts.sh \
  tests/lab/lab-trouble.sh tests/lab/lab-resume.sh tests/lab/lab-firmware.sh \
  tests/lab/tiny-image tests/lab/guest.sh
EXTRA_DIST += tests/lab/lab-machines.sh tests/lab/tiny-init.c tests/lab/lab-doctor.sh
