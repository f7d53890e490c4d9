#include "base/mp.h"
#include "samples.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* Every message against its inverse, and every decoder against bytes that nobody of ours sent. */

enum { ROUND_TRIPS = 2000, DAMAGED = 40 };

/* A copy that ends where its memory ends, so that AddressSanitizer sees a read behind it. */
static struct slice exact_copy(struct slice bytes)
{
    return slice_of(slice_dup(bytes), bytes.len);
}

static void expect_refusal(const struct sample_codec *codec, struct slice bytes, const char *what,
                           size_t at)
{
    struct slice copy = exact_copy(bytes);
    struct err e = {0};
    int rc = codec->decode(SAMPLE_CLUSTER, copy, &e);

    free((void *)copy.data);
    cr_assert(rc == -E_PARSE || rc == -E_FOREIGN, "%s: %s at %zu: %s", codec->name, what, at,
              err_name(rc));
    cr_assert(e.code == rc && e.text[0] != '\0', "%s: %s at %zu gives no reason", codec->name, what,
              at);
}

Test(wire, every_message_comes_back_as_it_was)
{
    for (size_t c = 0; c < n_sample_codecs; c++) {
        for (uint64_t i = 0; i < ROUND_TRIPS; i++) {
            struct rng r = rng_make(i, c);
            struct rng again = r;
            struct buf out = {0};
            int rc;

            cr_assert(sample_codecs[c].encode(&r, &out) == 0);
            rc = sample_codecs[c].compare(&again, buf_slice(&out));
            cr_assert(rc == 1, "%s, sample %llu: %d", sample_codecs[c].name, (unsigned long long)i,
                      rc);
            buf_free(&out);
        }
    }
}

Test(wire, a_message_cut_anywhere_is_refused)
{
    for (size_t c = 0; c < n_sample_codecs; c++) {
        for (uint64_t i = 0; i < DAMAGED; i++) {
            struct rng r = rng_make(i, c);
            struct buf out = {0};

            cr_assert(sample_codecs[c].encode(&r, &out) == 0);
            for (size_t len = 0; len < out.len; len++)
                expect_refusal(&sample_codecs[c], slice_of(out.data, len), "cut", len);
            buf_free(&out);
        }
    }
}

Test(wire, bytes_behind_a_message_are_refused)
{
    for (size_t c = 0; c < n_sample_codecs; c++) {
        struct rng r = rng_make(1, c);
        struct buf out = {0};

        cr_assert(sample_codecs[c].encode(&r, &out) == 0);
        buf_append_byte(&out, 0);
        expect_refusal(&sample_codecs[c], buf_slice(&out), "a byte more", out.len);
        buf_free(&out);
    }
}

/* A changed byte may give another valid message; it never gives another error, or a crash. */
Test(wire, a_message_with_any_byte_changed_does_no_harm)
{
    for (size_t c = 0; c < n_sample_codecs; c++) {
        for (uint64_t i = 0; i < DAMAGED; i++) {
            struct rng r = rng_make(i, c);
            struct buf out = {0};

            cr_assert(sample_codecs[c].encode(&r, &out) == 0);
            for (size_t at = 0; at < out.len * 8; at++) {
                struct slice copy;
                int rc;

                out.data[at / 8] ^= (uint8_t)(1u << at % 8);
                copy = exact_copy(buf_slice(&out));
                out.data[at / 8] ^= (uint8_t)(1u << at % 8);
                rc = sample_codecs[c].decode(SAMPLE_CLUSTER, copy, NULL);
                free((void *)copy.data);
                cr_assert(rc == 0 || rc == -E_PARSE || rc == -E_FOREIGN, "%s: bit %zu: %s",
                          sample_codecs[c].name, at, err_name(rc));
            }
            buf_free(&out);
        }
    }
}

Test(wire, another_cluster_and_another_version_are_foreign)
{
    for (size_t c = 0; c < n_sample_codecs; c++) {
        struct rng r = rng_make(1, c);
        struct buf out = {0};
        struct err e = {0};

        if (!sample_codecs[c].has_head)
            continue;
        cr_assert(sample_codecs[c].encode(&r, &out) == 0);
        cr_assert(sample_codecs[c].decode(1, buf_slice(&out), &e) == -E_FOREIGN);
        cr_assert(strstr(e.text, "cluster: 1234605616436508552 instead of 1") != NULL, "%s",
                  e.text);
        cr_assert(out.data[1] == WIRE_VERSION);
        out.data[1]++;
        cr_assert(sample_codecs[c].decode(SAMPLE_CLUSTER, buf_slice(&out), &e) == -E_FOREIGN);
        cr_assert(strstr(e.text, "version: 2 instead of 1") != NULL, "%s", e.text);
        buf_free(&out);
    }
}

