/* The byte loop that a C programmer writes for SLIP: a whole corpus in one call. */
#include <stddef.h>
#include <stdint.h>

enum { END = 0xC0, ESC = 0xDB, ESC_END = 0xDC, ESC_ESC = 0xDD };

/* Packets of `size` bytes each, from `in` of `total` bytes; the length of what is put into `out`. */
size_t slip_encode(const uint8_t *in, size_t total, size_t size, uint8_t *out)
{
    uint8_t *o = out;
    for (size_t at = 0; at < total; at += size) {
        *o++ = END;
        for (size_t i = at; i < at + size && i < total; i++) {
            switch (in[i]) {
            case END: *o++ = ESC; *o++ = ESC_END; break;
            case ESC: *o++ = ESC; *o++ = ESC_ESC; break;
            default: *o++ = in[i];
            }
        }
        *o++ = END;
    }
    return o - out;
}

/* All packets in `in`, one behind the other into `out`; the length of that. */
size_t slip_decode(const uint8_t *in, size_t total, uint8_t *out, size_t *packets)
{
    uint8_t *o = out, *start = out;
    int escaped = 0;
    *packets = 0;
    for (size_t i = 0; i < total; i++) {
        uint8_t c = in[i];
        if (c == END) {
            *packets += o != start;
            start = o;
            escaped = 0;
        } else if (escaped) {
            *o++ = c == ESC_END ? END : c == ESC_ESC ? ESC : c;
            escaped = 0;
        } else if (c == ESC) {
            escaped = 1;
        } else {
            *o++ = c;
        }
    }
    return o - out;
}
