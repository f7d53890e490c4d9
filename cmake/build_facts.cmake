# Writes what `rift --version` says about the build: cmake -D... -P build_facts.cmake. Runs with every
# build and touches the header only when something changed.
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
  set(commit "not known")
endif()
file(WRITE ${HEADER}.new "#define BUILD_COMMIT \"${commit}\"
#define BUILD_COMPILER \"${COMPILER}\"
#define BUILD_TYPE \"${TYPE}\"
#define BUILD_LIBRARIES \"${LIBRARIES}\"
")
file(COPY_FILE ${HEADER}.new ${HEADER} ONLY_IF_DIFFERENT)
file(REMOVE ${HEADER}.new)
