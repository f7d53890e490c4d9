# Compiler settings and the three functions that the folders use.

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON) # the static libraries are parts of a shared one

find_program(RIFT_CCACHE ccache)
if(RIFT_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${RIFT_CCACHE})
endif()

add_library(rift_flags INTERFACE)
target_include_directories(rift_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(rift_flags INTERFACE _GNU_SOURCE)
target_compile_options(rift_flags INTERFACE
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wvla
  -Wformat=2 -Wundef -Wpointer-arith -fno-common -fno-strict-aliasing)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  # A reason that is too long for its buffer is cut, on purpose.
  target_compile_options(rift_flags INTERFACE -Wno-format-truncation)
endif()
if(RIFT_WERROR)
  target_compile_options(rift_flags INTERFACE -Werror)
endif()
if(RIFT_SANITIZE)
  target_compile_options(rift_flags INTERFACE
    -fsanitize=${RIFT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(rift_flags INTERFACE -fsanitize=${RIFT_SANITIZE})
endif()
if(RIFT_FUZZ)
  target_compile_options(rift_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(NOT RIFT_BUGS)
  target_compile_definitions(rift_flags INTERFACE RIFT_NO_BUGS)
endif()
if(RIFT_COVERAGE)
  target_compile_options(rift_flags INTERFACE --coverage)
  target_link_options(rift_flags INTERFACE --coverage)
endif()

# rift_library(NAME SOURCES a.c... LINK lib...)
function(rift_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE rift_flags ${arg_LINK})
  # As parts of a shared library they call each other directly all the same. (Tests are another
  # matter: some stand in for functions of libc, and have to be seen.)
  set_target_properties(${name} PROPERTIES C_VISIBILITY_PRESET hidden)
endfunction()

# rift_test(NAME SOURCES a.c... LINK lib... [TIMEOUT s] [LABELS l...] [THREADED])
# A Criterion test program. THREADED ones are plain programs with a main of their own, because
# Criterion does not start under ThreadSanitizer; under the tsan preset only they are built.
function(rift_test name)
  cmake_parse_arguments(arg "THREADED" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  if(RIFT_SANITIZE MATCHES "thread" AND NOT arg_THREADED)
    return()
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE rift_flags ${arg_LINK})
  if(NOT arg_THREADED)
    target_link_libraries(${name} PRIVATE rift_criterion)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT}
    FAIL_REGULAR_EXPRESSION "LeakSanitizer|runtime error|ThreadSanitizer"
    LABELS "${arg_LABELS}")
  target_compile_definitions(${name} PRIVATE RIFT_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
endfunction()

# rift_fuzzer(NAME SOURCES a.c... LINK lib...): a libFuzzer target of the fuzz preset.
function(rift_fuzzer name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  if(NOT RIFT_FUZZ)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE rift_flags ${arg_LINK})
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endfunction()
