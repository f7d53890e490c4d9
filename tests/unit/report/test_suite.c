#include "base/rng.h"
#include "report/suite.h"
#include "report/xml.h"

#include <criterion/criterion.h>

static void expect_text(struct slice in, const char *text, const char *attribute)
{
    struct buf out = {0};

    cr_assert_eq(xml_append_text(&out, in), 0);
    cr_assert(slice_equal(buf_slice(&out), slice_str(text)), "%.*s instead of %s", (int)out.len,
              (char *)out.data, text);
    buf_clear(&out);
    cr_assert_eq(xml_append_attribute(&out, in), 0);
    cr_assert(slice_equal(buf_slice(&out), slice_str(attribute)), "%.*s instead of %s",
              (int)out.len, (char *)out.data, attribute);
    buf_free(&out);
}

#define BAD "\xef\xbf\xbd"

Test(xml, markup_is_escaped)
{
    expect_text(slice_str("</script> & ]]> \"'"), "&lt;/script&gt; &amp; ]]&gt; \"'",
                "&lt;/script&gt; &amp; ]]&gt; &quot;'");
    expect_text(slice_str("a\tb\nc\rd"), "a\tb\nc&#13;d", "a&#9;b&#10;c&#13;d");
}

Test(xml, what_xml_has_no_room_for_is_replaced)
{
    expect_text(slice_of("\0\x01\x1f", 3), BAD BAD BAD, BAD BAD BAD);
    expect_text(slice_str("\xef\xbf\xbe\xef\xbf\xbf"), BAD BAD, BAD BAD); /* U+FFFE, U+FFFF */
}

Test(xml, characters_stay_and_broken_ones_are_replaced_byte_by_byte)
{
    expect_text(slice_str("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
                "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    expect_text(slice_str("\xc3"), BAD, BAD);                         /* cut off */
    expect_text(slice_str("\x80z"), BAD "z", BAD "z");                /* begins in the middle */
    expect_text(slice_str("\xc0\xaf"), BAD BAD, BAD BAD);             /* overlong */
    expect_text(slice_str("\xed\xa0\x80"), BAD BAD BAD, BAD BAD BAD); /* a surrogate */
    expect_text(slice_str("\xf4\x90\x80\x80"), BAD BAD BAD BAD, BAD BAD BAD BAD); /* too large */
}

/* A parser's view of character data: no bare markup, no control bytes. */
Test(xml, no_bytes_break_out_of_their_element)
{
    struct rng r = rng_make(1, 2);
    struct buf out = {0};

    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[24];
        size_t len = (size_t)rng_below(&r, sizeof bytes + 1);

        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)rng_below(&r, 256);
        buf_clear(&out);
        cr_assert_eq(xml_append_attribute(&out, slice_of(bytes, len)), 0);
        for (size_t i = 0; i < out.len; i++)
            cr_assert(out.data[i] >= 0x20 && strchr("<>\"", out.data[i]) == NULL);
    }
    buf_free(&out);
}

static const struct suite_case cases[] = {
    {.name = "sound", .kind = "sim", .seconds = 1.5, .verdict = "linearizable"},
    {.name = "a|b `<i>",
     .kind = "run",
     .seconds = 2,
     .result = SUITE_FAILURE,
     .verdict = "not linearizable",
     .message = "a \"stale\" read",
     .evidence = "out/02-wrong",
     .repeat = "rift check x",
     .again = "rift run --seed 3",
     .details = {.data = (const uint8_t *)"get < put\n```", .len = 13},
     .output = {.data = (const uint8_t *)"said\n", .len = 5}},
    {.name = "broken", .kind = "run", .result = SUITE_ERROR, .verdict = "none", .message = "m"},
    {.name = "open",
     .kind = "run",
     .result = SUITE_SKIPPED,
     .verdict = "unknown",
     .message = "unknown"},
};

static const struct suite_results suite = {
    .name = "s", .timestamp = "2026-01-01T00:00:00", .cases = cases, .n_cases = 4};

Test(junit, each_result_has_its_element_and_is_counted)
{
    struct buf out = {0};

    cr_assert_eq(junit_print(&suite, &out), 0);
    cr_assert_str_eq(
        (char *)out.data,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"s\" tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\" "
        "time=\"3.500\">\n"
        "  <testsuite name=\"s\" tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\" "
        "time=\"3.500\" timestamp=\"2026-01-01T00:00:00\">\n"
        "    <testcase classname=\"s.sim\" name=\"sound\" time=\"1.500\">\n    </testcase>\n"
        "    <testcase classname=\"s.run\" name=\"a|b `&lt;i&gt;\" time=\"2.000\">\n"
        "      <failure message=\"a &quot;stale&quot; read\" type=\"not linearizable\">"
        "evidence: out/02-wrong\nrepeat: rift check x\nagain: rift run --seed 3\n\nget &lt; "
        "put\n```</failure>\n"
        "      <system-out>said\n</system-out>\n    </testcase>\n"
        "    <testcase classname=\"s.run\" name=\"broken\" time=\"0.000\">\n"
        "      <error message=\"m\" type=\"none\"></error>\n    </testcase>\n"
        "    <testcase classname=\"s.run\" name=\"open\" time=\"0.000\">\n"
        "      <skipped message=\"unknown\"/>\n    </testcase>\n"
        "  </testsuite>\n</testsuites>\n");
    buf_free(&out);
}

Test(markdown, a_row_for_each_case_and_a_section_for_each_that_is_not_good)
{
    struct buf out = {0};

    cr_assert_eq(markdown_print(&suite, &out), 0);
    cr_assert_str_eq((char *)out.data,
                     "# s\n\n1 passed, 1 failed, 1 could not be tested, 1 skipped.\n\n"
                     "| case | kind | verdict | result | seconds |\n"
                     "| --- | --- | --- | --- | ---: |\n"
                     "| sound | sim | linearizable | passed | 1.5 |\n"
                     "| a\\|b \\`&lt;i> | run | not linearizable | failed | 2.0 |\n"
                     "| broken | run | none | error | 0.0 |\n"
                     "| open | run | unknown | skipped | 0.0 |\n"
                     "\n## a\\|b \\`&lt;i>\n\na \"stale\" read.\n"
                     "The evidence is in the folder out/02-wrong. To see it again:\n"
                     "\n    rift check x\n\n"
                     "\nTo try the same again, which may end otherwise:\n"
                     "\n    rift run --seed 3\n\n"
                     "\n    get < put\n    ```\n\n"
                     "\n## broken\n\nm.\n\n## open\n\nunknown.\n");
    buf_free(&out);
}
