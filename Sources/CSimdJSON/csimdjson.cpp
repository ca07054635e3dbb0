#include "csimdjson.h"

#include <simdjson.h>

#include <memory>

struct csimdjson_indexer {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
    size_t capacity = 0;
};

extern "C" csimdjson_indexer *csimdjson_create(void) {
    return new (std::nothrow) csimdjson_indexer();
}

extern "C" void csimdjson_destroy(csimdjson_indexer *indexer) { delete indexer; }

extern "C" int csimdjson_index(csimdjson_indexer *indexer, const uint8_t *bytes, size_t length,
                               const uint32_t **positions, size_t *count) {
    *count = 0;
    if (length > indexer->capacity || !indexer->stage) {
        size_t capacity = length < 65536 ? 65536 : length;
        auto error = indexer->stage
            ? indexer->stage->set_capacity(capacity)
            : simdjson::get_active_implementation()->create_dom_parser_implementation(
                  capacity, 1024, indexer->stage);
        if (error != simdjson::SUCCESS) return CSIMDJSON_NO_MEMORY;
        indexer->capacity = capacity;
    }
    auto error = indexer->stage->stage1(bytes, length, simdjson::stage1_mode::regular);
    *positions = indexer->stage->structural_indexes.get();
    *count = indexer->stage->n_structural_indexes;
    switch (error) {
    case simdjson::SUCCESS: return CSIMDJSON_OK;
    case simdjson::EMPTY: return CSIMDJSON_EMPTY;
    case simdjson::UTF8_ERROR: return CSIMDJSON_BAD_UTF8;
    default: return CSIMDJSON_BAD_STRING;
    }
}

extern "C" int csimdjson_is_utf8(const uint8_t *bytes, size_t length) {
    return simdjson::validate_utf8(reinterpret_cast<const char *>(bytes), length) ? 1 : 0;
}
