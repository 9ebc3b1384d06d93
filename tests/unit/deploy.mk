# images, plans and the words of a deployment
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-images tests/unit/test-deploy-args tests/unit/test-deploy-plan \
  tests/unit/test-catalogue tests/unit/test-fetch tests/unit/test-scripts \
  tests/unit/test-heard \
  tests/unit/test-install tests/unit/test-systems
endif
DEPLOY_TEST_LIBS = libdeploy.a libguestpure.a libjobs.a libvirtroom.a libmodel.a libbase.a $(LIBVIRT_LIBS) \
  $(XML_LIBS) $(SQLITE_LIBS) $(CONFIG_LIBS) $(CRYPT_LIBS) $(FETCH_LIBS) $(JSON_LIBS) $(GLIB_LIBS) $(TEST_LIBS) -lm
tests_unit_test_images_SOURCES = tests/unit/test-images.c
tests_unit_test_images_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_images_LDADD = $(DEPLOY_TEST_LIBS)
tests_unit_test_deploy_args_SOURCES = tests/unit/test-deploy-args.c
tests_unit_test_deploy_args_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_deploy_args_LDADD = $(DEPLOY_TEST_LIBS)
tests_unit_test_deploy_plan_SOURCES = tests/unit/test-deploy-plan.c
tests_unit_test_deploy_plan_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_deploy_plan_LDADD = $(DEPLOY_TEST_LIBS)
tests_unit_test_catalogue_SOURCES = tests/unit/test-catalogue.c
tests_unit_test_catalogue_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_catalogue_LDADD = $(DEPLOY_TEST_LIBS)
tests_unit_test_fetch_SOURCES = tests/unit/test-fetch.c tests/unit/web.c tests/unit/web.h
tests_unit_test_fetch_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_fetch_LDADD = $(DEPLOY_TEST_LIBS)
tests_unit_test_scripts_SOURCES = tests/unit/test-scripts.c
tests_unit_test_scripts_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_scripts_LDADD = $(DEPLOY_TEST_LIBS)
tests_unit_test_heard_SOURCES = tests/unit/test-heard.c
tests_unit_test_heard_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_heard_LDADD = $(DEPLOY_TEST_LIBS)
tests_unit_test_systems_SOURCES = tests/unit/test-systems.c
tests_unit_test_systems_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_systems_LDADD = $(DEPLOY_TEST_LIBS)
tests_unit_test_install_SOURCES = tests/unit/test-install.c
tests_unit_test_install_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_install_LDADD = $(DEPLOY_TEST_LIBS)