Test(wire, one_kind_is_not_taken_for_another)
{
    for (size_t c = 0; c < n_sample_codecs; c++) {
        struct rng r = rng_make(1, c);
        struct buf out = {0};

        cr_assert(sample_codecs[c].encode(&r, &out) == 0);
        for (size_t other = 0; other < n_sample_codecs; other++) {
            if (other != c)
                expect_refusal(&sample_codecs[other], buf_slice(&out), sample_codecs[c].name, 0);
        }
        buf_free(&out);
    }
}

/* An append whose entries are no more than a claim. */
static void claim_entries(uint64_t type, uint32_t claimed, struct buf *out)
{
    struct mp_writer w;

    mp_writer_init(&w, out);
    mp_write_array(&w, 15);
    mp_write_uint(&w, WIRE_VERSION);
    mp_write_uint(&w, SAMPLE_CLUSTER);
    mp_write_uint(&w, 1);
    mp_write_uint(&w, type);
    for (int i = 0; i < 9; i++)
        mp_write_uint(&w, 0);
    mp_write_bool(&w, false);
    mp_write_array(&w, claimed);
}

Test(wire, claimed_entries_take_no_memory)
{
    static const uint32_t claims[] = {1, 1000, WIRE_ENTRIES_MAX, WIRE_ENTRIES_MAX + 1, UINT32_MAX};

    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        struct wire_entries scratch = {0};
        struct raft_message m;
        struct buf out = {0};

        claim_entries(RAFT_APPEND, claims[i], &out);
        cr_assert(wire_decode_peer(SAMPLE_CLUSTER, buf_slice(&out), &scratch, &m, NULL) ==
                  -E_PARSE);
        cr_assert(scratch.items == NULL, "%u entries were believed", claims[i]);
        buf_free(&out);
    }
}

Test(wire, only_an_append_carries_entries)
{
    for (uint64_t type = 0; type < RAFT_MESSAGE_TYPE_COUNT; type++) {
        static const uint8_t entry[] = {0x93, 1, 0, 0xc4, 0};
        struct buf out = {0};
        int rc;

        claim_entries(type, 1, &out);
        buf_append(&out, entry, sizeof entry);
        rc = sample_codecs[0].decode(SAMPLE_CLUSTER, buf_slice(&out), NULL);
        cr_assert(rc == (type == RAFT_APPEND ? 0 : -E_PARSE), "type %d: %s", (int)type,
                  err_name(rc));
        buf_free(&out);
    }
}

Test(wire, the_type_of_a_peer_message_is_seen_without_decoding)
{
    static const uint8_t garbage[] = {0x9f, 0x01};
    enum raft_message_type type;

    for (uint64_t i = 0; i < 200; i++) {
        struct rng r = rng_make(i, 0);
        struct wire_entries scratch = {0};
        struct raft_message m;
        struct buf out = {0};

        cr_assert(sample_codecs[0].encode(&r, &out) == 0);
        cr_assert(wire_decode_peer(SAMPLE_CLUSTER, buf_slice(&out), &scratch, &m, NULL) == 0);
        cr_assert(wire_peek_peer_type(buf_slice(&out), &type) == 0);
        cr_assert(type == m.type);
        wire_entries_free(&scratch);
        buf_free(&out);
    }
    cr_assert(wire_peek_peer_type(slice_of(garbage, sizeof garbage), &type) == -E_PARSE);
    for (size_t c = 1; c < n_sample_codecs; c++) {
        struct rng r = rng_make(1, c);
        struct buf out = {0};

        cr_assert(sample_codecs[c].encode(&r, &out) == 0);
        cr_assert(wire_peek_peer_type(buf_slice(&out), &type) == -E_PARSE, "%s",
                  sample_codecs[c].name);
        buf_free(&out);
    }
}

Test(wire, what_is_too_long_for_a_log_entry_still_reaches_the_node)
{
    static uint8_t key[OP_KEY_BYTES_MAX + 1];
    struct wire_request m = {.kind = WIRE_REQUEST_COMMAND};
    struct wire_request back;
    struct buf out = {0};

    m.command.op = (struct op){.kind = OP_PUT, .key = slice_of(key, sizeof key)};
    cr_assert(wire_encode_command(&m.command, &out) == -E_LIMIT);
    cr_assert(out.len == 0);
    cr_assert(wire_encode_request(SAMPLE_CLUSTER, &m, &out) == 0);
    cr_assert(wire_decode_request(SAMPLE_CLUSTER, buf_slice(&out), &back, NULL) == 0);
    cr_assert(!op_valid(&back.command.op));
    buf_free(&out);
}

