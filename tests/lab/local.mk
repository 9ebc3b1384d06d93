# tier lab: real hosts in namespaces
EXTRA_DIST += tests/lab/lab tests/lab/network.xml
