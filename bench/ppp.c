/* The byte loop that a C programmer writes for RFC 1662 (its appendix C): a whole corpus in one call. */
#include <stddef.h>
#include <stdint.h>

enum { FLAG = 0x7E, ESCAPE = 0x7D, TRANS = 0x20, INIT_FCS = 0xFFFF, GOOD_FCS = 0xF0B8 };

static uint16_t table[256];

void ppp_init(void)
{
    for (unsigned b = 0; b < 256; b++) {
        uint16_t v = b;
        for (int i = 0; i < 8; i++)
            v = v & 1 ? (v >> 1) ^ 0x8408 : v >> 1;
        table[b] = v;
    }
}

static inline uint16_t fcs(uint16_t f, uint8_t c)
{
    return (f >> 8) ^ table[(f ^ c) & 0xFF];
}

static inline uint8_t *put(uint8_t *o, uint8_t c, uint32_t accm)
{
    if (c == FLAG || c == ESCAPE || (c < 0x20 && accm >> c & 1)) {
        *o++ = ESCAPE;
        *o++ = c ^ TRANS;
    } else {
        *o++ = c;
    }
    return o;
}

/* Packets of `size` bytes each, from `in` of `total` bytes; the length of what is put into `out`. */
size_t ppp_encode(const uint8_t *in, size_t total, size_t size, uint32_t accm, uint8_t *out)
{
    static const uint8_t head[] = { 0xFF, 0x03 };
    uint8_t *o = out;
    for (size_t at = 0; at < total; at += size) {
        uint16_t f = INIT_FCS;
        *o++ = FLAG;
        for (size_t i = 0; i < sizeof head; i++) {
            f = fcs(f, head[i]);
            o = put(o, head[i], accm);
        }
        for (size_t i = at; i < at + size && i < total; i++) {
            f = fcs(f, in[i]);
            o = put(o, in[i], accm);
        }
        f ^= 0xFFFF;
        o = put(o, f & 0xFF, accm);
        o = put(o, f >> 8, accm);
        *o++ = FLAG;
    }
    return o - out;
}

/* The packets of all good frames in `in`, one behind the other into `out`; the length of that. */
size_t ppp_decode(const uint8_t *in, size_t total, uint32_t accm, uint8_t *out, size_t *packets)
{
    uint8_t *o = out, *start = out;
    uint16_t f = INIT_FCS;
    uint8_t turn = 0;
    *packets = 0;
    for (size_t i = 0; i < total; i++) {
        uint8_t c = in[i];
        if (c == FLAG) {
            if (o - start >= 6 && f == GOOD_FCS && !turn && start[0] == 0xFF && start[1] == 0x03) {
                size_t size = o - start - 4;
                for (size_t k = 0; k < size; k++)
                    start[k] = start[k + 2];
                start += size;
                ++*packets;
            }
            o = start;
            f = INIT_FCS;
            turn = 0;
        } else if (c < 0x20 && accm >> c & 1) {
            continue;
        } else if (c == ESCAPE && !turn) {
            turn = TRANS;
        } else {
            c ^= turn;
            turn = 0;
            f = fcs(f, c);
            *o++ = c;
        }
    }
    return start - out;
}