Test(wire, a_message_beyond_the_frame_limit_is_not_made)
{
    static uint8_t data[1 << 20];
    struct entry entries[17];
    struct raft_message m = {.type = RAFT_APPEND, .entries = entries, .n_entries = 17};
    struct buf out = {0};

    for (size_t i = 0; i < 17; i++)
        entries[i] = (struct entry){.index = i + 1, .data = slice_of(data, sizeof data)};
    buf_append_byte(&out, 'x');
    cr_assert(wire_encode_peer(1, &m, &out) == -E_LIMIT);
    cr_assert(out.len == 1, "half a message was left behind");
    m.n_entries = 15;
    cr_assert(wire_encode_peer(1, &m, &out) == 0);
    buf_free(&out);
}

Test(wire, more_links_than_the_caller_has_room_for_are_refused)
{
    struct wire_nemesis_link links[3] = {0};
    struct wire_nemesis_command m = {.links = links, .n_links = 3};
    struct wire_nemesis_command back;
    struct buf out = {0};

    cr_assert(wire_encode_nemesis_command(&m, &out) == 0);
    cr_assert(wire_decode_nemesis_command(buf_slice(&out), links, 2, &back, NULL) == -E_PARSE);
    cr_assert(wire_decode_nemesis_command(buf_slice(&out), links, 3, &back, NULL) == 0);
    m.n_links = WIRE_LINKS_MAX + 1;
    cr_assert(wire_encode_nemesis_command(&m, &out) == -E_LIMIT);
    buf_free(&out);
}

/* --- the examples of docs/wire-format.md ---------------------------------------------------- */

#define EXAMPLE_CLUSTER UINT64_C(0x0102030405060708)
#define EXAMPLE_HEAD 0x01, 0xcf, 1, 2, 3, 4, 5, 6, 7, 8

static void expect_bytes(struct buf *found, const uint8_t *expected, size_t len)
{
    cr_assert(slice_equal(buf_slice(found), slice_of(expected, len)));
    buf_free(found);
}

Test(wire, peer_messages_have_the_bytes_of_the_document)
{
    static const uint8_t heartbeat[] = {0x9f, EXAMPLE_HEAD, 1,    6, 1, 2, 7,    0,   0,
                                        0xcd, 0x01,         0x2c, 5, 0, 0, 0xc2, 0x90};
    static const uint8_t append[] = {
        0x9f, EXAMPLE_HEAD, 1,    4,    1, 2, 7,    0xcd, 0x01, 0x2c, 6,  0xcd, 0x01, 0x2b, 0, 0,
        0,    0xc2,         0x91, 0x93, 7, 0, 0xc4, 3,    'a',  'b',  'c'};
    const struct entry entry = {.index = 301, .term = 7, .data = slice_str("abc")};
    struct raft_message m = {
        .type = RAFT_HEARTBEAT, .from = 1, .to = 2, .term = 7, .commit = 300, .context = 5};
    struct buf out = {0};

    cr_assert(wire_encode_peer(EXAMPLE_CLUSTER, &m, &out) == 0);
    expect_bytes(&out, heartbeat, sizeof heartbeat);
    m = (struct raft_message){.type = RAFT_APPEND,
                              .from = 1,
                              .to = 2,
                              .term = 7,
                              .log_index = 300,
                              .log_term = 6,
                              .commit = 299,
                              .entries = &entry,
                              .n_entries = 1};
    cr_assert(wire_encode_peer(EXAMPLE_CLUSTER, &m, &out) == 0);
    expect_bytes(&out, append, sizeof append);
}

Test(wire, requests_and_replies_have_the_bytes_of_the_document)
{
    static const uint8_t request[] = {0x96, EXAMPLE_HEAD, 2, 9,   0,    0x98, 1,   12,  3, 3, 0xc4,
                                      0,    0xc4,         1, 'x', 0xc4, 1,    '2', 0xc0};
    static const uint8_t reply[] = {0x9d, EXAMPLE_HEAD, 3,    9, 0, 3,   2, 7,
                                    1,    0xc2,         0xc4, 0, 0, 0xc0};
    struct wire_request asked = {.request = 9, .command = {.session = 12, .id = 3}};
    struct wire_reply said = {
        .request = 9, .status = STATUS_NOT_LEADER, .node = 2, .term = 7, .leader = 1};
    struct buf out = {0};

    asked.command.op = (struct op){
        .kind = OP_CAS, .key = slice_str("x"), .value = slice_str("2"), .expects_absent = true};
    cr_assert(wire_encode_request(EXAMPLE_CLUSTER, &asked, &out) == 0);
    expect_bytes(&out, request, sizeof request);
    cr_assert(wire_encode_reply(EXAMPLE_CLUSTER, &said, &out) == 0);
    expect_bytes(&out, reply, sizeof reply);
}
