#ifndef JSON_ESCAPES_H
#define JSON_ESCAPES_H

#include <stddef.h>
#include <stdint.h>

/// Says whether every backslash of a string's text begins an escape of RFC 8259 (section 7).
int json_are_escapes_valid(const uint8_t *text, size_t length);

#endif
