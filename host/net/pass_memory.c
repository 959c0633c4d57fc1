/* Buffers that several passes take in turn. */
#include "net/pass.h"

size_t pst_pass_memory_bytes(const pst_pass_memory *memory, size_t *largest) {
    size_t bytes = memory->workspace_bytes;
    *largest = bytes;
    for (size_t i = 0; i < memory->slot_count; i++) {
        bytes += memory->slot_bytes[i];
        *largest = memory->slot_bytes[i] > *largest ? memory->slot_bytes[i] : *largest;
    }
    return bytes;
}

pst_status pst_pass_memory_create(pst_session *session, pst_pass_memory *memory) {
    pst_status status = PST_OK;
    for (size_t i = 0; i < memory->slot_count; i++)
        PST_TRY(pst_buffer_create(session, memory->slot_bytes[i], "feature maps", &memory->slots[i]));
    if (memory->workspace_bytes)
        PST_TRY(pst_buffer_create(session, memory->workspace_bytes, "workspace", &memory->workspace));
cleanup:
    return status;
}

void pst_pass_memory_destroy(pst_session *session, pst_pass_memory *memory) {
    for (size_t i = 0; i < memory->slot_count; i++)
        pst_buffer_destroy(session, memory->slots[i]);
    pst_buffer_destroy(session, memory->workspace);
    *memory = (pst_pass_memory){0};
}
