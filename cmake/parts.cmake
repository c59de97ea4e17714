# part(NAME SOURCES a.c b.c USES other ... LIBRARIES PkgConfig::X ...)
#
# A part of the program: a folder that becomes a static library. USES names other parts; the edges
# that are allowed stand in tests/layers.py, which the tests hold against both links and includes.
function(part name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES;LIBRARIES" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC ${arg_USES} PRIVATE flags ${arg_LIBRARIES})
endfunction()

# unit_test(NAME SOURCES a.c USES part ...): a cmocka program that ctest runs.
function(unit_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE flags ${arg_USES} ${arg_LIBRARIES} PkgConfig::CMOCKA)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 120)
endfunction()

# fuzz_target(NAME SOURCES a.c USES part ...): a libFuzzer program, built where MQTTSPEC_FUZZ is on. The target
# `fuzzers` is all of them, and no more than they need.
function(fuzz_target name)
  if(MQTTSPEC_FUZZ)
    cmake_parse_arguments(arg "" "" "SOURCES;USES" ${ARGN})
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE flags ${arg_USES} -fsanitize=fuzzer)
    if(NOT TARGET fuzzers)
      add_custom_target(fuzzers)
    endif()
    add_dependencies(fuzzers ${name})
  endif()
endfunction()
