noinst_LIBRARIES += libnode.a
libnode_a_SOURCES =
