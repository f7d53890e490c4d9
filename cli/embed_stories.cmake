# Writes replay files as a C source, an array and its length each:
# cmake -D "STORIES=a.json;b.json" -D OUT=stories.c -P embed_stories.cmake
# The array of `lost-update.json` is `story_lost_update`.

cmake_policy(VERSION 3.25)

file(WRITE ${OUT}.new "#include \"cli/demo_sim.h\"\n\n")
foreach(story IN LISTS STORIES)
  get_filename_component(name ${story} NAME_WE)
  string(MAKE_C_IDENTIFIER ${name} name)
  file(READ ${story} hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR bytes "${digits} / 2")
  string(REGEX REPLACE "(..)" "0x\\1," array "${hex}")
  file(APPEND ${OUT}.new "const unsigned char story_${name}[] = {${array}};
const size_t story_${name}_bytes = ${bytes};
")
endforeach()
file(RENAME ${OUT}.new ${OUT})
