/* SHA-256 (FIPS 180-4), and MD5 (RFC 1321) where only that is known of a file: it finds damage, not intent. By hand,
 * since each system has another library for them; the test vectors of the standards cover the code. */
#ifndef PST_BASE_DIGEST_H
#define PST_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

typedef enum pst_digest_kind { PST_DIGEST_MD5, PST_DIGEST_SHA256 } pst_digest_kind;

typedef struct pst_digest {
    pst_digest_kind kind;
    uint32_t state[8];
    uint64_t bytes;
    uint8_t block[64]; /* what does not fill one yet */
} pst_digest;

void pst_digest_begin(pst_digest *digest, pst_digest_kind kind);
void pst_digest_add(pst_digest *digest, const void *data, size_t bytes);

/* 32 or 64 lower-case digits. The digest must be begun again before it is used for more. */
void pst_digest_end(pst_digest *digest, char hex[65]);

#endif
