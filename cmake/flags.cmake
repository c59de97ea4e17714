# One interface target carries the flags that every part is compiled with: those of `warnings`, which
# nothing is built without, and those of the preset.
add_library(warnings INTERFACE)
add_library(flags INTERFACE)
target_link_libraries(flags INTERFACE warnings)
target_include_directories(warnings INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
target_compile_definitions(warnings INTERFACE _GNU_SOURCE)
target_compile_options(warnings INTERFACE
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings
  -Wvla -Wformat=2 -Wundef -Wunused-const-variable -fno-common
  # The repository is the root of every path that a program shows.
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
# Functions are found when a program starts: docs/decisions/0022-secrets-in-memory.md.
target_link_options(warnings INTERFACE -Wl,-z,relro,-z,now)
if(MQTTSPEC_WERROR)
  target_compile_options(warnings INTERFACE -Werror)
endif()
if(MQTTSPEC_SANITIZE)
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_compile_options(flags INTERFACE ${sanitizers})
  target_link_options(flags INTERFACE ${sanitizers})
endif()
if(MQTTSPEC_COVERAGE)
  target_compile_options(flags INTERFACE --coverage)
  target_link_options(flags INTERFACE --coverage)
endif()
if(MQTTSPEC_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "The fuzz targets need clang: use the preset `dev-clang`, or `fuzz` for long runs")
  endif()
  target_compile_options(flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
