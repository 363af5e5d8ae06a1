# Compiler flags shared by every target of the project.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

# -g1 keeps function names and lines for stack traces at a third of -g's
# compile time.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
if(WINDLASS_SANITIZE)
  # Compiles in half the time, and assertions are on.
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")
  # What is checked at every access gains little by -O1 and costs twice as long
  # to compile.
  if(WINDLASS_SANITIZE MATCHES "address")
    set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O0 -g1")
  endif()
endif()

# It shares what uses precompiled headers only when told that they are no secret
# dependency on times and macros.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# Flags of our own code only; what we export to users carries none of them.
add_library(windlass_flags INTERFACE)
target_compile_options(windlass_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wimplicit-fallthrough -Werror)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(windlass_flags INTERFACE
    -Wthread-safety -Wno-gnu-zero-variadic-macro-arguments)
endif()

if(WINDLASS_SANITIZE)
  add_compile_options(-fsanitize=${WINDLASS_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${WINDLASS_SANITIZE})
  if(WINDLASS_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
