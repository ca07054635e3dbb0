#pragma once
// PCRE2 over 8-bit code units: Java-like regular expressions (lookaround, possessive quantifiers, named
// groups).
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
