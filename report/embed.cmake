# Joins page.html, its style and its scripts into one page, and writes that as a C source:
# cmake -D PAGE=page.html -D STYLE=a.css -D "SCRIPTS=a.js;b.js" -D OUT=page.c -P embed.cmake
# The page may run and look like nothing else: its policy names the two by their hashes.

cmake_policy(VERSION 3.25)

# The base64 (RFC 4648) of the 32 bytes that 64 hex digits stand for.
function(base64_of_sha256 hex out)
  set(alphabet ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)
  set(text "")
  foreach(group RANGE 10) # eleven groups of three bytes; the last has two
    math(EXPR at "${group} * 6")
    string(SUBSTRING "${hex}00" ${at} 6 digits)
    foreach(shift 18 12 6 0)
      math(EXPR six "(0x${digits} >> ${shift}) & 63")
      string(SUBSTRING "${alphabet}" ${six} 1 letter)
      string(APPEND text "${letter}")
    endforeach()
  endforeach()
  string(SUBSTRING "${text}" 0 43 text)
  set(${out} "${text}=" PARENT_SCOPE)
endfunction()

# Appends `const unsigned char NAME[]` and its length, without a NUL.
function(append_array name text)
  string(HEX "${text}" hex)
  string(LENGTH "${hex}" digits)
  math(EXPR bytes "${digits} / 2")
  string(REGEX REPLACE "(..)" "0x\\1," array "${hex}")
  file(APPEND ${OUT}.new "const unsigned char ${name}[] = {${array}};
const size_t ${name}_bytes = ${bytes};
")
endfunction()

file(READ ${PAGE} page)
file(READ ${STYLE} style)
set(script "")
foreach(file IN LISTS SCRIPTS)
  file(READ ${file} one)
  string(APPEND script "${one}")
endforeach()
string(SHA256 style_hash "${style}")
string(SHA256 script_hash "${script}")
base64_of_sha256(${style_hash} style_hash)
base64_of_sha256(${script_hash} script_hash)
string(REPLACE "@STYLE_HASH@" "${style_hash}" page "${page}")
string(REPLACE "@SCRIPT_HASH@" "${script_hash}" page "${page}")
string(REPLACE "@STYLE@" "${style}" page "${page}")
string(REPLACE "@SCRIPT@" "${script}" page "${page}")
string(FIND "${page}" "@DATA@" at)
string(SUBSTRING "${page}" 0 ${at} before)
math(EXPR at "${at} + 6")
string(SUBSTRING "${page}" ${at} -1 after)
file(WRITE ${OUT}.new "#include \"report/page.h\"

")
append_array(page_before_data "${before}")
append_array(page_after_data "${after}")
file(RENAME ${OUT}.new ${OUT})
